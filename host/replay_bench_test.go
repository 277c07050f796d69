package host_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/host/internal/countertest"
	"github.com/eshost/eshost/host/sandbox"
)

// bareFold is how many events a second one instance of a plugin folds, so many in a call, with nothing around it. It is a ceiling.
func bareFold(b *testing.B, wasm []byte, events int) float64 {
	b.Helper()
	p, err := sandbox.Open(b.Context(), wasm, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close(b.Context())
	i, err := p.Instance(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer i.Close()
	request, calls := countertest.Increased(events), 0
	start := time.Now()
	for ; time.Since(start) < time.Second; calls++ {
		if _, err := i.HandleEvent(request); err != nil {
			b.Fatal(err)
		}
	}
	return float64(calls*events) / time.Since(start).Seconds()
}

// BenchmarkReplay compares a plugin with the one that serves, over entities of 100 events each, on a store on disk: a record for each event, in
// the order of a load over all entities, or for many at once. It folds each event twice, so half of the bare rate of one processor is what can be had of
// one, and the rest of the time goes into reading.
func BenchmarkReplay(b *testing.B) {
	entities := 1000
	if full() {
		entities = 10_000
	}
	const events = 100
	cache := filepath.Join(b.TempDir(), "plugins")
	for _, records := range []struct {
		name string
		of   func(i int) int // the entity of the i-th command
	}{
		{"single", func(i int) int { return i % entities }},
		{"batched", func(i int) int { return i / events }},
	} {
		store := openStore(b, unsynced)
		h := openHost(b, store, nil, host.Options{PluginCacheDir: cache})
		pour(b, h, entities*events, 1024, func(i int) host.Entity { return h.Entity("counter", fmt.Sprintf("%06d", records.of(i))) })
		closeHost(b, h)
		for _, language := range []string{"go", "rust"} {
			for _, workers := range []int{1, runtime.GOMAXPROCS(0)} {
				for _, keep := range []bool{false, true} {
					b.Run(fmt.Sprintf("%s/%s/workers=%d/keep=%v", records.name, language, workers, keep), func(b *testing.B) {
						counter := hosttest.Built(b, "counter-"+language)
						h := openHostOf(b, counter, store, nil, host.Options{PluginCacheDir: cache, Workers: workers})
						defer closeHost(b, h)
						var rate float64
						for b.Loop() {
							for r, err := range h.Replay(b.Context(), host.ReplayQuery{Type: "counter", Keep: keep}, counter) {
								if err != nil {
									b.Fatal(err)
								}
								if r.Done && (!r.Settled() || r.Events != int64(entities*events)) {
									b.Fatalf("%+v", r)
								}
								rate = float64(r.Events) / r.Elapsed.Seconds()
							}
						}
						b.ReportMetric(rate, "events/s")
						for _, n := range []int{events, 1000} {
							b.ReportMetric(rate/bareFold(b, counter, n), fmt.Sprintf("of-bare-%d", n))
						}
					})
				}
			}
		}
	}
}
