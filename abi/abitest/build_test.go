package abitest_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/eshost/eshost/abi/abitest"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/host/sandbox/conformance"
)

// buildC compiles a source of testdata, without a C library.
func buildC(tb testing.TB, source string, defines ...string) []byte {
	tb.Helper()
	flags := make([]string, len(defines))
	for i, d := range defines {
		flags[i] = "-D" + d
	}
	return hosttest.BuildC(tb, filepath.Join("testdata", source), flags...)
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
