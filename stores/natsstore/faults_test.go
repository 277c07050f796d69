package natsstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore"
	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/storetest"
	"github.com/eshost/eshost/stores/storetest/proxy"
)

var counter = stores.EntityID{Type: "counter", ID: "a"}

func append1(ctx context.Context, s stores.Log, c stores.Commit) stores.Result {
	return s.Append(ctx, stores.Fence{}, []stores.Commit{c})[0]
}

func TestWhatWasAcknowledgedOutlivesKillsOfTheServer(t *testing.T) {
	for name, test := range map[string]struct {
		server     natstest.Options
		parameters string
		entities   int // of one append
	}{
		"default sync":            {entities: 1},
		"sync always":             {natstest.Options{SyncAlways: true}, "sync=always", 1},
		"sync always, in batches": {natstest.Options{SyncAlways: true}, "sync=always", 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := natstest.Start(t, &test.server)
			s := open(t, connect(t, server.URL()).options(t, "timeout=2s&"+test.parameters))
			w := startWriters(t, s, 32/test.entities, test.entities)
			for range 3 {
				w.untilProgress(t, 500)
				server.Kill()
				server.Restart()
			}
			w.untilProgress(t, 500)
			w.stop(t)
			storetest.Verify(t, s)
			w.verify(t, context.Background())
		})
	}
}

// behind opens a store behind a proxy.
func behind(t *testing.T, parameters string) (*natsstore.Store, *proxy.Proxy) {
	t.Helper()
	server := natstest.Start(t, nil)
	return behindProxy(t, server, connect(t, server.URL()).options(t, parameters), func(*natsstore.Options) {})
}

func behindProxy(t *testing.T, server *natstest.Server, o *natsstore.Options, change func(*natsstore.Options)) (*natsstore.Store, *proxy.Proxy) {
	t.Helper()
	p := proxy.Start(t, server.Addr())
	mine := *o
	mine.Servers = []string{p.Addr()}
	change(&mine)
	return open(t, &mine), p
}

// TestConnectionsThatBreakAndHangLoseNothing writes messages, and atomic batches, through
// a connection that fails in every way.
func TestConnectionsThatBreakAndHangLoseNothing(t *testing.T) {
	for name, test := range map[string]struct {
		parameters        string
		writers, entities int
	}{
		"each commit for itself": {"sync=interval", 8, 2},
		"atomic batches":         {"sync=always", 3, 40},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := behind(t, "timeout=300ms&"+test.parameters)
			w := startWriters(t, s, test.writers, test.entities)
			for range 2 {
				for _, fault := range []func(){p.Cut, p.Break, p.Hang, p.HangAnswers, p.HangRequests, func() { p.Delay(20 * time.Millisecond) }} {
					w.untilProgress(t, 100)
					fault()
					time.Sleep(350 * time.Millisecond) // longer than an answer is waited for
					p.Delay(0)
					p.Resume()
				}
			}
			w.untilProgress(t, 100)
			w.stop(t)
			if w.unknown.Load() == 0 || w.late.Load() == 0 {
				t.Error("no answer was lost")
			}
			storetest.Verify(t, s)
			w.verify(t, context.Background())
		})
	}
}

func TestAWriteWhoseAnswerIsLateIsUnknownAndThenADuplicate(t *testing.T) {
	s, p := behind(t, "timeout=200ms")
	first := commitOf(counter, 0, "", "1")
	if r := append1(t.Context(), s, first); r.Outcome != stores.Applied {
		t.Fatalf("%+v", r)
	}
	second := commitOf(counter, 1, "", "2")
	p.HangAnswers()
	// The head cannot be read, which the commit without a token needs.
	if r := append1(t.Context(), s, second); r.Outcome != stores.Refused || !errors.Is(r.Err, stores.ErrUnavailable) {
		t.Errorf("%+v", r)
	}
	p.Resume()
	heads, err := s.Heads(t.Context(), []stores.EntityID{counter})
	if err != nil {
		t.Fatal(err)
	}
	second.Head = heads[0].Token
	p.HangAnswers()
	if r := append1(t.Context(), s, second); r.Outcome != stores.Unknown || !errors.Is(r.Err, stores.ErrUnavailable) {
		t.Errorf("%+v", r)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if r := append1(ctx, s, second); r.Outcome != stores.Unknown || !errors.Is(r.Err, context.DeadlineExceeded) {
		t.Errorf("%+v", r)
	}
	p.Resume()
	if r := append1(t.Context(), s, second); r.Outcome != stores.Duplicate || r.Head == "" || r.Place.IsZero() {
		t.Errorf("%+v", r)
	}
	storetest.Verify(t, s)
}

func TestAWriteThatLandsLateIsNotWrittenTwice(t *testing.T) {
	s, p := behind(t, "timeout=200ms")
	for round := range 5 {
		id := stores.EntityID{Type: "counter", ID: fmt.Sprint(round)}
		append1(t.Context(), s, commitOf(counter, uint64(round), "", "x")) // the plugin and the kind are known from here on
		c := commitOf(id, 0, "", "late")
		p.HangRequests()
		if r := append1(t.Context(), s, c); r.Outcome != stores.Unknown {
			t.Fatalf("%+v", r)
		}
		p.Resume() // now it lands, or it has landed when the next one comes
		other := commitOf(id, 0, "", "another")
		switch r := append1(t.Context(), s, other); r.Outcome {
		case stores.Conflict:
			if r := append1(t.Context(), s, c); r.Outcome != stores.Duplicate {
				t.Errorf("the late one: %+v", r)
			}
		case stores.Applied:
			if r := append1(t.Context(), s, c); r.Outcome != stores.Conflict {
				t.Errorf("the late one: %+v", r)
			}
		default:
			t.Errorf("another one: %+v", r)
		}
	}
	storetest.Verify(t, s)
}

func TestWithoutAConnectionEverythingEndsWithinItsTime(t *testing.T) {
	t.Parallel()
	s, p := behind(t, "timeout=200ms")
	if r := append1(t.Context(), s, commitOf(counter, 0, "", "1")); r.Outcome != stores.Applied {
		t.Fatalf("%+v", r)
	}
	if err := s.Save(t.Context(), &stores.Snapshot{Entity: counter, Seq: 1}); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveCheckpoint(t.Context(), "p", stores.Position{}); err != nil {
		t.Fatal(err)
	}
	d, err := s.PutBlob(t.Context(), []byte("plugin"))
	if err != nil {
		t.Fatal(err)
	}
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, fault := range map[string]func(){"cut": p.Cut, "hung": p.Hang} {
		fault()
		ids := []stores.EntityID{counter, {Type: "counter", ID: "b"}}
		errs := make(map[string]error)
		_, errs["heads"] = s.Heads(t.Context(), ids)
		_, errs["head of one"] = s.Heads(t.Context(), ids[:1])
		for _, err := range s.Read(t.Context(), counter, 0) {
			errs["read"] = err
		}
		for _, err := range s.Scan(t.Context(), stores.Query{}) {
			errs["scan"] = err
		}
		for _, err := range s.Entities(t.Context(), "counter", "") {
			errs["entities"] = err
		}
		_, errs["kinds"] = s.Kinds(t.Context(), "counter")
		_, errs["head"] = s.Head(t.Context())
		errs["wait"] = s.Wait(t.Context(), head)
		_, _, errs["load"] = s.Load(t.Context(), ids)
		errs["save"] = s.Save(t.Context(), &stores.Snapshot{Entity: counter, Seq: 2})
		_, errs["checkpoint"] = s.Checkpoint(t.Context(), "p")
		errs["save checkpoint"] = s.SaveCheckpoint(t.Context(), "p", stores.Position{})
		_, errs["blob"] = s.Blob(t.Context(), d)
		_, errs["put blob"] = s.PutBlob(t.Context(), []byte("other"))
		for _, err := range s.Blobs(t.Context()) {
			errs["blobs"] = err
		}
		for what, err := range errs {
			if !errors.Is(err, stores.ErrUnavailable) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
		if r := append1(t.Context(), s, commitOf(ids[1], 0, "", "x")); r.Outcome != stores.Refused && r.Outcome != stores.Unknown || !errors.Is(r.Err, stores.ErrUnavailable) {
			t.Errorf("%s: append: %+v", name, r)
		}
		p.Resume()
		for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
			if _, err = s.Heads(t.Context(), ids); err == nil {
				break
			}
			if time.Since(start) > patience {
				t.Fatalf("%s: it does not come back: %v", name, err)
			}
		}
	}
	storetest.Verify(t, s)
}

func TestALostConnectionEndsTheCallsThatWaitForAnAnswer(t *testing.T) {
	server := natstest.Start(t, nil)
	own := connect(t, server.URL())
	o := own.options(t, "timeout=1h")
	s, p := behindProxy(t, server, o, func(*natsstore.Options) {})
	there := func() uint64 { return own.stream(t, o.Stream).CachedInfo().State.LastSeq }
	first := commitOf(counter, 0, "", "1")
	r := append1(t.Context(), s, first)
	if r.Outcome != stores.Applied {
		t.Fatalf("%+v", r)
	}
	before := there()
	p.HangAnswers()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	told := make(chan stores.Result, 1)
	go func() { told <- append1(ctx, s, commitOf(counter, 1, r.Head, "2")) }()
	for there() == before { // it is stored, and the append waits to be told
		time.Sleep(time.Millisecond)
	}
	p.Break()
	if r := <-told; r.Outcome != stores.Unknown || !errors.Is(r.Err, stores.ErrUnavailable) {
		t.Errorf("%+v", r)
	}
	p.Resume()
}
