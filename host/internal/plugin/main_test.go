package plugin_test

import (
	"fmt"
	"os"
	"testing"
)

// compiled is where the tests keep what they compiled of large plugins.
var compiled string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "eshost-compiled")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	compiled = dir
	return m.Run()
}
