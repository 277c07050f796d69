package host_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

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
					without = append(without, load(b, h, of, most/2, lasting).p99())
					end := besieged(h)
					with = append(with, load(b, h, of, most/2, lasting).p99())
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

// capacity is the highest rate of commands a second at which the host keeps up with an open-loop load: at its end, no more
// commands are unanswered than are due in a tenth of a second. What a client that waits for its answers reaches in bursts is more.
func capacity(b *testing.B, h *host.Host, of func(int) host.Entity, lasting time.Duration) float64 {
	pour(b, h, 100_000, 1000, of)
	low, high := 0.0, 1_600_000.0
	for high-low > high/16 {
		rate := (low + high) / 2
		if load(b, h, of, rate, lasting/4).behind < 100*time.Millisecond {
			low = rate
		} else {
			high = rate
		}
	}
	return low
}

// loaded is what became of an open-loop load.
type loaded struct {
	latency *hdrhistogram.Histogram // how long after they were due the answers came, in nanoseconds
	behind  time.Duration           // from when the last command was due to its answer
}

func (l loaded) p99() time.Duration { return time.Duration(l.latency.ValueAtQuantile(99)) }

// load sends commands at a rate for a while, whether or not they are answered.
func load(b *testing.B, h *host.Host, of func(int) host.Entity, rate float64, lasting time.Duration) loaded {
	b.Helper()
	p := h.Pipe(1 << 20) // as good as unbounded
	received := make(chan error, 1)
	l := loaded{latency: hdrhistogram.New(1000, 1e12, 3)}
	answers := 0
	go func() {
		var first error
		buf := make([]host.Answer, 256)
		for {
			n, err := p.ReceiveSome(b.Context(), buf)
			now := time.Now()
			for _, a := range buf[:n] {
				l.behind = now.Sub(a.Ref.(time.Time))
				first = cmp.Or(first, a.Err, l.latency.RecordValue(int64(max(l.behind, 1000))))
			}
			if answers += n; err != nil {
				if !errors.Is(err, io.EOF) {
					first = cmp.Or(first, err)
				}
				received <- first
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
		if _, err := p.SendAll(b.Context(), all); err != nil {
			b.Fatal(err)
		}
	}
	p.CloseSend()
	if err := <-received; err != nil {
		b.Fatal(err)
	}
	if answers != sent {
		b.Fatalf("%d answers to %d commands", answers, sent)
	}
	return l
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
