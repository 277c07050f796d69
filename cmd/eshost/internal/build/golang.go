package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"

	"github.com/eshost/eshost/cmd/eshost/internal/sdk"
)

// compileGo compiles a Go plugin, with the SDK that its module names if that
// can be had, and else with the one eshost carries.
func (b *Builder) compileGo(ctx context.Context, dir string) ([]byte, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return nil, fmt.Errorf("plugin %s: building it needs Go, which is not in the path: install it from https://go.dev/dl, or give a .wasm file", dir)
	}
	env := append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if _, err := goCommand(ctx, dir, env, "list", "-find", sdk.Module); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		work, err := b.workspace(dir)
		if err != nil {
			return nil, err
		}
		env = append(env, "GOWORK="+work, "GOFLAGS="+withoutMod(os.Getenv("GOFLAGS")))
	}
	temp, err := os.MkdirTemp("", "eshost-build-*")
	if err != nil {
		return nil, fmt.Errorf("plugin %s: %w", dir, err)
	}
	defer os.RemoveAll(temp)
	target := filepath.Join(temp, "plugin.wasm")
	output, err := goCommand(ctx, dir, env, "build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", target, ".")
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &exit):
		return nil, &CompileError{dir, said(output)}
	case err != nil:
		return nil, fmt.Errorf("plugin %s: run go build: %w", dir, err)
	}
	wasm, err := os.ReadFile(target)
	if err != nil { // for instance, a package that is not main
		return nil, &CompileError{dir, "the build made no plugin: is the package named main?"}
	}
	return wasm, nil
}

// goCommand runs the go tool, and ends it with all it started when ctx ends.
func goCommand(ctx context.Context, dir string, env []string, args ...string) (output []byte, err error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = dir, env
	cmd.WaitDelay = 5 * time.Second
	ownGroup(cmd)
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err = cmd.Run()
	return b.Bytes(), err
}

// said is what the compiler said, without the names of packages between.
func said(output []byte) string {
	lines := slices.DeleteFunc(strings.Split(string(output), "\n"), func(l string) bool { return strings.HasPrefix(l, "# ") })
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// withoutMod removes -mod from GOFLAGS, which a workspace does not take.
func withoutMod(flags string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(flags), func(f string) bool { return strings.HasPrefix(f, "-mod=") }), " ")
}

// workspace writes a Go workspace, outside of the author's folder, in which the
// plugin's module and the SDK that eshost carries are together.
func (b *Builder) workspace(dir string) (string, error) {
	cache, err := b.cacheDir()
	if err != nil {
		return "", err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	root, err := moduleRoot(dir)
	if err != nil {
		return "", err
	}
	unpacked, err := sdk.Unpack(cache)
	if err != nil {
		return "", err
	}
	text, err := workspaceFile(root, unpacked)
	if err != nil {
		return "", err
	}
	// The name is that of the content: many builds may go on at once.
	sum := sha256.Sum256(text)
	folder := filepath.Join(cache, "work-"+hex.EncodeToString(sum[:8]))
	name := filepath.Join(folder, "go.work")
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("plugin %s: write its workspace: %w", dir, err)
	}
	temp, err := os.CreateTemp(folder, "go.work.*")
	if err != nil {
		return "", fmt.Errorf("plugin %s: write its workspace: %w", dir, err)
	}
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
		return "", fmt.Errorf("plugin %s: write its workspace: %w", dir, err)
	}
	return name, nil
}

// moduleRoot is the folder of the module that a package is in.
func moduleRoot(dir string) (string, error) {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", &CompileError{dir, "it belongs to no Go module: run `go mod init` in it"}
		}
	}
}

// workspaceFile is the go.work of a plugin and the SDK, both absolute paths.
func workspaceFile(dir, unpacked string) ([]byte, error) {
	plugin, err := readModule(dir)
	if err != nil {
		return nil, err
	}
	kit, err := readModule(unpacked)
	if err != nil {
		return nil, err
	}
	newest := kit.Go.Version
	if plugin.Go != nil && version.Compare("go"+plugin.Go.Version, "go"+newest) > 0 {
		newest = plugin.Go.Version
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "go %s\n\nuse (\n\t%s\n\t%s\n)\n", newest, modfile.AutoQuote(dir), modfile.AutoQuote(unpacked))
	for _, r := range plugin.Require {
		if r.Mod.Path == sdk.Module { // or its go.mod would be looked for elsewhere
			fmt.Fprintf(&b, "\nreplace %s %s => %s\n", r.Mod.Path, r.Mod.Version, modfile.AutoQuote(unpacked))
		}
	}
	return b.Bytes(), nil
}

func readModule(dir string) (*modfile.File, error) {
	name := filepath.Join(dir, "go.mod")
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read a plugin's module: %w", err)
	}
	m, err := modfile.ParseLax(name, text, nil)
	if err != nil {
		return nil, &CompileError{dir, err.Error()}
	}
	return m, nil
}
