package natsstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore"
	"github.com/eshost/eshost/stores/natsstore/natstest"
)

// waiting begins to wait for what comes after the position.
func waiting(t *testing.T, log stores.Log, after stores.Position) <-chan error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	told := make(chan error, 1)
	go func() { told <- log.Wait(ctx, after) }()
	return told
}

// TestWithoutAHintWhoWaitsLooksForHimself publishes a record as a host would whose hints
// are lost.
func TestWithoutAHintWhoWaitsLooksForHimself(t *testing.T) {
	s := connect(t, natstest.Start(t, nil).URL())
	o := s.options(t, "")
	o.SetPoll(10 * time.Millisecond)
	log := open(t, o)
	first := append1(t.Context(), log, commitOf(counter, 0, "", "1"))
	for n := range uint64(3) {
		head, err := log.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		told := waiting(t, log, head)
		time.Sleep(20 * time.Millisecond) // it has looked once
		id := stores.EntityID{Type: "counter", ID: string(rune('b' + n))}
		c := commitOf(id, 0, "", "x")
		if _, err := s.js.Publish(t.Context(), natsstore.Subject(o.Stream, natsstore.LogToken(log.Info().ID), id), natsstore.Payload(&c, 0), jetstream.WithExpectLastSequencePerSubject(0)); err != nil {
			t.Fatal(err)
		}
		if err := <-told; err != nil {
			t.Fatal(err)
		}
	}
	if first.Outcome != stores.Applied {
		t.Errorf("%+v", first)
	}
}

// TestAHintIsEnough lets nobody look without one, for an hour.
func TestAHintIsEnough(t *testing.T) {
	server := natstest.Start(t, nil)
	s := connect(t, server.URL())
	o := s.options(t, "timeout=200ms")
	o.SetPoll(time.Hour)
	a, b := open(t, o), open(t, o)
	next := func(n uint64) {
		t.Helper()
		if r := append1(t.Context(), a, commitOf(counter, n, "", "x")); r.Outcome != stores.Applied {
			t.Fatalf("%+v", r)
		}
	}
	for n := range uint64(10) {
		head, err := b.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		told := waiting(t, b, head)
		time.Sleep(5 * time.Millisecond) // it has looked once
		next(n)
		if err := <-told; err != nil {
			t.Fatal(err)
		}
	}
}

// TestADuplicateIsTold lets a host die between its append and its hint, as far as
// others can see: what it appended is told by who appends it again.
func TestADuplicateIsTold(t *testing.T) {
	server := natstest.Start(t, nil)
	s := connect(t, server.URL())
	o := s.options(t, "")
	o.SetPoll(time.Hour)
	log := open(t, o)
	first := append1(t.Context(), log, commitOf(counter, 0, "", "1"))
	c := commitOf(counter, 1, first.Head, "2")
	if _, err := s.js.Publish(t.Context(), natsstore.Subject(o.Stream, natsstore.LogToken(log.Info().ID), counter), natsstore.Payload(&c, 0)); err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	hints, err := nc.SubscribeSync(log.HintSubject())
	if err != nil {
		t.Fatal(err)
	}
	for _, err = hints.NextMsg(100 * time.Millisecond); err == nil; { // those of before
		_, err = hints.NextMsg(100 * time.Millisecond)
	}
	if r := append1(t.Context(), log, c); r.Outcome != stores.Duplicate {
		t.Fatalf("%+v", r)
	}
	if _, err := hints.NextMsg(patience); err != nil {
		t.Errorf("nobody is told: %v", err)
	}
	if err := log.Wait(t.Context(), first.Place); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
