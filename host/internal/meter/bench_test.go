package meter_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/countertest"
	"github.com/eshost/eshost/host/internal/meter"
)

// BenchmarkOverhead is what commands and events cost in the guests of all languages as they are and metered. The two take
// turns, so that whatever else the machine does meets both.
func BenchmarkOverhead(b *testing.B) {
	command := func(request []byte) func(*guest) error {
		return func(g *guest) error {
			_, err := g.handle(g.command, request)
			return err
		}
	}
	for _, language := range languages {
		wasm := built(b, "counter-"+language)
		b.Run(language+"/alone", func(b *testing.B) { compare(b, wasm, command(countertest.Increases(1))) })
		b.Run(language+"/of 64", func(b *testing.B) { compare(b, wasm, command(countertest.Increases(64))) })
		fold := countertest.Increased(64)
		b.Run(language+"/fold of 64", func(b *testing.B) {
			compare(b, wasm, func(g *guest) error {
				_, err := g.handle(g.event, fold)
				return err
			})
		})
	}
	for _, language := range []string{"go", "rust"} {
		wasm := built(b, "order-"+language)
		b.Run("order "+language, func(b *testing.B) { compare(b, wasm, command(order(b, 1))) })
	}
}

// order is a request of n commands to an entity that has not been there.
func order(b *testing.B, n int) []byte {
	r := abi.CommandRequest{Type: "order", ID: "o-1", Now: countertest.NowMillis}
	for i := range n {
		payload, err := abi.AppendFromJSON(nil, fmt.Appendf(nil, `{"sku":"sku-%04d","title":"A thing of some use","quantity":2,"unit_cents":1000,"weight_kg":1.25,"note":"wrap it"}`, i))
		if err != nil {
			b.Fatal(err)
		}
		r.Commands = append(r.Commands, abi.Command{Name: "add_line", Payload: payload})
	}
	return abi.AppendCommandRequest(nil, &r)
}

// compare reports the times of a module as it is and metered, and by how much
// the second is slower, in percent. Where code and memory come to lie makes as
// much of a difference as what is measured, so both are compiled anew each time.
func compare(b *testing.B, wasm []byte, call func(*guest) error) {
	const rounds, calls = 40, 100
	metered := rewrite(b, wasm)
	var times [2][]float64
	for b.Loop() {
		r := newRuntime(b, wazero.NewRuntimeConfigCompiler())
		guests := [2]*guest{r.start(b, wasm), r.start(b, metered)}
		var best [2]float64
		for round := range rounds {
			for i, g := range guests {
				start := time.Now()
				for range calls {
					if err := call(g); err != nil {
						b.Fatal(err)
					}
				}
				if took := float64(time.Since(start).Nanoseconds()) / calls; round == 0 || took < best[i] {
					best[i] = took
				}
			}
		}
		for i := range best {
			times[i] = append(times[i], best[i])
		}
		r.Close(context.Background())
	}
	before, after := median(times[0]), median(times[1])
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(before, "ns/original")
	b.ReportMetric(after, "ns/metered")
	b.ReportMetric(100*(after/before-1), "%overhead")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// BenchmarkRewrite is the speed of the rewriter over the largest counter.
func BenchmarkRewrite(b *testing.B) {
	wasm := built(b, "counter-go")
	b.SetBytes(int64(len(wasm)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := meter.Rewrite(wasm); err != nil {
			b.Fatal(err)
		}
	}
}
