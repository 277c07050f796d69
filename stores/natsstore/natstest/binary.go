package natstest

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// serverModule is the tool that go.mod names, in the version it names.
const serverModule = "github.com/nats-io/nats-server/v2"

// binary returns the path of nats-server, which the go tool builds once and
// keeps in its cache.
var binary = sync.OnceValues(func() (string, error) {
	cmd := exec.Command("go", "tool", "-n", serverModule)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("build nats-server with `go tool -n %s`: %w\n%s", serverModule, err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
})

// Binary returns the path of a nats-server of the version that go.mod names,
// for tests that must start one in a way of their own.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatalf("no nats-server for this test: %v\nit is built from its Go module: run `go mod download` where the module proxy can be reached", err)
	}
	return path
}
