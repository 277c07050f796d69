package pebblestore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strconv"

	"github.com/cockroachdb/pebble/v2"

	"github.com/eshost/eshost/stores"
)

// writeBuffers are reused from one durable write to the next.
type writeBuffers struct {
	batch    *pebble.Batch
	key      []byte
	value    []byte
	group    []byte
	accepted []accepted
	names    names
	claims   [admitSize]claimed

	// What most commits have in common with one before.
	hasPlugin bool
	plugin    stores.Digest
	number    uint32 // of the plugin
	kinds     [4]kindOf
	nextKind  int // index of the oldest in kinds
}

// admitSize is how many commits are looked up before the first of them is admitted.
const admitSize = 32

// accepted is a commit of a durable write that passed its checks.
type accepted struct {
	index int // in the call's commits
	head  headKey
	seq   uint64
}

// keepBatch is the largest batch whose memory is kept for the next write.
const keepBatch = 8 << 20

// Append implements stores.Log. One call is one durable write.
func (s *Store) Append(ctx context.Context, fence stores.Fence, commits []stores.Commit) []stores.Result {
	results := make([]stores.Result, len(commits))
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.writable(ctx, fence); err != nil {
		refuse(commits, results, err)
		return results
	}
	w := &s.write
	if w.batch == nil {
		w.batch = s.db.NewBatchWithSize(64 << 10)
	}
	w.group, w.accepted = w.group[:0], w.accepted[:0]
	first := s.next
	s.heads.begin()
	for from := 0; from < len(commits); from += admitSize {
		some := commits[from:min(from+admitSize, len(commits))]
		claims := s.claim(some)
		for i := range some {
			results[from+i] = s.admit(&some[i], &claims[i], from+i)
		}
	}
	if len(w.accepted) == 0 {
		return results // what the batch may hold, the digest of a plugin, belongs to the next write
	}
	s.commit(first, commits, results)
	if w.batch != nil && w.batch.Len() > keepBatch {
		_ = w.batch.Close()
		w.batch = nil
	} else if w.batch != nil {
		w.batch.Reset()
	}
	return results
}

// writable says why nothing may be written now.
func (s *Store) writable(ctx context.Context, fence stores.Fence) error {
	switch {
	case s.closing.Load():
		return stores.ErrClosed
	case s.failed != nil:
		return fmt.Errorf("%w: an earlier write failed, restart the process: %w", stores.ErrUnavailable, s.failed)
	case fence.Epoch != 0:
		return fmt.Errorf("%w: this store belongs to one process and knows no fences", stores.ErrUnavailable)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return s.disk.check()
}

func refuse(commits []stores.Commit, results []stores.Result, err error) {
	for i := range commits {
		results[i] = stores.Result{Outcome: stores.Refused, Err: &stores.EntityError{Op: "append to", Entity: commits[i].Entity, Seq: commits[i].Expected + 1, Err: err}}
	}
}

var errTwice = errors.New("two commits of one entity in one append")

// claim looks commits' entities up. It goes through all of them at once because hardly
// anything of a commit is in a processor's cache: so they are fetched at the same time, not one after the other.
func (s *Store) claim(commits []stores.Commit) []claimed {
	claims := s.write.claims[:len(commits)]
	var t typeKey
	for i := range commits {
		c := &commits[i]
		if t.cache == nil || t.typ != c.Entity.Type {
			t = s.heads.typeKey(c.Entity.Type)
		}
		claims[i] = claimed{key: t.key(c.Entity.ID)}
		touch(c)
	}
	s.heads.claimKnown(claims)
	return claims
}

// touch reads a part of what AppendRecord will need of a commit.
//
//go:noinline
func touch(c *stores.Commit) (n int) {
	if len(c.Events) > 0 {
		n += len(c.Events[0].Name)
		if p := c.Events[0].Payload; len(p) > 0 {
			n += int(p[0])
		}
	}
	if len(c.Commands) > 0 {
		n += len(c.Commands[0].Name)
	}
	return n
}

// admit checks a commit and puts it into the batch.
func (s *Store) admit(c *stores.Commit, claim *claimed, index int) stores.Result {
	refused := func(o stores.Outcome, err error) stores.Result {
		return stores.Result{Outcome: o, Err: &stores.EntityError{Op: "append to", Entity: c.Entity, Seq: c.Expected + 1, Err: err}}
	}
	if len(c.Events) == 0 {
		return refused(stores.Refused, errors.New("a commit without events"))
	}
	if err := c.Entity.Validate(); err != nil { // also where the head is known: Heads takes any id
		return refused(stores.Refused, err)
	}
	if !claim.known {
		seq, err := s.head(claim.key, c.Entity)
		if err != nil {
			return refused(stores.Refused, err)
		}
		claim.seq, claim.twice = seq, s.heads.claim(claim.key, seq)
	}
	if claim.twice {
		return refused(stores.Refused, errTwice)
	}
	if claim.seq != c.Expected {
		return s.mismatch(c)
	}
	w := &s.write
	w.key = appendRecordKey(w.key[:0], c.Entity, c.Expected+1)
	w.value = binary.AppendUvarint(w.value[:0], s.next)
	w.value = stores.AppendRecord(w.value, c, s.pluginNumber(&c.Plugin))
	if len(w.value) > s.info.MaxCommit {
		return refused(stores.TooLarge, fmt.Errorf("%w: a record of %d bytes, at most %d", stores.ErrTooLarge, len(w.value), s.info.MaxCommit))
	}
	s.noteKinds(c)
	_ = w.batch.Set(w.key, w.value, nil) // an open batch takes everything
	w.group = appendMember(w.group, c.Entity, c.Expected+1)
	w.accepted = append(w.accepted, accepted{index, claim.key, c.Seq()})
	s.next++
	return stores.Result{}
}

// mismatch tells a duplicate from a conflict.
func (s *Store) mismatch(c *stores.Commit) stores.Result {
	value, closer, err := s.db.Get(appendRecordKey(nil, c.Entity, c.Expected+1))
	if err != nil {
		return stores.Result{Outcome: stores.Conflict}
	}
	defer closer.Close()
	var rec stores.Record
	number, err := s.decode(new(stores.Decoder), value, c.Entity, c.Expected, &rec)
	if err != nil || rec.ID != c.ID {
		return stores.Result{Outcome: stores.Conflict}
	}
	return stores.Result{Outcome: stores.Duplicate, Place: s.place(number, len(rec.Events))}
}

// commit writes the batch, and gives its commits their results once it is durable.
func (s *Store) commit(first uint64, commits []stores.Commit, results []stores.Result) {
	w := &s.write
	w.group = closeGroup(w.group, first)
	_ = w.batch.Set(groupKey(first), w.group, nil)
	sync := pebble.Sync
	if s.o.NoSync {
		sync = pebble.NoSync
	}
	size := w.batch.Len()
	if err := s.guard(func() error { return w.batch.Commit(sync) }); err != nil {
		s.failed = err
		w.batch = nil
		s.o.Logger.Error("the store failed and will not write any more: restart the process", "dir", s.dir, "error", err)
		for _, a := range w.accepted {
			results[a.index] = stores.Result{Outcome: stores.Unknown, Err: &stores.EntityError{Op: "append to", Entity: commits[a.index].Entity,
				Seq: commits[a.index].Expected + 1, Err: fmt.Errorf("%w: %w", stores.ErrUnavailable, err)}}
		}
		return
	}
	s.disk.used(size)
	s.stats.writes.Add(1)
	s.stats.commits.Add(uint64(len(w.accepted)))
	s.stats.bytes.Add(uint64(size))
	s.heads.raise(w.accepted)
	names := s.names(first, len(w.accepted))
	for i, a := range w.accepted {
		events := uint32(len(commits[a.index].Events))
		results[a.index] = stores.Result{Outcome: stores.Applied, Place: stores.NewPosition(names.name(i), events-1)}
	}
	last := results[w.accepted[len(w.accepted)-1].index].Place
	s.durable.Store(s.next - 1) // first: a position that Head gave must be one that Scan takes
	s.end.Store(&last)
	s.change.notify()
}

// fatal is what the logger panics with when Pebble reports that it cannot go on.
type fatal struct{ text string }

func (f fatal) Error() string { return f.text }

// guard runs a write. Pebble reports a failed commit to its logger as fatal,
// expecting the process to end; here the panic that the logger makes of it is
// caught, and the store refuses to write from then on.
func (s *Store) guard(write func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case fatal:
			err = p
		case runtime.Error:
			panic(p)
		default:
			err = fmt.Errorf("%v", p)
		}
	}()
	return write()
}

// names are the names of the places of a write's commits, in one string
// instead of one each: most are never looked at.
type names struct {
	all  string
	ends []int // of each name in all
}

func (n *names) name(i int) string {
	if i == 0 {
		return n.all[:n.ends[0]]
	}
	return n.all[n.ends[i-1]:n.ends[i]]
}

// names returns the names of count commits. They are valid until the next call.
func (s *Store) names(first uint64, count int) *names {
	w := &s.write
	w.value, w.names.ends = w.value[:0], w.names.ends[:0]
	for i := range count {
		w.value = strconv.AppendUint(append(w.value, s.places...), first+uint64(i), 10)
		w.names.ends = append(w.names.ends, len(w.value))
	}
	w.names.all = string(w.value)
	return &w.names
}

// place is the position of the last of a commit's events.
func (s *Store) place(number uint64, events int) stores.Position {
	return stores.NewPosition(s.places+strconv.FormatUint(number, 10), uint32(events-1))
}
