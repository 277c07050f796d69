package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// command is a program of a toolchain, to be run in a folder.
type command struct {
	dir  string
	env  []string // goes over the process's own environment
	name string
	args []string
}

// run runs the command, and ends it with all it started when ctx ends.
func (c *command) run(ctx context.Context) (stdout, stderr string, err error) {
	cmd := exec.CommandContext(ctx, c.name, c.args...)
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), c.env...)
	cmd.WaitDelay = 5 * time.Second
	ownGroup(cmd)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err = cmd.Run()
	return out.String(), said.String(), err
}

// compile runs a compiler over the plugin in c.dir. What it says against the
// sources is a *CompileError, and what it says of those that compile a warning.
func (b *Builder) compile(ctx context.Context, c *command) (stdout string, err error) {
	stdout, stderr, err := c.run(ctx)
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(err, &exit):
		return "", &CompileError{c.dir, said(c.dir, stderr)}
	case err != nil:
		return "", fmt.Errorf("plugin %s: run %s: %w", c.dir, c.name, err)
	}
	if text := said(c.dir, stderr); text != "" {
		b.warning(text)
	}
	return stdout, nil
}

// compileTo is compile for a compiler that writes a file; args makes its arguments from the file's name.
func (b *Builder) compileTo(ctx context.Context, c *command, args func(target string) []string) ([]byte, error) {
	temp, err := os.MkdirTemp("", "eshost-build-*")
	if err != nil {
		return nil, fmt.Errorf("plugin %s: %w", c.dir, err)
	}
	defer os.RemoveAll(temp)
	target := filepath.Join(temp, "plugin.wasm")
	c.args = args(target)
	if _, err := b.compile(ctx, c); err != nil {
		return nil, err
	}
	wasm, err := os.ReadFile(target)
	if err != nil {
		return nil, &CompileError{c.dir, "the build made no plugin: is it a program or a library of another kind?"}
	}
	return wasm, nil
}

// said is what a compiler said of the sources in dir: without the names of Go's packages and of its downloads
// between, and with paths as an author writes them.
func said(dir, output string) string {
	for _, root := range []string{absolute(dir), resolved(dir)} {
		output = strings.ReplaceAll(output, root+string(filepath.Separator), "")
	}
	lines := slices.DeleteFunc(strings.Split(output, "\n"), func(l string) bool { return strings.HasPrefix(l, "# ") || strings.HasPrefix(l, "go: downloading ") })
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// absolute is a path from the root on, if that can be known.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// resolved is an absolute path without symbolic links, if that can be known.
func resolved(path string) string {
	path = absolute(path)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// found reports whether a program is in the path.
func found(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}
