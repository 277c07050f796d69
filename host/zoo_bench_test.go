package host_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/stores"
)

// BenchmarkHostile is what 100 good entities notice of bad ones: how long their commands take under an
// open-loop load of half the maximum, without and with more looping entities than there are workers, whose callers try again at once, and
// with a collection each second. It asserts nothing of it. Its full size, with ESHOST_SOAK, is the median of 3 runs of 30 seconds.
func BenchmarkHostile(b *testing.B) {
	for _, where := range []string{"memory", "disk"} {
		b.Run("store="+where, func(b *testing.B) {
			var store interface {
				stores.Log
				stores.SnapshotStore
			} = exclusive()
			if where == "disk" {
				store = openStore(b, nil)
			}
			h := hosttest.New(b, &host.Options{Log: store, Snapshots: store, Logger: silent}, goodCounter(b), zooGuest(b, "HONEST"))
			runs, lasting := 1, 2*time.Second
			if full() {
				runs, lasting = 3, 30*time.Second
			}
			of := inTurn(h, "counter", 100)
			most := capacity(b, h, of, lasting)
			for b.Loop() {
				var without, with []time.Duration
				for range runs {
					without = append(without, tail(b, h, of, most/2, lasting))
					end := besieged(h)
					with = append(with, tail(b, h, of, most/2, lasting))
					end()
				}
				slices.Sort(without)
				slices.Sort(with)
				p99, sieged := without[runs/2], with[runs/2]
				b.ReportMetric(float64(p99.Microseconds()), "us-p99-without")
				b.ReportMetric(float64(sieged.Microseconds()), "us-p99-with")
				b.ReportMetric(float64(sieged)/float64(p99), "times")
				b.Logf("p99 of each run without: %v, with: %v", without, with)
			}
			b.ReportMetric(most, "commands/s-at-most")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// capacity is how many commands a second there can be of the entities, for so long: what a store takes at first, it must clear away later.
func capacity(b *testing.B, h *host.Host, of func(int) host.Entity, lasting time.Duration) float64 {
	const some = 10_000
	pour(b, h, some, 1000, of)
	start, n := time.Now(), 0
	for time.Since(start) < lasting {
		pour(b, h, some, 1000, of)
		n += some
	}
	return float64(n) / time.Since(start).Seconds()
}

// tail sends commands at a rate for a while, whether or not they are answered, and returns the 99th percentile of how long after
// they were due their answers came.
func tail(b *testing.B, h *host.Host, of func(int) host.Entity, rate float64, lasting time.Duration) time.Duration {
	b.Helper()
	p := h.Pipe(1 << 20) // as good as unbounded
	failed := make(chan error, 1)
	var took []time.Duration
	go func() {
		var first error
		buf := make([]host.Answer, 256)
		for {
			n, err := p.ReceiveSome(b.Context(), buf)
			now := time.Now()
			for _, a := range buf[:n] {
				took = append(took, now.Sub(a.Ref.(time.Time)))
				if a.Err != nil && first == nil {
					first = a.Err
				}
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					first = err
				}
				failed <- first
				return
			}
		}
	}()
	start, sent := time.Now(), 0
	all := make([]host.Sending, 0, 1024)
	for since := time.Duration(0); since < lasting; since = time.Since(start) {
		for all = all[:0]; sent < int(since.Seconds()*rate) && len(all) < cap(all); sent++ {
			due := start.Add(time.Duration(float64(sent) / rate * float64(time.Second)))
			all = append(all, host.Sending{Entity: of(sent), Command: increaseByOne, Ref: due})
		}
		if len(all) == 0 {
			time.Sleep(100 * time.Microsecond)
			continue
		}
		if _, err := p.SendAll(b.Context(), slices.Clone(all)); err != nil {
			b.Fatal(err)
		}
	}
	p.CloseSend()
	if err := <-failed; err != nil {
		b.Fatal(err)
	}
	if len(took) != sent {
		b.Fatalf("%d answers to %d commands", len(took), sent)
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

// besieged has entities loop, and collections made, until it is ended and nothing of it runs any more.
func besieged(h *host.Host) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for i := range 4 * runtime.GOMAXPROCS(0) {
		e := h.Entity("zoo", fmt.Sprint("looping ", i))
		wg.Go(func() {
			for ctx.Err() == nil {
				_, _ = e.Handle(ctx, host.Command{Name: "loop", Wait: true})
			}
		})
	}
	wg.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				runtime.GC()
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		wg.Wait()
		for s := h.Stats(); s.SlowQueue > 0 || s.Held > 0; s = h.Stats() {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(2 * time.Second) // the last command may still run
	}
}
