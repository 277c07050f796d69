package pgstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pgstore"
	"github.com/eshost/eshost/stores/storetest"
)

func TestBatchesThatOverlapNeverDeadlock(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	logs := []stores.Log{open(t, o), open(t, o)}
	const writers, rounds, entities, size = 8, 40, 30, 12
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(w), 7))
			log := logs[w%len(logs)]
			for round := range rounds {
				var ids []stores.EntityID
				for _, n := range rnd.Perm(entities)[:size] {
					ids = append(ids, counter(fmt.Sprint(n)))
				}
				heads, err := log.Heads(context.Background(), ids)
				if err != nil {
					t.Error(err)
					return
				}
				var commits []stores.Commit
				for i, id := range ids {
					c := commitOf(id, heads[i].Seq, w<<8|round)
					c.Head = heads[i].Token
					commits = append(commits, c)
				}
				for i, r := range log.Append(context.Background(), stores.Fence{}, commits) {
					if r.Outcome != stores.Applied && r.Outcome != stores.Conflict {
						t.Errorf("append to %s: %s (%v)", commits[i].Entity, r.Outcome, r.Err)
					}
				}
			}
		})
	}
	writing.Wait()
	storetest.Verify(t, logs[0])
}

func TestALostOrWrongTokenHarmsNothing(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options(t))
	a := counter("a")
	seq := uint64(0)
	for n, token := range []stores.HeadToken{"", "", "x", "0", "7", "-1", "99999999999999999999", "1", "2"} {
		c := commitOf(a, seq, n)
		c.Head = token
		c.Events = append(c.Events, c.Events[0])
		mustApply(t, s, c)
		seq = c.Seq()
		for _, wrong := range []uint64{seq - 1, seq + 1, seq + 2} {
			c := commitOf(a, wrong, 100+n)
			c.Head = token
			if r := one(t, s, c); r.Outcome != stores.Conflict {
				t.Errorf("token %q, %d expected of %d: %s (%v)", token, wrong, seq, r.Outcome, r.Err)
			}
		}
	}
	storetest.Verify(t, s)
}

func TestOnceAnEpochIsNamedNoOlderOneIsCommitted(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	before, after := open(t, o), open(t, o)
	old, young := stores.Fence{Epoch: 5}, stores.Fence{Epoch: 6}
	var writing sync.WaitGroup
	var mu sync.Mutex
	applied, begun := 0, make(chan struct{})
	for w := range 4 {
		writing.Go(func() {
			for n := uint64(0); ; n++ {
				r := before.Append(context.Background(), old, []stores.Commit{commitOf(stores.EntityID{Type: "old", ID: fmt.Sprint(w)}, n, w)})[0]
				if r.Outcome == stores.Fenced {
					return
				}
				if r.Outcome != stores.Applied {
					t.Errorf("under the old epoch: %s (%v)", r.Outcome, r.Err)
					return
				}
				mu.Lock()
				if applied++; applied == 40 {
					close(begun)
				}
				mu.Unlock()
			}
		})
	}
	<-begun
	r := after.Append(t.Context(), young, []stores.Commit{commitOf(counter("young"), 0, 1)})[0]
	if r.Outcome != stores.Applied {
		t.Fatalf("under the new epoch: %s (%v)", r.Outcome, r.Err)
	}
	writing.Wait()
	for rec, err := range after.Scan(t.Context(), stores.Query{After: r.Place}) {
		if err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s was committed after the new epoch's first commit", rec.Entity)
	}
	storetest.Verify(t, after)
}

func TestARaisedEpochWaitsForWhatWasCheckedUnderAnOlderOne(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	before, after, conn := open(t, o), open(t, o), server.Connect(t)
	old, young := stores.Fence{Epoch: 5}, stores.Fence{Epoch: 6}
	if r := before.Append(t.Context(), old, []stores.Commit{commitOf(counter("first"), 0, 1)})[0]; r.Outcome != stores.Applied {
		t.Fatal(r)
	}
	held := commitOf(counter("held"), 0, 2)
	h := pgstore.Hold(t, before, &held)
	h.Place() // has the log's lock: others stand between their check and their commit
	results := make(chan stores.Result, 2)
	put := func(s *pgstore.Store, f stores.Fence, id string) {
		results <- s.Append(context.Background(), f, []stores.Commit{commitOf(counter(id), 0, 3)})[0]
	}
	waiting := func(s *pgstore.Store, want int) {
		t.Helper()
		for n, began := 0, time.Now(); n != want; {
			n = s.Waiting(t, conn)
			if time.Since(began) > patience {
				t.Fatalf("%d sessions wait for a lock of the store, want %d", n, want)
			}
		}
	}
	go put(before, old, "old")
	waiting(before, 1)
	go put(after, young, "young")
	waiting(before, 2)
	var raised int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM "+table(o, "fences")+" WHERE epoch = 6").Scan(&raised); err != nil || raised != 0 {
		t.Errorf("epoch 6 is named for %d slices (%v) while a commit under epoch 5 is on its way", raised, err)
	}
	h.Commit()
	for range 2 {
		if r := <-results; r.Outcome != stores.Applied {
			t.Errorf("%s (%v), want applied", r.Outcome, r.Err)
		}
	}
	var ids []string
	for rec, err := range after.Scan(t.Context(), stores.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, rec.Entity.ID)
	}
	if want := []string{"first", "held", "old", "young"}; !slices.Equal(ids, want) {
		t.Errorf("the feed shows %v, want %v", ids, want)
	}
}
