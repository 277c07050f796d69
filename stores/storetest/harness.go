package storetest

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
)

// noon is the time of most commits.
var noon = time.Date(2026, 5, 1, 12, 0, 0, 123e6, time.UTC)

// patience ends a case whose store hangs. No law speaks of time.
const patience = time.Minute

// harness is one store in one case, and what it was made to hold.
type harness struct {
	testing.TB
	f      Factory
	ctx    context.Context
	s      Stores
	log    stores.Log
	closed bool // the case closed the store

	mu     sync.Mutex
	seqs   map[stores.EntityID]uint64
	tokens map[stores.EntityID]stores.HeadToken
	ids    uint64
}

func open(t testing.TB, f Factory) *harness {
	h := &harness{TB: t, f: f, seqs: make(map[stores.EntityID]uint64), tokens: make(map[stores.EntityID]stores.HeadToken)}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	h.ctx = ctx
	h.use(f.Open(t))
	t.Cleanup(func() {
		defer cancel()
		if h.log != nil && !h.closed {
			Verify(t, h.log)
		}
		if err := h.s.close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return h
}

func (h *harness) use(s Stores) { h.s, h.log = s, s.Log }

func (h *harness) reopen() {
	h.Helper()
	h.use(h.f.Reopen(h, h.s))
}

// within runs f in a goroutine of its own and fails the case if it hangs, which a context
// cannot prevent in a store that waits for a lock.
func (h *harness) within(what string, f func()) {
	h.Helper()
	done, returned := make(chan struct{}), false
	go func() {
		defer close(done)
		f()
		returned = true
	}()
	select {
	case <-done:
		if !returned { // f has given up the case
			h.FailNow()
		}
	case <-h.ctx.Done():
		h.closed = true // nothing more can be asked of it
		h.Fatalf("%s: hangs", what)
	}
}

func entity(typ, id string) stores.EntityID { return stores.EntityID{Type: typ, ID: id} }

// commit returns the entity's next commit, with one event for each payload.
func (h *harness) commit(id stores.EntityID, payloads ...string) stores.Commit {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ids++
	c := stores.Commit{Entity: id, Expected: h.seqs[id], Head: h.tokens[id], Time: noon, Plugin: stores.Digest{1, 2, 3}}
	binary.BigEndian.PutUint64(c.ID[8:], h.ids)
	for i, p := range payloads {
		c.Events = append(c.Events, stores.Event{Name: "increased", Version: 1, Payload: []byte(p)})
		c.Commands = append(c.Commands, stores.CommandRecord{Name: "increase", Payload: []byte("by " + p), Events: 1, Seq: c.Expected + uint64(i) + 1, Reply: []byte("now " + p)})
	}
	return c
}

// at returns the commit with another expected number.
func at(c stores.Commit, expected uint64) stores.Commit {
	c.Expected = expected
	return c
}

// append appends and remembers what was applied.
func (h *harness) append(commits ...stores.Commit) []stores.Result {
	h.Helper()
	return h.appendFenced(stores.Fence{}, commits...)
}

func (h *harness) appendFenced(fence stores.Fence, commits ...stores.Commit) []stores.Result {
	h.Helper()
	results := h.log.Append(h.ctx, fence, commits)
	if len(results) != len(commits) {
		h.Fatalf("append of %d commits gave %d results", len(commits), len(results))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, r := range results {
		if r.Outcome == stores.Applied {
			h.seqs[commits[i].Entity] = commits[i].Seq()
			h.tokens[commits[i].Entity] = r.Head
		}
	}
	return results
}

// want appends the commits in one call and fails the case if an outcome differs from o.
func (h *harness) want(o stores.Outcome, commits ...stores.Commit) []stores.Result {
	h.Helper()
	results := h.append(commits...)
	for i, r := range results {
		h.outcome(&commits[i], r, o)
	}
	return results
}

func (h *harness) outcome(c *stores.Commit, r stores.Result, o stores.Outcome) {
	h.Helper()
	if r.Outcome != o {
		h.Fatalf("append to %s with %d expected: %s (%v), want %s", c.Entity, c.Expected, r.Outcome, r.Err, o)
	}
	if settled := o == stores.Applied || o == stores.Duplicate; settled && (r.Place.IsZero() || int(r.Place.Event()) != len(c.Events)-1) {
		h.Errorf("append to %s with %d expected: %s at position %q, want that of event %d", c.Entity, c.Expected, o, r.Place, len(c.Events)-1)
	}
	if needs := o == stores.Unknown || o == stores.Refused || o == stores.Fenced || o == stores.TooLarge; needs && r.Err == nil {
		h.Errorf("append to %s with %d expected: %s without a word why", c.Entity, c.Expected, o)
	}
}

// fill appends one commit for each payload list, to the entity, and returns them as the
// log must show them.
func (h *harness) fill(id stores.EntityID, commits ...[]string) []*stores.Record {
	h.Helper()
	var all []*stores.Record
	for _, payloads := range commits {
		c := h.commit(id, payloads...)
		r := h.want(stores.Applied, c)[0]
		all = append(all, recorded(&c, r))
	}
	return all
}

// recorded is the record that an applied commit makes.
func recorded(c *stores.Commit, r stores.Result) *stores.Record {
	rec := &stores.Record{Commit: *c.Clone(), Place: r.Place}
	rec.Head = r.Head
	return rec
}

// collect returns clones of all records, taken after the next step has begun.
func (h *harness) collect(what string, seq iter.Seq2[*stores.Record, error]) []*stores.Record {
	h.Helper()
	all, err := gather(seq)
	if err != nil {
		h.Fatalf("%s: after %d records: %v", what, len(all), err)
	}
	return all
}

func gather(seq iter.Seq2[*stores.Record, error]) (all []*stores.Record, err error) {
	for rec, err := range seq {
		if err != nil {
			return all, err
		}
		all = append(all, normal(rec.Clone()))
	}
	return all, nil
}

// normal makes no difference between no elements and none: a store may give either.
func normal(r *stores.Record) *stores.Record {
	if len(r.Commands) == 0 {
		r.Commands = nil
	}
	return r
}

func (h *harness) read(id stores.EntityID, after uint64) []*stores.Record {
	h.Helper()
	return h.collect(fmt.Sprintf("read %s after %d", id, after), h.log.Read(h.ctx, id, after))
}

func (h *harness) scan(q stores.Query) []*stores.Record {
	h.Helper()
	return h.collect(fmt.Sprintf("scan %+v", q), h.log.Scan(h.ctx, q))
}

// same fails the case at the first record that differs.
func (h *harness) same(what string, got, want []*stores.Record) {
	h.Helper()
	for i := range min(len(got), len(want)) {
		if !reflect.DeepEqual(got[i], want[i]) {
			h.Fatalf("%s: record %d is\n%s, want\n%s", what, i, brief(got[i]), brief(want[i]))
		}
	}
	if len(got) != len(want) {
		h.Fatalf("%s: %d records, want %d", what, len(got), len(want))
	}
}

// brief is a record for a message.
func brief(r *stores.Record) string { return fmt.Sprintf("%.1000v", fmt.Sprintf("%+v", *r)) }

// only returns the records that keep holds for.
func only(all []*stores.Record, keep func(*stores.Record) bool) []*stores.Record {
	return slices.DeleteFunc(slices.Clone(all), func(r *stores.Record) bool { return !keep(r) })
}

func (h *harness) heads(ids ...stores.EntityID) []stores.Head {
	h.Helper()
	heads, err := h.log.Heads(h.ctx, ids)
	if err != nil || len(heads) != len(ids) {
		h.Fatalf("heads of %d entities: %d heads, error %v", len(ids), len(heads), err)
	}
	return heads
}

func (h *harness) head() stores.Position {
	h.Helper()
	p, err := h.log.Head(h.ctx)
	if err != nil {
		h.Fatalf("head of the log: %v", err)
	}
	return p
}

func (h *harness) entities(typ, after string) []stores.EntityID {
	h.Helper()
	var all []stores.EntityID
	for id, err := range h.log.Entities(h.ctx, typ, after) {
		if err != nil {
			h.Fatalf("entities of %s after %q: %v", typ, after, err)
		}
		all = append(all, id)
	}
	return all
}

func (h *harness) kinds(typ string) []stores.Kind {
	h.Helper()
	kinds, err := h.log.Kinds(h.ctx, typ)
	if err != nil {
		h.Fatalf("kinds of %s: %v", typ, err)
	}
	return kinds
}
