package hosttest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// clang finds the C compiler.
var clang = sync.OnceValue(func() string {
	names := []string{"clang"}
	for version := 15; version <= 22; version++ { // those that eshost builds C plugins with, the newest first
		names = append([]string{fmt.Sprint("clang-", version)}, names...)
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
})

var errNoClang = errors.New("clang is not there: install clang 15 or later and lld (Debian: make toolchains; macOS: brew install llvm lld)")

// BuildC compiles a guest in C, without a C library and without an SDK, once
// per test process for each set of flags, and returns the .wasm bytes. A missing compiler fails the test.
func BuildC(tb testing.TB, source string, flags ...string) []byte {
	tb.Helper()
	key := strings.Join(append([]string{source}, flags...), "\x00")
	build, _ := built.LoadOrStore(key, sync.OnceValues(func() ([]byte, error) { return buildC(source, flags) }))
	wasm, err := build.(func() ([]byte, error))()
	if err != nil {
		tb.Fatalf("build the guest %s: %v", source, err)
	}
	return wasm
}

func buildC(source string, flags []string) ([]byte, error) {
	if clang() == "" {
		return nil, errNoClang
	}
	dir, err := os.MkdirTemp("", "guest-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "guest.wasm")
	args := append([]string{"--target=wasm32-unknown-unknown", "-O2", "-mbulk-memory", "-Wall", "-Wextra", "-Werror", "-nostdlib", "-ffreestanding",
		"-Wl,--no-entry", "-Wl,-z,stack-size=65536", "-Wl,--stack-first", "-Wl,--strip-all", "-o", file}, flags...)
	cmd := exec.Command(clang(), append(args, source)...)
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Run(); err != nil {
		return nil, &buildError{text.String(), err}
	}
	return os.ReadFile(file)
}
