package meter_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/meter"
)

// increases is a request of n commands to a counter that stands at 7.
func increases(n int) []byte {
	r := abi.CommandRequest{Type: "counter", ID: "a", Seq: 5, State: []byte{7}, Now: 1763892000000}
	for range n {
		r.Commands = append(r.Commands, abi.Command{Name: "increase", Payload: []byte{0x81, 0xa2, 'b', 'y', 5}})
	}
	return abi.AppendCommandRequest(nil, &r)
}

// BenchmarkOverhead is what a command costs in the guests of all languages as they are and metered. The two take turns,
// so that whatever else the machine does meets both.
func BenchmarkOverhead(b *testing.B) {
	for _, language := range languages {
		original := built(b, "counter-"+language)
		metered := rewrite(b, original)
		for _, n := range []int{1, 64} {
			request := increases(n)
			b.Run(map[int]string{1: language + "/alone", 64: language + "/of 64"}[n], func(b *testing.B) {
				compare(b, original, metered, func(g *guest) error {
					_, err := g.handle(g.command, request)
					return err
				})
			})
		}
	}
}

// compare reports the times of a module as it is and metered, and by how much
// the second is slower, in percent. Where code and memory come to lie makes as
// much of a difference as what is measured, so both are compiled anew each time.
func compare(b *testing.B, original, metered []byte, call func(*guest) error) {
	const rounds, calls = 40, 100
	var times [2][]float64
	for b.Loop() {
		r := newRuntime(b, wazero.NewRuntimeConfigCompiler())
		guests := [2]*guest{r.start(b, original), r.start(b, metered)}
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
