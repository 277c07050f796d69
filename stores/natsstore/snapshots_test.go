package natsstore_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore/natstest"
)

func TestALargeSnapshotIsKeptOutsideOfTheBucket(t *testing.T) {
	s := connect(t, natstest.Start(t, nil).URL())
	o := s.options(t, "")
	log := open(t, o)
	save := func(seq uint64, size int) {
		t.Helper()
		state := make([]byte, size)
		_, _ = rand.Read(state)
		n := &stores.Snapshot{Entity: counter, Log: log.Info().ID, Seq: seq, Time: time.UnixMilli(0).UTC(), State: state}
		if err := log.Save(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		got, errs, err := log.Load(t.Context(), []stores.EntityID{counter, {Type: "counter", ID: "b"}})
		if err != nil || errs[0] != nil || got[0] == nil || got[0].Seq != seq || !bytes.Equal(got[0].State, state) || got[1] != nil {
			t.Fatalf("%v, %v", errs, err)
		}
	}
	objects := func() (n int) {
		obs, err := s.js.ObjectStore(t.Context(), o.Stream+"_snapshots_large")
		if err != nil {
			t.Fatal(err)
		}
		list, err := obs.List(t.Context())
		if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
			t.Fatal(err)
		}
		return len(list)
	}
	save(1, 5<<20)
	save(2, 1<<20)
	if n := objects(); n != 1 {
		t.Errorf("%d objects for one snapshot", n)
	}
	older := &stores.Snapshot{Entity: counter, Log: log.Info().ID, Seq: 1, State: make([]byte, 2<<20)}
	if err := log.Save(t.Context(), older); err != nil || objects() != 1 {
		t.Errorf("an older one: %v, %d objects", err, objects())
	}
	save(3, 100)
	if n := objects(); n != 0 {
		t.Errorf("%d objects for none", n)
	}
	save(4, 3<<20)
	if err := log.Delete(t.Context(), counter); err != nil || objects() != 0 {
		t.Errorf("deleted: %v, %d objects", err, objects())
	}
	save(5, 3<<20)
	obs, err := s.js.ObjectStore(t.Context(), o.Stream+"_snapshots_large")
	if err != nil {
		t.Fatal(err)
	}
	list, err := obs.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := obs.Delete(t.Context(), list[0].Name); err != nil {
		t.Fatal(err)
	}
	snaps, errs, err := log.Load(t.Context(), []stores.EntityID{counter})
	if err != nil || snaps[0] != nil || !errors.Is(errs[0], stores.ErrCorrupt) {
		t.Errorf("without its object: %v, %v", errs, err)
	}
	save(6, 100)
}

// small is servers on which little is large.
var small = natstest.Options{MaxPayloadBytes: 64 << 10}

func largeSnapshot(seq uint64) *stores.Snapshot {
	return &stores.Snapshot{Entity: counter, Seq: seq, Time: time.UnixMilli(1), State: bytes.Repeat([]byte{byte(seq)}, 150<<10)}
}

func TestWhatIsLargerThanAMessageIsKeptInChunksThatFit(t *testing.T) {
	log := open(t, connect(t, natstest.Start(t, &small).URL()).options(t, ""))
	blob := bytes.Repeat([]byte("plugin"), 50<<10)
	d, err := log.PutBlob(t.Context(), blob)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := log.Blob(t.Context(), d); err != nil || !bytes.Equal(got, blob) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestALargeSnapshotIsWholeWhileAnotherReplacesIt(t *testing.T) {
	o := connect(t, natstest.Start(t, &small).URL()).options(t, "")
	a, b := open(t, o), open(t, o)
	if err := a.Save(t.Context(), largeSnapshot(1)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		for seq := uint64(2); seq < 60; seq++ {
			if err := a.Save(t.Context(), largeSnapshot(seq)); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for n, last := 0, uint64(0); ; n++ {
		select {
		case err := <-done:
			if err != nil || n == 0 {
				t.Errorf("after %d loads: %v", n, err)
			}
			return
		default:
		}
		snaps, errs, err := b.Load(t.Context(), []stores.EntityID{counter})
		if err != nil || errs[0] != nil || snaps[0] == nil || snaps[0].Seq < last {
			t.Fatalf("load %d: %v, %v", n, errs, err)
		}
		last = snaps[0].Seq
	}
}

func TestALargeSnapshotLeavesNothingBehind(t *testing.T) {
	s := connect(t, natstest.Start(t, &small).URL())
	o := s.options(t, "")
	log := open(t, o)
	for seq := range uint64(10) {
		if err := log.Save(t.Context(), largeSnapshot(seq+1)); err != nil {
			t.Fatal(err)
		}
	}
	state := func() jetstream.StreamState {
		return s.stream(t, "OBJ_"+o.Stream+"_snapshots_large").CachedInfo().State
	}
	if n := state().NumSubjects; n != 2 { // of one object's chunks and what it says about itself
		t.Errorf("%d subjects for one snapshot", n)
	}
	if err := log.Delete(t.Context(), counter); err != nil {
		t.Fatal(err)
	}
	if n := state().Msgs; n != 0 {
		t.Errorf("%d messages for none", n)
	}
}

// TestASnapshotThatMayHaveBeenSavedKeepsItsObject lets the bucket give no answer to a
// save, which is no proof that it did not take it.
func TestASnapshotThatMayHaveBeenSavedKeepsItsObject(t *testing.T) {
	config := `accounts: {A: {jetstream: enabled, users: [{user: host, password: x, permissions: {publish: {deny: ["$KV.*.counter.*"]}}}, {user: admin, password: x}]}}` + "\n"
	options := small
	options.Config, options.Connect = config, []nats.Option{nats.UserInfo("admin", "x")}
	server := natstest.Start(t, &options)
	s := connect(t, "nats://admin:x@"+server.Addr())
	o := s.options(t, "timeout=200ms")
	o.User = "host"
	log := open(t, o)
	if err := log.Save(t.Context(), largeSnapshot(1)); !errors.Is(err, stores.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	if n := s.stream(t, "OBJ_"+o.Stream+"_snapshots_large").CachedInfo().State.NumSubjects; n != 2 {
		t.Errorf("%d subjects", n)
	}
}

func TestASnapshotCanBeSavedAfterAnotherHostDeletedIt(t *testing.T) {
	o := connect(t, natstest.Start(t, nil).URL()).options(t, "")
	a, b := open(t, o), open(t, o)
	if err := a.Save(t.Context(), &stores.Snapshot{Entity: counter, Seq: 10}); err != nil {
		t.Fatal(err)
	}
	if err := b.Delete(t.Context(), counter); err != nil {
		t.Fatal(err)
	}
	if err := a.Save(t.Context(), &stores.Snapshot{Entity: counter, Seq: 5}); err != nil {
		t.Fatal(err)
	}
	for _, log := range []stores.SnapshotStore{a, b} {
		if snaps, _, err := log.Load(t.Context(), []stores.EntityID{counter}); err != nil || snaps[0] == nil || snaps[0].Seq != 5 {
			t.Errorf("%+v, %v", snaps, err)
		}
	}
}
