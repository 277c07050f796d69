//go:build !linux

package pgtest

import (
	"errors"
	"os"
	"os/exec"
)

// own finds out whether the server can run: it refuses to as root.
func own(string) error {
	if os.Getuid() == 0 {
		return errors.New("a server refuses to run as root: run the tests as another user")
	}
	return nil
}

func command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	return cmd
}

// childrenOf returns none: they end by themselves when they miss their parent.
func childrenOf(int) []int { return nil }
