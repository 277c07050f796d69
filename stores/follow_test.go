package stores_test

import (
	"context"
	"errors"
	"testing"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
	"github.com/eshost/eshost/stores/storetest"
)

// waiting hands out the positions that are waited for.
type waiting struct {
	stores.Log
	after chan stores.Position
}

func (l *waiting) Wait(ctx context.Context, after stores.Position) error {
	l.after <- after
	return l.Log.Wait(ctx, after)
}

func put(t *testing.T, log stores.Log, typ string, expected uint64) stores.Position {
	t.Helper()
	r := log.Append(t.Context(), stores.Fence{}, []stores.Commit{{
		Entity: stores.EntityID{Type: typ, ID: "a"}, Expected: expected, ID: stores.CommitID{byte(expected)}, Events: []stores.Event{{Name: "increased"}},
	}})[0]
	if r.Outcome != stores.Applied {
		t.Fatalf("append: %s, %v", r.Outcome, r.Err)
	}
	return r.Place
}

func TestAFollowerOfFewWaitsBehindTheOthers(t *testing.T) {
	inner := memstore.New(nil)
	defer inner.Close()
	log := &waiting{inner, make(chan stores.Position)}
	ctx, cancel := context.WithCancel(t.Context())
	shown, ended := make(chan stores.Position), make(chan error)
	head := put(t, inner, "other", 0)
	go func() {
		for rec, err := range stores.Follow(ctx, log, stores.Query{Type: "few"}) {
			if err != nil {
				ended <- err
				return
			}
			shown <- rec.Place
		}
		ended <- nil
	}()
	if after := <-log.after; after != head {
		t.Errorf("it waits after %q, want the head %q", after, head)
	}
	head = put(t, inner, "other", 1)
	if after := <-log.after; after != head {
		t.Errorf("it waits after %q, want the head %q", after, head)
	}
	few := put(t, inner, "few", 0)
	if got := <-shown; got != few {
		t.Errorf("it shows %q, want %q", got, few)
	}
	if after := <-log.after; after != few {
		t.Errorf("it waits after %q, want the head %q", after, few)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
}

func TestAFollowerEndsWithAnyError(t *testing.T) {
	for name, calls := range map[string][]int{"head": {0}, "scan": {-1, 0}, "a record": {-1, 1}, "wait": {-1, -1, -1, -1, 0}} {
		log := storetest.Faulty(memstore.New(nil), nil)
		put(t, log, "counter", 0)
		put(t, log, "counter", 1)
		log.Faults().NextRead(calls...)
		var ended error
		for _, err := range stores.Follow(t.Context(), log, stores.Query{}) {
			ended = err
		}
		if !errors.Is(ended, storetest.ErrInjected) || log.Faults().Injected(storetest.FaultRead) != 1 {
			t.Errorf("%s: it ends with %v", name, ended)
		}
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	}
}
