// Package hosttest runs plugins in tests: a host over a store in memory, and
// the Go toolchain's WebAssembly output.
package hosttest

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores/memstore"
)

// New starts a host with the plugins deployed. Log, Snapshots and Logger of the options (which may be
// nil) default to a store in memory and the test's own output; the host is closed
// when the test ends. In a test, unless the options have an AuditShare, all guest calls are
// audited, and a plugin that is not pure fails it.
func New(tb testing.TB, o *host.Options, plugins ...[]byte) *host.Host {
	tb.Helper()
	var opts host.Options
	if o != nil {
		opts = *o
	}
	if opts.Log == nil {
		store := memstore.New(&memstore.Options{Exclusive: true})
		opts.Log, opts.Snapshots = store, store
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	_, benchmark := tb.(*testing.B)
	audited := opts.AuditShare == 0 && !benchmark
	if audited {
		opts.AuditShare = 1
	}
	h, err := host.New(context.Background(), &opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		for _, a := range h.Audits() {
			if audited && a.Differences > 0 {
				d := &a.Examples[0]
				tb.Errorf("plugin %s gave different answers to %d of %d calls, the first one %s for %s: %x and then %x (error %v)",
					a.Plugin, a.Differences, a.Audited, d.Func, d.Entity, d.First, d.Second, d.Err)
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := h.Close(ctx); err != nil {
			tb.Errorf("close host: %v", err)
		}
	})
	for _, wasm := range plugins {
		if _, err := h.Deploy(context.Background(), wasm); err != nil {
			tb.Fatal(err)
		}
	}
	return h
}

var built sync.Map // from folder to func() ([]byte, error)

// BuildGo compiles the Go plugin in the folder, once per test process, and
// returns the .wasm bytes.
func BuildGo(tb testing.TB, dir string) []byte {
	tb.Helper()
	abs, err := filepath.Abs(dir)
	if err != nil {
		tb.Fatal(err)
	}
	build, _ := built.LoadOrStore(abs, sync.OnceValues(func() ([]byte, error) { return buildGo(abs) }))
	wasm, err := build.(func() ([]byte, error))()
	if err != nil {
		tb.Fatalf("build the plugin in %s: %v", dir, err)
	}
	return wasm
}

func buildGo(dir string) ([]byte, error) {
	out, err := os.CreateTemp("", "plugin-*.wasm")
	if err != nil {
		return nil, err
	}
	out.Close()
	defer os.Remove(out.Name())
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out.Name(), ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Run(); err != nil {
		return nil, &buildError{text.String(), err}
	}
	return os.ReadFile(out.Name())
}

// buildError is a failed build with what the compiler said.
type buildError struct {
	text string
	err  error
}

func (e *buildError) Error() string { return e.err.Error() + "\n" + e.text }
func (e *buildError) Unwrap() error { return e.err }
