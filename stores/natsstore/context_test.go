package natsstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore"
	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/storetest"
)

// countdown is a context that ends when it has been looked at so often.
type countdown struct {
	context.Context
	left atomic.Int64
	done chan struct{}
}

func (c *countdown) Done() <-chan struct{} { return c.done }

func (c *countdown) Err() error {
	switch left := c.left.Add(-1); {
	case left > 0:
		return nil
	case left == 0:
		close(c.done)
	}
	return context.Canceled
}

// TestWhatAContextEndsBeforeIsNotSent appends far more than the context has time for,
// each for itself and in batches.
func TestWhatAContextEndsBeforeIsNotSent(t *testing.T) {
	server := natstest.Start(t, &natstest.Options{SyncAlways: true})
	s := connect(t, server.URL())
	for _, sync := range []string{"interval", "always"} {
		o := s.options(t, "sync="+sync)
		o.Use = natsstore.UseLog
		log := open(t, o)
		append1(t.Context(), log, commitOf(counter, 0, "", "x")) // the plugin and the kind are known from here on
		many := make([]stores.Commit, 8000)
		for i := range many {
			many[i] = commitOf(stores.EntityID{Type: "counter", ID: fmt.Sprint(i)}, 0, "", "x")
		}
		ctx := &countdown{Context: t.Context(), done: make(chan struct{})}
		ctx.left.Store(4)
		results := log.Append(ctx, stores.Fence{}, many)
		count := make(map[stores.Outcome]int)
		refused := make(map[string]bool)
		for i, r := range results {
			count[r.Outcome]++
			if r.Outcome == stores.Refused {
				refused[many[i].Entity.ID] = true
				if !errors.Is(r.Err, context.Canceled) {
					t.Fatalf("%v", r.Err)
				}
			}
		}
		if count[stores.Refused] == 0 || count[stores.Refused] == len(many) || count[stores.Refused]+count[stores.Applied]+count[stores.Unknown] != len(many) {
			t.Errorf("sync=%s: %v", sync, count)
		}
		t.Logf("sync=%s: %v", sync, count)
		// Refused is for ever: what comes later must not land either.
		last := commitOf(stores.EntityID{Type: "counter", ID: "last"}, 0, "", "x")
		for start := time.Now(); ; {
			r := append1(t.Context(), log, last)
			if r.Outcome == stores.Applied || r.Outcome == stores.Duplicate {
				break
			}
			if time.Since(start) > patience {
				t.Fatalf("%+v", r)
			}
		}
		for id, err := range log.Entities(t.Context(), "counter", "") {
			if err != nil {
				t.Fatal(err)
			}
			if refused[id.ID] {
				t.Fatalf("sync=%s: %s was refused and is there", sync, id.ID)
			}
		}
		storetest.Verify(t, log)
	}
}

// TestWhatIsAppendedWithoutAConnectionNeverLands appends while there is no connection,
// and looks for it when there is one.
func TestWhatIsAppendedWithoutAConnectionNeverLands(t *testing.T) {
	s, p := behind(t, "timeout=200ms")
	first := append1(t.Context(), s, commitOf(counter, 0, "", "1"))
	if first.Outcome != stores.Applied {
		t.Fatalf("%+v", first)
	}
	p.Cut()
	for start := time.Now(); ; {
		r := append1(t.Context(), s, commitOf(counter, 1, first.Head, "x"))
		if r.Outcome == stores.Refused {
			break // it is seen that there is none
		}
		if time.Since(start) > patience {
			t.Fatalf("%+v", r)
		}
	}
	heads := func() uint64 {
		for start := time.Now(); ; {
			h, err := s.Heads(t.Context(), []stores.EntityID{counter, {Type: "counter", ID: "b"}})
			if err == nil {
				return h[0].Seq
			}
			if time.Since(start) > patience {
				t.Fatal(err)
			}
		}
	}
	never := commitOf(stores.EntityID{Type: "counter", ID: "b"}, 0, "", "never")
	if r := append1(t.Context(), s, never); r.Outcome != stores.Refused || !errors.Is(r.Err, stores.ErrUnavailable) {
		t.Errorf("%+v", r)
	}
	p.Resume()
	heads()
	if r := append1(t.Context(), s, commitOf(counter, heads(), "", "y")); r.Outcome != stores.Applied {
		t.Fatalf("%+v", r) // it comes after all that was sent before
	}
	h, err := s.Heads(t.Context(), []stores.EntityID{never.Entity, counter})
	if err != nil || h[0].Seq != 0 {
		t.Errorf("%+v, %v", h, err)
	}
	storetest.Verify(t, s)
}
