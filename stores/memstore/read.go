package memstore

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/eshost/eshost/stores"
)

// Heads implements stores.Log.
func (s *Store) Heads(ctx context.Context, ids []stores.EntityID) ([]stores.Head, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the heads of %d entities: %w", len(ids), err)
	}
	defer unlock()
	heads := make([]stores.Head, len(ids))
	for i, id := range ids {
		if e := s.last(id); e != nil {
			heads[i] = stores.Head{Seq: e.seq(), Token: stores.HeadToken(e.name)}
		}
	}
	return heads, nil
}

// Read implements stores.Log.
func (s *Store) Read(ctx context.Context, id stores.EntityID, after uint64) iter.Seq2[*stores.Record, error] {
	return func(yield func(*stores.Record, error) bool) {
		unlock, err := s.lock(ctx)
		if err != nil {
			yield(nil, &stores.EntityError{Op: "read", Entity: id, Seq: after + 1, Err: err})
			return
		}
		r := reader{s: s, log: s.log, plugins: s.plugins}
		stream := s.streams[id]
		unlock()
		defer r.spoil()
		for _, i := range stream {
			e := &r.log[i]
			if e.seq() <= after {
				continue
			}
			rec, err := r.record(ctx, e)
			if err != nil {
				yield(nil, &stores.EntityError{Op: "read", Entity: id, Seq: e.expected + 1, Err: err})
				return
			}
			if !yield(rec, nil) {
				return
			}
		}
	}
}

// Scan implements stores.Log.
func (s *Store) Scan(ctx context.Context, q stores.Query) iter.Seq2[*stores.Record, error] {
	return func(yield func(*stores.Record, error) bool) {
		unlock, err := s.lock(ctx)
		if err != nil {
			yield(nil, fmt.Errorf("scan the log: %w", err))
			return
		}
		r := reader{s: s, log: s.log, plugins: s.plugins}
		first, err := s.after(q.After)
		unlock()
		if err != nil {
			yield(nil, fmt.Errorf("scan the log: %w", err))
			return
		}
		defer r.spoil()
		for i := first; i < len(r.log); i++ {
			e := &r.log[i]
			if !selects(&q, e.entity) {
				continue
			}
			rec, err := r.record(ctx, e)
			if err != nil {
				yield(nil, fmt.Errorf("scan the log at %s: %w", e.place(), err))
				return
			}
			if !yield(rec, nil) {
				return
			}
		}
	}
}

func selects(q *stores.Query, id stores.EntityID) bool {
	switch {
	case q.Type != "" && q.Type != id.Type:
		return false
	case q.Type == "" && !q.System && strings.HasPrefix(id.Type, "_"):
		return false
	}
	return q.Slices.Contains(id.Slice())
}

// Wait implements stores.Log.
func (s *Store) Wait(ctx context.Context, after stores.Position) error {
	for {
		unlock, err := s.lock(ctx)
		if err != nil {
			return fmt.Errorf("wait for records: %w", err)
		}
		i, err := s.after(after)
		more, changed := i < len(s.log), s.changed
		unlock()
		if err != nil {
			return fmt.Errorf("wait for records: %w", err)
		}
		if more {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// Head implements stores.Log.
func (s *Store) Head(ctx context.Context) (stores.Position, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return stores.Position{}, fmt.Errorf("read the head of the log: %w", err)
	}
	defer unlock()
	if len(s.log) == 0 {
		return stores.Position{}, nil
	}
	return s.log[len(s.log)-1].place(), nil
}

// Entities implements stores.Log.
func (s *Store) Entities(ctx context.Context, typ, after string) iter.Seq2[stores.EntityID, error] {
	return func(yield func(stores.EntityID, error) bool) {
		unlock, err := s.lock(ctx)
		var ids []string
		if err == nil {
			for id := range s.streams {
				if id.Type == typ && id.ID > after {
					ids = append(ids, id.ID)
				}
			}
			unlock()
		}
		slices.Sort(ids)
		for _, id := range ids {
			if err = ctx.Err(); err != nil {
				break
			}
			if !yield(stores.EntityID{Type: typ, ID: id}, nil) {
				return
			}
		}
		if err != nil {
			yield(stores.EntityID{}, fmt.Errorf("list entities of type %s: %w", typ, err))
		}
	}
}

// Kinds implements stores.Log.
func (s *Store) Kinds(ctx context.Context, typ string) ([]stores.Kind, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, fmt.Errorf("list kinds of events of type %s: %w", typ, err)
	}
	defer unlock()
	kinds := make([]stores.Kind, 0, len(s.kinds[typ]))
	for k := range s.kinds[typ] {
		kinds = append(kinds, k)
	}
	slices.SortFunc(kinds, stores.Kind.Compare)
	return kinds, nil
}

// lock takes the lock unless ctx has ended or the store is closed.
func (s *Store) lock(ctx context.Context) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, stores.ErrClosed
	}
	return s.mu.Unlock, nil
}

// reader decodes one record after the other into the same memory. It sees the
// log as it was at one moment: entries are never changed, so it needs no lock.
type reader struct {
	s       *Store
	log     []entry
	plugins []stores.Digest
	d       stores.Decoder
	rec     stores.Record
	buf     []byte
}

func (r *reader) record(ctx context.Context, e *entry) (*stores.Record, error) {
	unlock, err := r.s.lock(ctx)
	if err != nil {
		return nil, err
	}
	unlock()
	r.spoil()
	r.buf = append(r.buf[:0], e.record...)
	plugin, err := r.d.Record(r.buf, e.entity, e.expected, &r.rec)
	if err != nil {
		return nil, err
	}
	r.rec.Plugin, r.rec.Head, r.rec.Place = r.plugins[plugin], stores.HeadToken(e.name), e.place()
	return &r.rec, nil
}

// spoil overwrites the bytes of the record before: a caller that still looks at
// them is wrong, and shall find out here rather than over another engine.
func (r *reader) spoil() {
	for i := range r.buf {
		r.buf[i] = 0xc1 // no msgpack value begins with it
	}
}
