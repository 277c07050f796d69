package host_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
	"github.com/eshost/eshost/stores/pebblestore"
)

const counterSource = "../plugins/counter/go"

// byOne is {"by": 1}.
var byOne = []byte{0x81, 0xa2, 'b', 'y', 1}

var increaseByOne = host.Command{Name: "increase", Payload: byOne, Wait: true}

// openHost starts a host with the counter on a store, which outlives it. Nothing is passivated.
func openHost(b *testing.B, log stores.Log, snapshots stores.SnapshotStore, o host.Options) *host.Host {
	b.Helper()
	return openHostOf(b, hosttest.BuildGo(b, counterSource), log, snapshots, o)
}

// openHostOf is openHost with another counter.
func openHostOf(b *testing.B, counter []byte, log stores.Log, snapshots stores.SnapshotStore, o host.Options) *host.Host {
	b.Helper()
	o.Log, o.Snapshots = log, snapshots
	o.IdleTimeout, o.MemoryBytes = -1, -1
	h, err := host.New(b.Context(), &o)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := h.Deploy(b.Context(), counter); err != nil {
		b.Fatal(err)
	}
	return h
}

// openStore opens a store on disk, which is closed when the benchmark ends.
func openStore(b *testing.B, o *pebblestore.Options) *pebblestore.Store {
	b.Helper()
	store, err := pebblestore.Open(b.TempDir(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	return store
}

// unsynced makes what is only prepared quick to write.
var unsynced = &pebblestore.Options{NoSync: true}

func closeHost(b *testing.B, h *host.Host) {
	b.Helper()
	if err := h.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
}

// pour sends n commands, each to the entity that of says, with so many in flight.
func pour(b *testing.B, h *host.Host, n, window int, of func(i int) host.Entity) {
	b.Helper()
	p := h.Pipe(window)
	sent := make(chan error, 1)
	go func() {
		defer p.CloseSend()
		for i := range n {
			if err := p.Send(b.Context(), of(i), increaseByOne, nil); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	for range n {
		a, err := p.Receive(b.Context())
		if err == nil {
			err = a.Err
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := <-sent; err != nil {
		b.Fatal(err)
	}
}

func exclusive() *memstore.Store { return memstore.New(&memstore.Options{Exclusive: true}) }

// BenchmarkHandle is a lone command without a disk.
func BenchmarkHandle(b *testing.B) {
	store := exclusive()
	h := openHost(b, store, store, host.Options{})
	defer closeHost(b, h)
	e := h.Entity("counter", "a")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Handle(b.Context(), increaseByOne); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPipe is the hot path: commands of one entity that share guest calls, and of many that do not.
func BenchmarkPipe(b *testing.B) {
	for _, entities := range []int{1, 1000} {
		b.Run(fmt.Sprint("entities=", entities), func(b *testing.B) {
			store := openStore(b, nil)
			h := openHost(b, store, store, host.Options{})
			defer closeHost(b, h)
			of := inTurn(h, "counter", entities)
			pour(b, h, entities, 1000, of)
			b.ReportAllocs()
			b.ResetTimer()
			pour(b, h, b.N, 1000, of)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
		})
	}
}

// inTurn goes through n entities with ids of 12 bytes, again and again.
func inTurn(h *host.Host, typ string, n int) func(i int) host.Entity {
	entities := make([]host.Entity, n)
	for i := range entities {
		entities[i] = h.Entity(typ, fmt.Sprintf("%012d", i))
	}
	return func(i int) host.Entity { return entities[i%n] }
}

// always is one entity.
func always(h *host.Host) func(int) host.Entity {
	e := h.Entity("counter", "a")
	return func(int) host.Entity { return e }
}

// full makes a benchmark take its full size.
func full() bool { return os.Getenv("ESHOST_SOAK") != "" }

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkResident is what an idle counter with an id of 12 bytes takes, the store's memory of it included.
func BenchmarkResident(b *testing.B) {
	entities := 100_000
	if full() {
		entities = 1_000_000
	}
	for b.Loop() {
		store := openStore(b, unsynced)
		h := openHost(b, store, store, host.Options{})
		before := liveHeap()
		pour(b, h, entities, 4096, func(i int) host.Entity { return h.Entity("counter", fmt.Sprintf("%012d", i)) })
		if n := h.Stats().Resident; n != entities {
			b.Fatalf("%d entities are resident, want %d", n, entities)
		}
		b.ReportMetric(float64(liveHeap()-before)/float64(entities), "B/entity")
		closeHost(b, h)
	}
}

// read activates the only counter of a new host on a store, and returns how long that took
// without the start of the host, and how many events were folded.
func read(b *testing.B, counter []byte, store *pebblestore.Store, o host.Options, events uint64) (took time.Duration, folded uint64) {
	b.Helper()
	h := openHostOf(b, counter, store, store, o)
	defer closeHost(b, h)
	start := time.Now()
	s, err := h.Entity("counter", "a").State(b.Context())
	took = time.Since(start)
	if err != nil || s.Seq != events {
		b.Fatalf("activated at %d, want %d: %v", s.Seq, events, err)
	}
	return took, h.Stats().EventsRecovered
}

// BenchmarkActivate is the first read of an entity with a snapshot, whatever its history's length.
func BenchmarkActivate(b *testing.B) {
	lengths := []int{1_000, 100_000}
	if full() {
		lengths = append(lengths, 1_000_000)
	}
	const every = 500
	for _, events := range lengths {
		b.Run(fmt.Sprint("events=", events), func(b *testing.B) {
			store, cache := openStore(b, unsynced), filepath.Join(b.TempDir(), "plugins")
			o := host.Options{SnapshotEvery: every, PluginCacheDir: cache}
			h := openHost(b, store, store, o)
			pour(b, h, events, 100, always(h))
			closeHost(b, h) // the last snapshot is saved
			var all []time.Duration
			for b.Loop() {
				took, folded := read(b, hosttest.BuildGo(b, counterSource), store, o, uint64(events))
				if folded > 2*every {
					b.Fatalf("%d events were folded despite the snapshot", folded)
				}
				all = append(all, took)
			}
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2].Microseconds()), "us/activation")
		})
	}
}

// BenchmarkRecovery is one long stream from disk, a record for each event, folded by the guest of each language on one worker.
func BenchmarkRecovery(b *testing.B) {
	events := 200_000
	if full() {
		events = 1_000_000
	}
	store := openStore(b, unsynced)
	o := host.Options{Workers: 1, PluginCacheDir: filepath.Join(b.TempDir(), "plugins")}
	h := openHost(b, store, nil, o)
	pour(b, h, events, 1, always(h))
	if s := h.Stats(); s.Commits != uint64(events) {
		b.Fatalf("%d records, want one for each of %d events", s.Commits, events)
	}
	closeHost(b, h)
	for _, language := range languages {
		b.Run(language, func(b *testing.B) {
			counter := hosttest.Built(b, "counter-"+language)
			var took time.Duration
			for b.Loop() {
				t, folded := read(b, counter, store, o, uint64(events))
				if folded != uint64(events) {
					b.Fatalf("%d events were folded, want %d", folded, events)
				}
				took += t
			}
			b.ReportMetric(float64(events)*float64(b.N)/took.Seconds(), "events/s")
		})
	}
}
