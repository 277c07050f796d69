package pebblestore_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pebblestore"
	"github.com/eshost/eshost/stores/storetest"
)

// witness remembers what was acknowledged and what a feed has shown.
type witness struct {
	mu           sync.Mutex
	acknowledged map[stores.CommitID]bool
	shown        map[stores.CommitID]bool
}

// both returns copies of what is known at this moment.
func (w *witness) both() (acknowledged, shown []stores.CommitID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range w.acknowledged {
		acknowledged = append(acknowledged, id)
	}
	for id := range w.shown {
		shown = append(shown, id)
	}
	return acknowledged, shown
}

// crash appends to a store on a crashable file system while a feed reads it,
// clones what is synced at some moment, and returns how many acknowledged and
// how many shown commits the clone has lost.
func crash(t *testing.T, seed uint64, o pebblestore.Options) (lostAcknowledged, lostShown int) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 1))
	mem := vfs.NewCrashableMem()
	o.FS = mem
	if rnd.IntN(2) == 0 {
		o.MemTableBytes = 128 << 10 // with flushes and compactions on the way
	}
	s := mustOpen(t, "data", &o)
	w := &witness{acknowledged: make(map[stores.CommitID]bool), shown: make(map[stores.CommitID]bool)}
	var writers, readers sync.WaitGroup
	stop := make(chan struct{})
	for c := range 4 {
		writers.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, uint64(2+c)))
			heads := make([]uint64, 5)
			for {
				select {
				case <-stop:
					return
				default:
				}
				var commits []stores.Commit
				for i := range heads {
					if rnd.IntN(2) == 0 {
						commits = append(commits, randomCommit(rnd, fmt.Sprintf("c%d-%d", c, i), heads[i]))
					}
				}
				for i, r := range s.Append(t.Context(), stores.Fence{}, commits) {
					if r.Outcome != stores.Applied {
						t.Errorf("append: %v %v", r.Outcome, r.Err)
						return
					}
					var n int
					_, _ = fmt.Sscanf(commits[i].Entity.ID[len("c0-"):], "%d", &n)
					heads[n] = commits[i].Seq()
					w.mu.Lock()
					w.acknowledged[commits[i].ID] = true
					w.mu.Unlock()
				}
			}
		})
	}
	readers.Go(func() {
		for rec, err := range stores.Follow(t.Context(), s, stores.Query{}) {
			if err != nil {
				return // closed
			}
			w.mu.Lock()
			w.shown[rec.ID] = true
			w.mu.Unlock()
		}
	})
	time.Sleep(time.Duration(rnd.IntN(25)) * time.Millisecond)
	acknowledged, shown := w.both()
	clone := mem.CrashClone(vfs.CrashCloneCfg{})
	close(stop)
	writers.Wait()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	readers.Wait()

	o.FS = clone
	after, err := pebblestore.Open("data", &o)
	if err != nil {
		if len(acknowledged) == 0 {
			return 0, 0 // it crashed while it was being made
		}
		t.Fatalf("seed %d: open after the crash: %v", seed, err)
	}
	defer after.Close()
	storetest.Verify(t, after)
	have := make(map[stores.CommitID]int)
	for rec, err := range after.Scan(t.Context(), stores.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if have[rec.ID]++; have[rec.ID] > 1 {
			t.Errorf("seed %d: commit %x is there twice", seed, rec.ID)
		}
	}
	for _, id := range acknowledged {
		if have[id] == 0 {
			lostAcknowledged++
		}
	}
	for _, id := range shown {
		if have[id] == 0 {
			lostShown++
		}
	}
	return lostAcknowledged, lostShown
}

func randomCommit(rnd *rand.Rand, id string, expected uint64) stores.Commit {
	c := stores.Commit{Entity: stores.EntityID{Type: "counter", ID: id}, Expected: expected, Time: time.UnixMilli(1763892000000).UTC(),
		Plugin: stores.Digest{byte(rnd.IntN(3))}}
	for i := range c.ID {
		c.ID[i] = byte(rnd.Uint32())
	}
	for range 1 + rnd.IntN(3) {
		c.Events = append(c.Events, stores.Event{Name: "increased", Version: 1, Payload: make([]byte, 1+rnd.IntN(200))})
	}
	c.Commands = []stores.CommandRecord{{Name: "increase", Events: uint32(len(c.Events)), Seq: c.Seq()}}
	return c
}

func TestACrashLosesNothingThatWasAcknowledgedOrShown(t *testing.T) {
	clones := 30
	if os.Getenv("ESHOST_SOAK") != "" {
		clones = 200
	}
	seed := rand.Uint64()
	t.Logf("seeds from %d", seed)
	for i := range clones {
		acknowledged, shown := crash(t, seed+uint64(i), pebblestore.Options{})
		if acknowledged > 0 || shown > 0 {
			t.Fatalf("seed %d: the crash lost %d acknowledged commits and %d that a feed had shown", seed+uint64(i), acknowledged, shown)
		}
	}
}

// The test above proves something only if it fails without syncing.
func TestWithoutSyncingACrashLosesCommits(t *testing.T) {
	lost := 0
	for i := range 10 {
		acknowledged, _ := crash(t, rand.Uint64()+uint64(i), pebblestore.Options{NoSync: true})
		lost += acknowledged
	}
	if lost == 0 {
		t.Error("no crash lost anything although nothing was synced")
	}
}
