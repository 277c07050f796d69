package natsstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/eshost/eshost/stores"
)

// Scan implements stores.Log. It reads the whole log and shows what the query
// selects: only so is a message that is missing noticed.
func (s *Store) Scan(ctx context.Context, q stores.Query) iter.Seq2[*stores.Record, error] {
	return func(yield func(*stores.Record, error) bool) {
		if err := s.scan(ctx, q, yield); err != nil {
			yield(nil, fmt.Errorf("scan the log: %w", err))
		}
	}
}

func (s *Store) scan(ctx context.Context, q stores.Query, yield func(*stores.Record, error) bool) error {
	leave, err := s.enter(ctx, UseLog)
	if err != nil {
		return err
	}
	defer leave()
	first, err := s.parsePlace(q.After)
	if err != nil {
		return err
	}
	last, err := s.lastOfLog(ctx, first)
	if err != nil {
		return err
	}
	end := seqOf(last)
	if first > end {
		return fmt.Errorf("position %s: %w: the log ends before it", q.After, stores.ErrPosition)
	}
	d := decoder{s: s}
	next := max(first, 1)
	return s.each(ctx, get{Seq: next}, end, func(m *nats.Msg) (more bool, err error) {
		if err := s.stop(ctx); err != nil {
			return false, err
		}
		seq, subject := sequence(m), m.Header.Get(jetstream.SubjectHeader)
		if seq != next {
			return false, fmt.Errorf("%w: message %d of stream %s is missing, the next one is %d", stores.ErrCorrupt, next, s.o.Stream, seq)
		}
		next++
		if s.subjects.isOwn(subject) || s.subjects.isOthers(subject) {
			if seq == first {
				return false, fmt.Errorf("position %s: %w: there is no record", q.After, stores.ErrPosition)
			}
			return true, nil
		}
		id, err := s.subjects.entity(subject)
		if err != nil {
			return false, fmt.Errorf("message %d of stream %s: %w", seq, s.o.Stream, err)
		}
		selected := selects(&q, id)
		if seq != first && !selected {
			return true, nil
		}
		rec, err := d.record(ctx, id, seq, m.Data)
		if err != nil {
			return false, err
		}
		if seq == first {
			if int(q.After.Event()) >= len(rec.Events) {
				return false, fmt.Errorf("position %s: %w: the commit has %d events", q.After, stores.ErrPosition, len(rec.Events))
			}
			if q.After == rec.Place || !selected {
				return true, nil
			}
		}
		return yield(rec, nil), nil
	})
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

// Head implements stores.Log.
func (s *Store) Head(ctx context.Context) (stores.Position, error) {
	leave, err := s.enter(ctx, UseLog)
	if err == nil {
		defer leave()
		var rec *stores.Record
		if rec, err = s.end(ctx); err == nil {
			if rec == nil {
				return stores.Position{}, nil
			}
			return rec.Place, nil
		}
	}
	return stores.Position{}, fmt.Errorf("read the head of the log: %w", err)
}

// end returns the log's last record, from the leader; nil: none. The stream's
// last message is nearly always it.
func (s *Store) end(ctx context.Context) (*stores.Record, error) {
	m, err := s.lastOfLog(ctx, 0)
	if err == nil && m != nil && !s.subjects.isRecord(m.Subject) {
		m, err = s.fromLeader(ctx, s.o.Stream, get{Last: s.subjects.records()})
	}
	switch {
	case errors.Is(err, errNoMessage):
		return nil, nil
	case err != nil:
		return nil, err
	case m == nil:
		return nil, nil
	}
	id, err := s.subjects.entity(m.Subject)
	if err != nil {
		return nil, fmt.Errorf("message %d of stream %s: %w", m.Seq, s.o.Stream, err)
	}
	d := decoder{s: s}
	rec, err := d.record(ctx, id, m.Seq, m.Data)
	if err == nil {
		s.changes.raise(m.Seq, len(rec.Events))
	}
	return rec, err
}

// Entities implements stores.Log. The server gives a type's subjects in no
// useful order: each call asks for all of them.
func (s *Store) Entities(ctx context.Context, typ, after string) iter.Seq2[stores.EntityID, error] {
	return func(yield func(stores.EntityID, error) bool) {
		fail := func(err error) {
			yield(stores.EntityID{}, fmt.Errorf("list entities of type %s: %w", typ, err))
		}
		var ids []string
		err := s.listed(ctx, s.subjects.ofType(typ), func(subject string) error {
			id, err := s.subjects.entity(subject)
			if id.ID > after {
				ids = append(ids, id.ID)
			}
			return err
		})
		if err != nil {
			fail(err)
			return
		}
		slices.Sort(ids)
		for _, id := range ids {
			if err := s.stop(ctx); err != nil {
				fail(err)
				return
			}
			if !yield(stores.EntityID{Type: typ, ID: id}, nil) {
				return
			}
		}
	}
}
