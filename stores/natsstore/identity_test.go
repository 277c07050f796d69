package natsstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore"
	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/storetest"
)

// TestAStreamThatIsMadeAgainIsNotWrittenToByWhoKnewTheOldOne deletes a log's stream
// under a host. Another host makes it again; the new log must hold nothing of the first.
func TestAStreamThatIsMadeAgainIsNotWrittenToByWhoKnewTheOldOne(t *testing.T) {
	t.Parallel()
	s := connect(t, natstest.Start(t, nil).URL())
	o := s.options(t, "")
	o.Use = natsstore.UseLog
	old := open(t, o)
	first := append1(t.Context(), old, commitOf(counter, 0, "", "1"))
	if first.Outcome != stores.Applied {
		t.Fatalf("%+v", first)
	}
	if err := s.js.DeleteStream(t.Context(), o.Stream); err != nil {
		t.Fatal(err)
	}
	log := open(t, o)
	if old.Info().ID == log.Info().ID {
		t.Fatal("it is the same log")
	}
	two := commitOf(counter, 0, "", "1")
	two.Events = append(two.Events, two.Events[0]) // its token would fit but for the log's id
	if r := append1(t.Context(), log, two); r.Outcome != stores.Applied {
		t.Fatalf("%+v", r)
	}
	if r := append1(t.Context(), old, commitOf(counter, 1, first.Head, "2")); r.Outcome == stores.Applied {
		t.Errorf("applied after number 1, and the entity is at 2: %+v", r)
	}
	if r := append1(t.Context(), log, commitOf(counter, 2, tokenOf(old, 3, 2), "3")); r.Outcome != stores.Applied {
		t.Errorf("a token of another log is as good as none: %+v", r)
	}
	// Until the first host sees it, it writes where nobody reads.
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		other := stores.EntityID{Type: "other", ID: time.Now().String()}
		if r := append1(t.Context(), old, commitOf(other, 0, "", "x")); errors.Is(r.Err, stores.ErrCorrupt) {
			break
		}
		if time.Since(start) > patience {
			t.Fatal("the first host goes on")
		}
	}
	if err := old.Wait(t.Context(), first.Place); !errors.Is(err, stores.ErrCorrupt) {
		t.Errorf("wait: %v", err)
	}
	for _, err := range old.Scan(t.Context(), stores.Query{}) {
		if !errors.Is(err, stores.ErrCorrupt) {
			t.Errorf("scan: %v", err)
		}
	}
	if r := append1(t.Context(), log, commitOf(stores.EntityID{Type: "counter", ID: "b"}, 0, "", "x")); r.Outcome != stores.Applied {
		t.Errorf("%+v", r)
	}
	storetest.Verify(t, log)
	if kinds, err := log.Kinds(t.Context(), "other"); err != nil || len(kinds) != 0 {
		t.Errorf("%v, %v", kinds, err)
	}
	if kinds, err := log.Kinds(t.Context(), "counter"); err != nil || len(kinds) != 1 {
		t.Errorf("%v, %v", kinds, err)
	}
}

// TestWhoWaitsIsToldThatTheLogIsGone deletes the stream, for good or with another
// log in its place, under a host that only waits.
func TestWhoWaitsIsToldThatTheLogIsGone(t *testing.T) {
	t.Parallel()
	s := connect(t, natstest.Start(t, nil).URL())
	o := s.options(t, "timeout=300ms")
	o.Use = natsstore.UseLog
	old := open(t, o)
	head := append1(t.Context(), old, commitOf(counter, 0, "", "1")).Place
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	told := make(chan error, 1)
	go func() { told <- old.Wait(ctx, head) }()
	if err := s.js.DeleteStream(t.Context(), o.Stream); err != nil {
		t.Fatal(err)
	}
	s.unprotected(t, o) // nothing is in it, not even what a log says about itself
	if err := <-told; !errors.Is(err, stores.ErrCorrupt) {
		t.Errorf("%v", err)
	}
}

// TestALogIsLookedAtAfterEachReconnect lets the stream be made again while a host has no
// connection and would not look for an hour.
func TestALogIsLookedAtAfterEachReconnect(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t, nil)
	s := connect(t, server.URL())
	o := s.options(t, "")
	o.Use = natsstore.UseLog
	old, p := behindProxy(t, server, o, func(o *natsstore.Options) { o.SetPoll(time.Hour) })
	head := append1(t.Context(), old, commitOf(counter, 0, "", "1")).Place
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	told := make(chan error, 1)
	go func() { told <- old.Wait(ctx, head) }()
	time.Sleep(50 * time.Millisecond) // it has looked once
	p.Cut()
	if err := s.js.DeleteStream(t.Context(), o.Stream); err != nil {
		t.Fatal(err)
	}
	open(t, o)
	p.Resume()
	if err := <-told; !errors.Is(err, stores.ErrCorrupt) {
		t.Errorf("%v", err)
	}
}
