package meter_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/eshost/eshost/host/internal/meter"
	"github.com/eshost/eshost/host/internal/module"
)

// TestLargeModulesAreRewritten has modules at the limits of what is scanned. How long they take is for whoever reads it.
func TestLargeModulesAreRewritten(t *testing.T) {
	const most = 100_000 // functions
	functions := func(body func(i int) []byte) wat {
		w := wat{types: [][]byte{nothing}}
		for i := range most {
			w.funcs = append(w.funcs, fn{body: body(i)})
		}
		return w
	}
	all := func() (b []byte) {
		for i := range most {
			b = append(append(b, 0x10), uv(i)...)
		}
		return b
	}()
	for name, w := range map[string]wat{
		"a hundred thousand functions":                  functions(func(int) []byte { return straight(5) }),
		"each of which calls the next one":              functions(func(i int) []byte { return join(0x10, uv(min(i+1, most-1))) }),
		"each of which calls the one before twice":      functions(func(i int) []byte { return join(0x10, uv(max(i-1, 0)), 0x10, uv(max(i-1, 0))) }),
		"each of which calls the next one, in a circle": circle(most),
		"one of which calls all others":                 functions(func(i int) []byte { return all[:len(all)*max(0, 1-i)] }),
		"a function of half a megabyte":                 one(nothing, straight(174_000)),
		"a hundred functions with a thousand loops":     {types: [][]byte{nothing}, funcs: slices.Repeat([]fn{{body: bytes.Repeat(join(0x03, 0x40, back(0), 0x0b), 1000)}}, 100)},
		"branches out of a thousand loops":              one(nothing, bytes.Repeat([]byte{0x03, 0x40}, 1000), bytes.Repeat(join(c32(0), 0x0d, uv(1000)), 37_000), bytes.Repeat([]byte{0x0b}, 1000)),
		"a hundred thousand calls that leave much":      {types: [][]byte{nothing}, funcs: append([]fn{{body: bytes.Repeat(join(0x10, 1, 0x10, 2, 0x10, 3), 30_000)}}, slices.Repeat([]fn{{body: straight(500)}}, 3)...)},
	} {
		t.Run(name, func(t *testing.T) {
			wasm := w.bytes()
			start := time.Now()
			clean, _, err := module.Scan(wasm, 100_000)
			if err != nil {
				t.Fatal(err)
			}
			scanned := time.Since(start)
			start = time.Now()
			out, err := meter.Rewrite(clean)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d bytes: scanned in %v, rewritten in %v to %d bytes", len(wasm), scanned, time.Since(start), len(out))
			if len(out) < len(clean) {
				t.Errorf("the result has %d bytes of %d", len(out), len(clean))
			}
		})
	}
}
