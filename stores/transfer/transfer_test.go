package transfer_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
	"github.com/eshost/eshost/stores/transfer"
)

// engine is all stores in one.
type engine interface {
	stores.Log
	stores.CheckpointStore
	stores.BlobStore
}

func whole(e engine) transfer.Store { return transfer.Store{Log: e, Blobs: e, Checkpoints: e} }

// memory returns a store in memory that insists on head tokens, as some engines do.
func memory(t testing.TB) *memstore.Store {
	s := memstore.New(&memstore.Options{CheckTokens: true})
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// writer appends commits that have all there is in a commit.
type writer struct {
	testing.TB
	log    stores.Log
	r      *rand.Rand
	seqs   map[stores.EntityID]stores.Head
	clock  int64
	events int
}

func newWriter(t testing.TB, log stores.Log) *writer {
	return &writer{TB: t, log: log, r: rand.New(rand.NewPCG(1, 2)), seqs: make(map[stores.EntityID]stores.Head), clock: 1763892000000}
}

// commit makes the entity's next commit.
func (w *writer) commit(id stores.EntityID) stores.Commit {
	head := w.seqs[id]
	w.clock += int64(w.r.IntN(100))
	c := stores.Commit{Entity: id, Expected: head.Seq, Head: head.Token, Time: time.UnixMilli(w.clock).UTC(), Plugin: stores.Digest{byte(w.r.IntN(3))}, Flags: stores.Flags(w.r.IntN(2))}
	for i := range c.ID {
		c.ID[i] = byte(w.r.Uint32())
	}
	for range 1 + w.r.IntN(3) {
		c.Events = append(c.Events, stores.Event{Name: fmt.Sprint("happened", w.r.IntN(5)), Version: uint32(w.r.IntN(3)), Payload: bytes.Repeat([]byte{byte(w.r.IntN(256))}, w.r.IntN(60))})
	}
	c.Commands = []stores.CommandRecord{{ID: fmt.Sprint("id", w.clock), Print: w.r.Uint64(), Name: "do", Payload: []byte{1, 2}, Meta: map[string]string{"principal": "ann", "trace": "1"},
		Events: uint32(len(c.Events)), Seq: c.Seq(), Reply: []byte("reply")}}
	return c
}

func (w *writer) write(id stores.EntityID) {
	w.Helper()
	c := w.commit(id)
	r := w.log.Append(context.Background(), stores.Fence{}, []stores.Commit{c})[0]
	if r.Outcome != stores.Applied {
		w.Fatalf("append: %s %v", r.Outcome, r.Err)
	}
	w.seqs[id] = stores.Head{Seq: c.Seq(), Token: r.Head}
	w.events += len(c.Events)
}

// fill writes commits of as many entities, eshost's own among them.
func (w *writer) fill(commits, entities int) {
	w.Helper()
	for range commits {
		n := w.r.IntN(entities)
		w.write(stores.EntityID{Type: []string{"counter", "order.line", "_deployments"}[n%3], ID: fmt.Sprintf("e %d/*.>é", n)})
	}
}

// filled returns a store with commits, plugins, blobs, a snapshot and a checkpoint.
func filled(t testing.TB, e engine, commits int) *writer {
	w := newWriter(t, e)
	w.fill(commits, 50)
	for _, b := range []string{"one plugin", "another plugin"} {
		if _, err := e.PutBlob(t.Context(), []byte(b)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// records returns all of a log: the streams by entity, without what the engine adds.
func records(t testing.TB, log stores.Log) map[stores.EntityID][]stores.Commit {
	t.Helper()
	all := make(map[stores.EntityID][]stores.Commit)
	for rec, err := range log.Scan(context.Background(), stores.Query{System: true}) {
		if err != nil {
			t.Fatal(err)
		}
		c := rec.Commit.Clone()
		c.Head = ""
		all[c.Entity] = append(all[c.Entity], *c)
	}
	return all
}
