package pebblestore

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/eshost/eshost/stores"
)

// Scan implements stores.Log.
func (s *Store) Scan(ctx context.Context, q stores.Query) iter.Seq2[*stores.Record, error] {
	return func(yield func(*stores.Record, error) bool) {
		if err := s.scan(ctx, q, yield); err != nil {
			yield(nil, fmt.Errorf("scan the log: %w", err))
		}
	}
}

// scanner goes through the groups of the log.
type scanner struct {
	s       *Store
	ctx     context.Context
	q       stores.Query
	yield   func(*stores.Record, error) bool
	skip    uint64 // commits up to this number are not wanted...
	skipped uint32 // ...but for the events after this one of the last of them
	durable uint64
	records *pebble.Iterator
	key     []byte
	decoder stores.Decoder
	rec     stores.Record
}

func (s *Store) scan(ctx context.Context, q stores.Query, yield func(*stores.Record, error) bool) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.readers.RUnlock()
	c := &scanner{s: s, ctx: ctx, q: q, yield: yield, durable: s.durable.Load()}
	var err error
	if c.skip, err = s.commitAt(q.After, c.durable); err != nil {
		return err
	}
	c.skipped = q.After.Event()
	groups, err := s.iter([]byte{spaceGroup}, []byte{spaceGroup + 1})
	if err != nil {
		return s.readError(err)
	}
	defer groups.Close()
	if c.records, err = s.iter([]byte{spaceRecord}, []byte{spaceRecord + 1}); err != nil {
		return s.readError(err)
	}
	defer c.records.Close()
	ok := groups.SeekLT(groupKey(c.skip + 1)) // the group that holds the commit, of which more may be wanted
	if !ok {
		ok = groups.First()
	}
	next := uint64(0)
	for ; ok; ok = groups.Next() {
		first := binary.BigEndian.Uint64(groups.Key()[1:])
		if first > c.durable {
			break
		}
		if next != 0 && first != next {
			return fmt.Errorf("%w: commits %d to %d are missing", stores.ErrCorrupt, next, first-1)
		}
		if next, err = c.group(first, groups.Value()); err != nil || next == 0 {
			return err
		}
	}
	return s.readError(groups.Error())
}

// group yields what is wanted of a group. It returns the number after its
// last commit; 0 when the reader wants no more.
func (c *scanner) group(first uint64, value []byte) (next uint64, err error) {
	members, err := openGroup(value, first)
	for number := first; ; number++ {
		if err != nil {
			return 0, fmt.Errorf("%w: %w at commit %d", stores.ErrCorrupt, err, number)
		}
		if len(members) == 0 {
			return number, nil
		}
		var typ, id []byte
		var seq uint64
		if typ, id, seq, members, err = nextMember(members); err != nil || number < c.skip || !c.wants(typ, id) {
			continue
		}
		if err := c.s.stop(c.ctx); err != nil {
			return 0, err
		}
		if err := c.record(number, typ, id, seq); err != nil {
			return 0, err
		}
		if number == c.skip && c.skipped+1 >= uint32(len(c.rec.Events)) {
			continue
		}
		if !c.yield(&c.rec, nil) {
			return 0, nil
		}
	}
}

// wants reports whether the query selects the entity.
func (c *scanner) wants(typ, id []byte) bool {
	if c.q.Type == "" {
		if len(typ) > 0 && typ[0] == '_' && !c.q.System {
			return false
		}
	} else if string(typ) != c.q.Type {
		return false
	}
	return c.q.Slices.IsZero() || c.q.Slices.Contains(stores.EntityID{Type: string(typ), ID: string(id)}.Slice())
}

// record reads a member's record.
func (c *scanner) record(number uint64, typ, id []byte, first uint64) error {
	// The record decoded last often is of the same entity, or at least type.
	e := c.rec.Entity
	if e.Type != string(typ) {
		e.Type = string(typ)
	}
	if e.ID != string(id) {
		e.ID = string(id)
	}
	c.key = appendRecordKey(c.key[:0], e, first)
	fail := func(err error) error {
		return fmt.Errorf("commit %d: %w", number, &stores.EntityError{Op: "read", Entity: e, Seq: first, Err: err})
	}
	if !c.records.SeekGE(c.key) || !slices.Equal(c.records.Key(), c.key) {
		if err := c.records.Error(); err != nil {
			return fail(c.s.readError(err))
		}
		return fail(fmt.Errorf("%w: the record is missing", stores.ErrCorrupt))
	}
	found, err := c.s.decode(&c.decoder, c.records.Value(), e, first-1, &c.rec)
	if err != nil {
		return fail(err)
	}
	if found != number {
		return fail(fmt.Errorf("%w: the record belongs to commit %d", stores.ErrCorrupt, found))
	}
	c.rec.Place = c.s.place(number, len(c.rec.Events))
	return nil
}

// commitAt returns the number of the commit that a position is in.
func (s *Store) commitAt(p stores.Position, durable uint64) (uint64, error) {
	if p.IsZero() {
		return 0, nil
	}
	text, ours := strings.CutPrefix(p.Commit(), s.places)
	number, err := strconv.ParseUint(text, 10, 64)
	if !ours || err != nil || number == 0 || number > durable || strconv.FormatUint(number, 10) != text {
		return 0, fmt.Errorf("%w: %q", stores.ErrPosition, p)
	}
	return number, nil
}

// Head implements stores.Log.
func (s *Store) Head(ctx context.Context) (stores.Position, error) {
	if err := s.stop(ctx); err != nil {
		return stores.Position{}, fmt.Errorf("read the log's head: %w", err)
	}
	return *s.end.Load(), nil
}

// Wait implements stores.Log.
func (s *Store) Wait(ctx context.Context, after stores.Position) error {
	for {
		changed := s.change.next()
		if err := s.stop(ctx); err != nil {
			return fmt.Errorf("wait for commits: %w", err)
		}
		durable, end := s.durable.Load(), *s.end.Load()
		number, err := s.commitAt(after, durable)
		if err != nil {
			return fmt.Errorf("wait for commits: %w", err)
		}
		if number < durable || number == durable && number > 0 && end.Commit() == after.Commit() && after.Event() < end.Event() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for commits: %w", ctx.Err())
		}
	}
}

// change wakes those who wait for commits.
type change struct {
	mu     sync.Mutex
	ch     chan struct{}
	waited bool // somebody has asked for the channel
	closed bool
}

func (c *change) init() { c.ch = make(chan struct{}) }

// next returns a channel that is closed at the next change.
func (c *change) next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waited = true
	return c.ch
}

func (c *change) notify() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waited && !c.closed {
		close(c.ch)
		c.ch, c.waited = make(chan struct{}), false
	}
}

func (c *change) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed = true
		close(c.ch)
	}
}
