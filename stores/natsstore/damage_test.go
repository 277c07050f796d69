package natsstore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore"
	"github.com/eshost/eshost/stores/natsstore/natstest"
)

// TestADeletedLastMessageIsNotTheEndOfAnEmptyLog deletes the last message of a stream
// that lets one.
func TestADeletedLastMessageIsNotTheEndOfAnEmptyLog(t *testing.T) {
	s := connect(t, natstest.Start(t, nil).URL())
	o := s.options(t, "timeout=200ms")
	s.unprotected(t, o)
	o.Use, o.NoSetup = natsstore.UseLog, true
	log := open(t, o)
	for n := range uint64(2) {
		if r := append1(t.Context(), log, commitOf(counter, n, "", "x")); r.Outcome != stores.Applied {
			t.Fatalf("%+v", r)
		}
	}
	last := s.stream(t, o.Stream).CachedInfo().State.LastSeq
	if err := s.stream(t, o.Stream).DeleteMsg(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	errs := make(map[string]error)
	for _, err := range log.Scan(t.Context(), stores.Query{}) {
		errs["scan"] = err
	}
	_, errs["head"] = log.Head(t.Context())
	errs["wait"] = open(t, o).Wait(t.Context(), stores.Position{})
	_, errs["heads"] = log.Heads(t.Context(), []stores.EntityID{counter, {Type: "counter", ID: "b"}})
	for what, err := range errs {
		if !errors.Is(err, stores.ErrCorrupt) || !strings.Contains(err.Error(), fmt.Sprintf("number %d", last)) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAPositionBehindTheEndIsNone(t *testing.T) {
	log := open(t, connect(t, natstest.Start(t, nil).URL()).options(t, "timeout=100ms"))
	if r := append1(t.Context(), log, commitOf(counter, 0, "", "x")); r.Outcome != stores.Applied {
		t.Fatalf("%+v", r)
	}
	behind := stores.NewPosition(natsstore.LogToken(log.Info().ID)+".1000", 0)
	n := 0
	for _, err := range log.Scan(t.Context(), stores.Query{After: behind}) {
		if n++; !errors.Is(err, stores.ErrPosition) {
			t.Errorf("%v", err)
		}
	}
	if n != 1 {
		t.Errorf("%d steps", n)
	}
}

func TestACommitOfAnotherNumberIsNoDuplicate(t *testing.T) {
	log := open(t, connect(t, natstest.Start(t, nil).URL()).options(t, ""))
	two := commitOf(counter, 0, "", "x")
	two.Events = append(two.Events, two.Events[0])
	if r := append1(t.Context(), log, two); r.Outcome != stores.Applied {
		t.Fatalf("%+v", r)
	}
	one := commitOf(counter, 1, "", "x")
	one.ID = two.ID
	if r := append1(t.Context(), log, one); r.Outcome != stores.Conflict {
		t.Errorf("%+v", r)
	}
}

// TestObjectsWhoseBytesDoNotFitAreDamaged changes what an object says of itself.
func TestObjectsWhoseBytesDoNotFitAreDamaged(t *testing.T) {
	s := connect(t, natstest.Start(t, nil).URL())
	o := s.options(t, "timeout=500ms")
	log := open(t, o)
	d, err := log.PutBlob(t.Context(), []byte("a plugin"))
	if err != nil {
		t.Fatal(err)
	}
	stream := s.stream(t, "OBJ_"+o.Stream+"_blobs")
	m, err := stream.GetLastMsgForSubject(t.Context(), "$O."+o.Stream+"_blobs.M.>")
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []string{`"size":80`, `"size":3`} {
		data := strings.Replace(string(m.Data), `"size":8`, size, 1)
		if data == string(m.Data) {
			t.Fatalf("%s", data)
		}
		if _, err := s.js.Publish(t.Context(), m.Subject, []byte(data)); err != nil {
			t.Fatal(err)
		}
		if _, err := log.Blob(t.Context(), d); !errors.Is(err, stores.ErrCorrupt) {
			t.Errorf("%s: %v", size, err)
		}
	}
}
