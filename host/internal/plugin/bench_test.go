package plugin_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/eshost/eshost/host/internal/countertest"
	"github.com/eshost/eshost/host/internal/plugin"
)

// BenchmarkCall measures what the host's side of a call costs, with a guest
// that does nothing.
func BenchmarkCall(b *testing.B) {
	for _, size := range []int{0, 64, 4 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			g := echo()
			if size == 0 {
				g.answering(manifestAt, 1)
			}
			in := one(b, nil, g)
			req := bytes.Repeat([]byte{1}, size)
			b.ReportAllocs()
			b.SetBytes(int64(2 * size))
			for b.Loop() {
				if _, err := in.HandleCommand(req, plugin.Allowance{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBorrow measures Acquire and Release of an instance that is there.
func BenchmarkBorrow(b *testing.B) {
	p := load(b, newEngine(b, nil), echo().bytes())
	b.ReportAllocs()
	for b.Loop() {
		p.Release(acquire(b, p))
	}
}

func BenchmarkCounterDecide(b *testing.B) {
	for _, n := range []int{1, 64} {
		b.Run(fmt.Sprintf("%d-a-call", n), func(b *testing.B) { benchmarkCounter(b, countertest.Increases(n), n, "command", false) })
	}
}

func BenchmarkCounterFold1000(b *testing.B) {
	benchmarkCounter(b, countertest.Increased(1000), 1000, "event", true)
}

func benchmarkCounter(b *testing.B, req []byte, n int, noun string, fold bool) {
	p := load(b, newEngine(b, &plugin.Options{CacheDir: compiled}), counter(b))
	in := acquire(b, p)
	defer p.Release(in)
	handle := in.HandleCommand
	if fold {
		handle = in.HandleEvent
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := handle(req, plugin.Allowance{}); err != nil {
			b.Fatal(err)
		}
	}
	total := float64(b.N) * float64(n)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/total, "ns/"+noun)
	b.ReportMetric(total/b.Elapsed().Seconds(), noun+"s/s")
}
