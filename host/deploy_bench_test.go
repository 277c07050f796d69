package host_test

import (
	"testing"
	"time"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores/pebblestore"
)

// BenchmarkActivation tells how long it takes from the call that has a loaded plugin serve, recorded durably, until the new
// plugin has answered a command of an entity that the former one had in memory.
func BenchmarkActivation(b *testing.B) {
	store, err := pebblestore.Open(b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	h := serve(b, &host.Options{Log: store, Snapshots: store, Blobs: store}, small(b, "one"), small(b, "two"))
	x := h.Entity("counter", "x")
	increase := host.Command{Name: "increase", Payload: by(1)}
	if _, err := x.Handle(b.Context(), increase); err != nil {
		b.Fatal(err)
	}
	var longest time.Duration
	for b.Loop() {
		start := time.Now()
		d, err := h.Rollback(b.Context(), "counter", nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := x.Handle(b.Context(), increase); err != nil {
			b.Fatal(err)
		}
		longest = max(longest, time.Since(start))
		b.StopTimer()
		if s, err := x.State(b.Context()); err != nil || s.Plugin != d.Plugin {
			b.Fatalf("%+v, %v: plugin %s does not serve", s, err, d.Plugin)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(longest.Microseconds()), "longest-us")
}
