package natsstore_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
)

// patience ends a test that hangs.
const patience = time.Minute

// writers are goroutines that append to entities of their own, one commit at a
// time, as a host does: what is unknown is appended again until the log answers.
type writers struct {
	log     stores.Log
	applied atomic.Int64 // also duplicates of what was unknown
	unknown atomic.Int64
	refused atomic.Int64
	late    atomic.Int64 // duplicates

	running sync.WaitGroup
	done    chan struct{}

	mu           sync.Mutex
	acknowledged map[stores.CommitID]bool
	last         time.Time // of an answer to any of them
	longest      time.Duration
}

func commitOf(id stores.EntityID, expected uint64, head stores.HeadToken, payload string) stores.Commit {
	c := stores.Commit{Entity: id, Expected: expected, Head: head, Time: time.UnixMilli(1763892000000).UTC(), Plugin: stores.Digest{7},
		Events:   []stores.Event{{Name: "increased", Version: 1, Payload: []byte(payload)}},
		Commands: []stores.CommandRecord{{Name: "increase", Events: 1, Seq: expected + 1}}}
	binary.BigEndian.PutUint64(c.ID[:], rand.Uint64())
	binary.BigEndian.PutUint64(c.ID[8:], rand.Uint64())
	return c
}

// startWriters starts n writers, which append to so many entities each at once. stop
// ends them.
func startWriters(t testing.TB, log stores.Log, n, entities int) *writers {
	w := &writers{log: log, done: make(chan struct{}), acknowledged: make(map[stores.CommitID]bool), last: time.Now()}
	for i := range n {
		w.running.Go(func() {
			commits := make([]stores.Commit, entities)
			for e := range commits {
				commits[e] = commitOf(stores.EntityID{Type: "counter", ID: fmt.Sprint("w", i, "-", e)}, 0, "", "x")
			}
			for w.append(t, commits) {
				select {
				case <-w.done:
					return
				default:
				}
			}
		})
	}
	return w
}

// append appends the commits until all are there, and makes them the next ones. It
// reports false when something is wrong.
func (w *writers) append(t testing.TB, commits []stores.Commit) bool {
	begin, maybe, left := time.Now(), make([]bool, len(commits)), make([]int, len(commits))
	for i := range left {
		left[i] = i
	}
	for len(left) > 0 {
		if time.Since(begin) > patience {
			t.Errorf("append to %d entities: no answer for %s", len(left), patience)
			return false
		}
		some := make([]stores.Commit, len(left))
		for n, i := range left {
			some[n] = commits[i]
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		results := w.log.Append(ctx, stores.Fence{}, some)
		cancel()
		var again []int
		for n, i := range left {
			c := &commits[i]
			switch r := results[n]; r.Outcome {
			case stores.Applied, stores.Duplicate:
				if r.Outcome == stores.Duplicate {
					w.late.Add(1)
					if !maybe[i] {
						t.Errorf("append to %s after %d: a duplicate of nothing", c.Entity, c.Expected)
					}
				}
				w.settled(c.ID)
				*c = commitOf(c.Entity, c.Seq(), r.Head, "x")
			case stores.Unknown:
				maybe[i] = true
				w.unknown.Add(1)
				again = append(again, i)
			case stores.Refused:
				w.refused.Add(1)
				again = append(again, i)
			default:
				t.Errorf("append to %s after %d: %s (%v)", c.Entity, c.Expected, r.Outcome, r.Err)
				return false
			}
		}
		if left = again; len(left) > 0 {
			time.Sleep(5 * time.Millisecond)
		}
	}
	return true
}

func (w *writers) settled(id stores.CommitID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acknowledged[id] = true
	w.longest = max(w.longest, time.Since(w.last))
	w.last = time.Now()
	w.applied.Add(1)
}

// stall is the longest time in which no commit was acknowledged.
func (w *writers) stall() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.longest
}

// untilProgress waits until so many more commits are acknowledged.
func (w *writers) untilProgress(t testing.TB, n int64) {
	t.Helper()
	begin, before := time.Now(), w.applied.Load()
	for w.applied.Load() < before+n {
		if t.Failed() || time.Since(begin) > patience {
			close(w.done)
			w.running.Wait()
			t.Fatalf("%d commits in %s", w.applied.Load()-before, time.Since(begin))
		}
		time.Sleep(time.Millisecond)
	}
}

func (w *writers) stop(t testing.TB) {
	close(w.done)
	w.running.Wait()
	t.Logf("%d commits acknowledged, %d of them late; %d answers unknown, %d refused; longest stall %s", w.applied.Load(), w.late.Load(), w.unknown.Load(), w.refused.Load(), w.stall())
}

// verify checks that all that was acknowledged is in the log once, and nothing twice.
func (w *writers) verify(t testing.TB, ctx context.Context) {
	t.Helper()
	times := make(map[stores.CommitID]int)
	for rec, err := range w.log.Scan(ctx, stores.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if times[rec.ID]++; times[rec.ID] > 1 {
			t.Errorf("commit %x of %s is %d times in the log", rec.ID, rec.Entity, times[rec.ID])
		}
	}
	for id := range w.acknowledged {
		if times[id] == 0 {
			t.Errorf("commit %x was acknowledged and is not in the log", id)
		}
	}
}
