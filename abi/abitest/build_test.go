package abitest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/eshost/eshost/abi/abitest"
	"github.com/eshost/eshost/host/sandbox/conformance"
)

// clang finds the C compiler that makes the kit's own guests.
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

// buildC compiles a source of testdata, without a C library.
func buildC(tb testing.TB, source string, defines ...string) []byte {
	tb.Helper()
	if clang() == "" {
		tb.Fatal("clang is not there: install clang 15 or later and lld (Debian: make toolchains; macOS: brew install llvm lld)")
	}
	file := filepath.Join(tb.TempDir(), "guest.wasm")
	args := []string{"--target=wasm32-unknown-unknown", "-O2", "-Wall", "-Wextra", "-Werror", "-nostdlib", "-ffreestanding",
		"-Wl,--no-entry", "-Wl,-z,stack-size=65536", "-Wl,--stack-first", "-Wl,--strip-all", "-o", file}
	for _, d := range defines {
		args = append(args, "-D"+d)
	}
	if out, err := exec.Command(clang(), append(args, filepath.Join("testdata", source))...).CombinedOutput(); err != nil {
		tb.Fatalf("compile %s: %v\n%s", source, err, out)
	}
	wasm, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return wasm
}

// fewCalls keeps the kit's own tests short.
const fewCalls = 5000

// check runs the kit.
func check(tb testing.TB, wasm []byte, o *abitest.Options) *abitest.Report {
	tb.Helper()
	r, err := conformance.Check(context.Background(), wasm, o)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// conformant fails the test, with the report, unless the plugin is.
func conformant(tb testing.TB, r *abitest.Report) {
	tb.Helper()
	if r.Failed() {
		tb.Error("the plugin is not conformant")
		if err := r.WriteText(tb.Output()); err != nil {
			tb.Fatal(err)
		}
	}
}
