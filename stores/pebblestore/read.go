package pebblestore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"

	"github.com/eshost/eshost/stores"
)

// enter begins a read. Unless it returns an error, the caller must call
// s.readers.RUnlock when it is done.
func (s *Store) enter() error {
	s.readers.RLock()
	if s.closing.Load() {
		s.readers.RUnlock()
		return stores.ErrClosed
	}
	return nil
}

// decode decodes a record's value. It returns the number of its commit.
func (s *Store) decode(d *stores.Decoder, value []byte, id stores.EntityID, expected uint64, rec *stores.Record) (number uint64, err error) {
	number, n := binary.Uvarint(value)
	if n <= 0 {
		return 0, fmt.Errorf("%w: a record without a number", stores.ErrCorrupt)
	}
	plugin, err := d.Record(value[n:], id, expected, rec)
	if err != nil {
		return 0, err
	}
	digests := *s.digests.Load()
	if int(plugin) >= len(digests) {
		return 0, fmt.Errorf("%w: the record names plugin number %d of %d", stores.ErrCorrupt, plugin, len(digests))
	}
	rec.Plugin = digests[plugin]
	return number, nil
}

// head returns the entity's durable head. The caller holds the lock, so that
// everything applied is durable.
func (s *Store) head(k headKey, id stores.EntityID) (uint64, error) {
	if seq, ok := s.heads.get(k); ok {
		return seq, nil
	}
	epoch := s.heads.epoch()
	l, err := s.look()
	if err != nil {
		return 0, err
	}
	defer l.close()
	seq, err := l.head(id, math.MaxUint64)
	if err == nil {
		s.heads.learn(k, seq, epoch)
	}
	return seq, err
}

// Heads implements stores.Log.
func (s *Store) Heads(ctx context.Context, ids []stores.EntityID) ([]stores.Head, error) {
	if err := s.enter(); err != nil {
		return nil, fmt.Errorf("read heads: %w", err)
	}
	defer s.readers.RUnlock()
	heads := make([]stores.Head, len(ids))
	var l *lookup
	epoch := s.heads.epoch()
	for i, id := range ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		k := s.heads.key(id)
		if seq, ok := s.heads.get(k); ok {
			heads[i].Seq = seq
			continue
		}
		if l == nil {
			var err error
			if l, err = s.look(); err != nil {
				return nil, fmt.Errorf("read heads: %w", err)
			}
			defer l.close()
		}
		seq, err := l.head(id, l.durable)
		if err != nil {
			return nil, err
		}
		heads[i].Seq = seq
		s.heads.learn(k, seq, epoch)
	}
	return heads, nil
}

// lookup finds heads of entities that are not remembered.
type lookup struct {
	s       *Store
	it      *pebble.Iterator
	durable uint64 // when it began
	key     []byte
	rec     stores.Record
	decoder stores.Decoder
}

func (s *Store) look() (*lookup, error) {
	durable := s.durable.Load()
	it, err := s.iter([]byte{spaceRecord}, []byte{spaceRecord + 1})
	if err != nil {
		return nil, s.readError(err)
	}
	return &lookup{s: s, it: it, durable: durable}, nil
}

func (l *lookup) close() { _ = l.it.Close() }

// head returns the number of the entity's last event in a commit that is not
// above the limit. That an entity has none is mostly answered by a bloom filter.
func (l *lookup) head(id stores.EntityID, limit uint64) (uint64, error) {
	l.key = appendRecordKey(l.key[:0], id, 0)
	if !l.it.SeekPrefixGE(l.key) {
		return 0, l.s.readError(l.it.Error())
	}
	prefix := len(l.key) - seqBytes
	l.key = binary.BigEndian.AppendUint64(l.key[:prefix], math.MaxUint64)
	for ok := l.it.SeekLT(l.key); ok; ok = l.it.Prev() {
		_, _, first, _ := splitRecordKey(l.it.Key())
		if !slices.Equal(l.it.Key()[:len(l.it.Key())-seqBytes], l.key[:prefix]) {
			break
		}
		number, err := l.s.decode(&l.decoder, l.it.Value(), id, first-1, &l.rec)
		if err != nil {
			return 0, &stores.EntityError{Op: "read the head of", Entity: id, Seq: first, Err: err}
		}
		if number <= limit {
			return first - 1 + uint64(len(l.rec.Events)), nil
		}
	}
	return 0, l.s.readError(l.it.Error())
}

// Read implements stores.Log.
func (s *Store) Read(ctx context.Context, id stores.EntityID, after uint64) iter.Seq2[*stores.Record, error] {
	return func(yield func(*stores.Record, error) bool) {
		if err := s.read(ctx, id, after, yield); err != nil {
			yield(nil, err)
		}
	}
}

// read yields records until it is told to stop or something fails.
func (s *Store) read(ctx context.Context, id stores.EntityID, after uint64, yield func(*stores.Record, error) bool) error {
	fail := func(seq uint64, err error) error {
		return &stores.EntityError{Op: "read", Entity: id, Seq: seq, Err: err}
	}
	if err := id.Validate(); err != nil {
		return fail(0, err)
	}
	if err := s.enter(); err != nil {
		return fail(0, err)
	}
	defer s.readers.RUnlock()
	if after == math.MaxUint64 {
		return ctx.Err()
	}
	durable := s.durable.Load()
	prefix := appendRecordPrefix(nil, id)
	it, err := s.iter(prefix, behind(prefix))
	if err != nil {
		return fail(0, s.readError(err))
	}
	defer it.Close()
	// The record that holds the event after the number begins at it or before.
	start := appendRecordKey(nil, id, after+1)
	ok := it.SeekGE(start)
	if after > 0 && (!ok || !slices.Equal(it.Key(), start)) {
		ok = it.SeekLT(start)
		if !ok {
			ok = it.First()
		}
	}
	var d stores.Decoder
	var rec stores.Record
	read := uint64(0)
	for ; ok; ok = it.Next() {
		if err := s.stop(ctx); err != nil {
			return err
		}
		_, _, first, ok := splitRecordKey(it.Key())
		if !ok || first == 0 {
			return fail(read+1, fmt.Errorf("%w: the key %q is not a record's", stores.ErrCorrupt, it.Key()))
		}
		number, err := s.decode(&d, it.Value(), id, first-1, &rec)
		if err != nil {
			return fail(first, err)
		}
		if number > durable {
			break
		}
		if read > 0 && first != read+1 || read == 0 && first > after+1 {
			return fail(max(read, after)+1, fmt.Errorf("%w: the record is missing, the next one begins at %d", stores.ErrCorrupt, first))
		}
		read = rec.Seq()
		if read <= after {
			continue
		}
		rec.Place = s.place(number, len(rec.Events))
		if !yield(&rec, nil) {
			return nil
		}
	}
	if err := it.Error(); err != nil {
		return fail(read+1, s.readError(err))
	}
	return nil
}

// stop says why a read must not go on.
func (s *Store) stop(ctx context.Context) error {
	if s.closing.Load() {
		return stores.ErrClosed
	}
	return ctx.Err()
}

// Entities implements stores.Log.
func (s *Store) Entities(ctx context.Context, typ, after string) iter.Seq2[stores.EntityID, error] {
	return func(yield func(stores.EntityID, error) bool) {
		if err := s.entities(ctx, typ, after, yield); err != nil {
			yield(stores.EntityID{}, fmt.Errorf("list entities of type %s: %w", typ, err))
		}
	}
}

// entities skips from one entity to the next by seeks.
func (s *Store) entities(ctx context.Context, typ, after string, yield func(stores.EntityID, error) bool) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.readers.RUnlock()
	durable := s.durable.Load()
	low := append(append([]byte{spaceRecord}, typ...), 0)
	it, err := s.iter(low, behind(low))
	if err != nil {
		return s.readError(err)
	}
	defer it.Close()
	key := low
	if after != "" {
		key = behind(appendRecordPrefix(nil, stores.EntityID{Type: typ, ID: after}))
	}
	var d stores.Decoder
	var rec stores.Record
	for ok := it.SeekGE(key); ok; ok = it.SeekGE(key) {
		if err := s.stop(ctx); err != nil {
			return err
		}
		_, id, first, ok := splitRecordKey(it.Key())
		if !ok || first == 0 {
			return fmt.Errorf("%w: the key %q is not a record's", stores.ErrCorrupt, it.Key())
		}
		e := stores.EntityID{Type: typ, ID: string(id)}
		number, err := s.decode(&d, it.Value(), e, first-1, &rec)
		if err != nil {
			return &stores.EntityError{Op: "read", Entity: e, Seq: first, Err: err}
		}
		if number <= durable && !yield(e, nil) {
			return nil
		}
		key = behind(appendRecordPrefix(key[:0:0], e))
	}
	return s.readError(it.Error())
}

// Kinds implements stores.Log.
func (s *Store) Kinds(ctx context.Context, typ string) ([]stores.Kind, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return nil, fmt.Errorf("list kinds of type %s: %w", typ, stores.ErrClosed)
	}
	var kinds []stores.Kind
	for k := range s.kinds {
		if k.typ == typ {
			kinds = append(kinds, k.Kind)
		}
	}
	slices.SortFunc(kinds, func(a, b stores.Kind) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return int(int64(a.Version) - int64(b.Version))
	})
	return kinds, nil
}

// get returns a copy of a key's value; nil when there is none.
func (s *Store) get(key []byte) ([]byte, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.readers.RUnlock()
	value, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, s.readError(err)
	}
	defer closer.Close()
	return append([]byte{}, value...), nil
}
