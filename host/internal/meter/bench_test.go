package meter_test

import (
	"slices"
	"testing"

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
		rt := newRuntime(b, wazero.NewRuntimeConfigCompiler())
		guests := [2]*guest{rt.start(b, original), rt.start(b, rewrite(b, original))}
		for _, n := range []int{1, 64} {
			request := increases(n)
			b.Run(map[int]string{1: language + "/alone", 64: language + "/of 64"}[n], func(b *testing.B) {
				compare(b, guests, func(g *guest) error {
					_, err := g.handle(g.command, request)
					return err
				})
			})
		}
	}
}

// compare reports the times of two guests, and by how much the second is
// slower, in percent: the median of many pairs of rounds.
func compare(b *testing.B, guests [2]*guest, call func(*guest) error) {
	const round = 200
	var times [2][]float64
	var ratios []float64
	for b.Loop() {
		var pair [2]float64
		for i, g := range guests {
			start := now()
			for range round {
				if err := call(g); err != nil {
					b.Fatal(err)
				}
			}
			pair[i] = float64(now()-start) / round
			times[i] = append(times[i], pair[i])
		}
		ratios = append(ratios, pair[1]/pair[0])
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(times[0]), "ns/original")
	b.ReportMetric(median(times[1]), "ns/metered")
	b.ReportMetric(100*(median(ratios)-1), "%overhead")
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
