package natsstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/eshost/eshost/stores"
)

// lastsSize is how many subjects one request for last messages takes, less one
// for the subject that is always there.
const lastsSize = 1023

// Heads implements stores.Log.
func (s *Store) Heads(ctx context.Context, ids []stores.EntityID) ([]stores.Head, error) {
	heads, err := s.heads(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read the heads of %d entities: %w", len(ids), err)
	}
	return heads, nil
}

func (s *Store) heads(ctx context.Context, ids []stores.EntityID) ([]stores.Head, error) {
	leave, err := s.enter(ctx, UseLog)
	if err != nil {
		return nil, err
	}
	defer leave()
	heads := make([]stores.Head, len(ids))
	if len(ids) == 1 {
		rec, _, err := s.lastRecord(ctx, ids[0])
		if rec != nil {
			heads[0] = stores.Head{Seq: rec.Seq(), Token: rec.Head}
		}
		return heads, err
	}
	places := make(map[string][]int, len(ids)) // in ids, by subject
	names := make([]string, 0, len(ids))
	for i, id := range ids {
		name := s.subjects.record(id)
		if places[name] == nil {
			names = append(names, name)
		}
		places[name] = append(places[name], i)
	}
	d := decoder{s: s}
	err = s.lasts(ctx, s.o.Stream, s.subjects.store(), names, func(subject string, m *nats.Msg) error {
		at := places[subject]
		if len(at) == 0 {
			return nil
		}
		rec, err := d.record(ctx, ids[at[0]], sequence(m), m.Data)
		if err != nil {
			return err
		}
		for _, i := range at {
			heads[i] = stores.Head{Seq: rec.Seq(), Token: rec.Head}
		}
		return nil
	})
	return heads, err
}

// lastRecord returns the entity's last record, and its message, from the leader; nil: none.
func (s *Store) lastRecord(ctx context.Context, id stores.EntityID) (*stores.Record, *message, error) {
	m, err := s.fromLeader(ctx, s.o.Stream, get{Last: s.subjects.record(id)})
	if errors.Is(err, errNoMessage) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	d := decoder{s: s}
	rec, err := d.record(ctx, id, m.Seq, m.Data)
	return rec, m, err
}

// lasts calls f with the last message of each subject that has one. Any replica
// may answer, and says how far it is: it must have got as far as the leader had
// when it was asked, which is after this call began. That is all that was
// acknowledged before. The subject that is always there lets a replica
// answer so even where none of the others has a message. What comes in several
// parts is checked part by part.
func (s *Store) lasts(ctx context.Context, stream, always string, subjects []string, f func(subject string, m *nats.Msg) error) error {
	for len(subjects) > 0 {
		some := subjects[:min(len(subjects), lastsSize)]
		subjects = subjects[len(some):]
		g := get{MultiLast: append([]string{always}, some...), MaxBytes: fetchBytes, Batch: lastsSize + 1}
		var all []*nats.Msg
		err := s.retry(ctx, func() (err error) {
			all, err = s.lastsOnce(ctx, stream, g)
			return err
		})
		if err != nil {
			return err
		}
		for _, m := range all {
			if err := f(m.Header.Get(jetstream.SubjectHeader), m); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) lastsOnce(ctx context.Context, stream string, g get) (all []*nats.Msg, err error) {
	// The leader first: asked at the same time it would often be ahead, where others append meanwhile.
	m, err := s.last(ctx, stream)
	if err != nil {
		return nil, err
	}
	least := seqOf(m)
	if stream == s.o.Stream {
		least = max(least, s.changes.known()) // should the leader be a deposed one
	}
	// Each part may be another replica's. A subject that gets a message in between is in
	// a later part, with that one.
	for {
		part, err := s.fetch(ctx, stream, g)
		if err != nil {
			return nil, err
		}
		if len(part.messages) == 0 || part.upTo < least { // without a message it lacks what is there for sure
			return nil, fmt.Errorf("%w: a replica of stream %s lags behind its leader", stores.ErrUnavailable, stream)
		}
		all = append(all, part.messages...)
		if part.pending == 0 {
			return all, nil
		}
		g.Seq = sequence(part.messages[len(part.messages)-1]) + 1
	}
}
