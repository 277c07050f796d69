package natsstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"

	"github.com/eshost/eshost/stores"
)

// A snapshot is the value of its entity's key. One that is larger than a message
// may be is an object, and the value is a zero byte, which no snapshot begins
// with, the log's id, its number in 8 bytes, and the object's name.
const largeHeader = 1 + 16 + 8

func snapshotKey(id stores.EntityID) string {
	return string(stores.AppendToken(append(stores.AppendToken(nil, id.Type), '.'), id.ID))
}

// revision is what is known of an entity's stored snapshot.
type revision struct {
	number uint64 // the bucket's, 0: it has none
	log    stores.LogID
	seq    uint64
	object string // its name; empty: the value itself
	there  bool
}

// revisions remembers some of what this process has saved and loaded: then a
// snapshot is saved without asking for the one before.
type revisions struct {
	mu  sync.Mutex
	all map[stores.EntityID]revision
}

// revisionsKept bounds revisions; past it all are forgotten.
const revisionsKept = 1 << 16

func (r *revisions) get(id stores.EntityID) (revision, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.all[id]
	return v, ok
}

func (r *revisions) set(id stores.EntityID, v revision) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) >= revisionsKept {
		clear(r.all)
	}
	r.all[id] = v
}

func (r *revisions) forget(id stores.EntityID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, id)
}

// savePatience is how often a snapshot that others save too is tried.
const savePatience = 20

// Save implements stores.SnapshotStore.
func (s *Store) Save(ctx context.Context, n *stores.Snapshot) error {
	if err := s.save(ctx, n); err != nil {
		return &stores.EntityError{Op: "save the snapshot of", Entity: n.Entity, Seq: n.Seq, Err: err}
	}
	return nil
}

func (s *Store) save(ctx context.Context, n *stores.Snapshot) error {
	if err := n.Entity.Validate(); err != nil {
		return err
	}
	leave, err := s.enter(ctx, UseSnapshots)
	if err != nil {
		return err
	}
	defer leave()
	if _, err := s.snapshots.open(ctx); err != nil {
		return err
	}
	key, value := snapshotKey(n.Entity), stores.AppendSnapshot(nil, n)
	object := ""
	if int64(len(value)) > s.nc.MaxPayload()-messageOverhead {
		object = key + "." + nuid.Next()
	}
	used := false // or it may be
	if object != "" {
		if err := s.large.put(ctx, object, value); err != nil {
			return err
		}
		defer func() {
			if !used {
				_ = s.large.remove(s.base, object)
			}
		}()
		value = appendLarge(nil, n, object)
	}
	for try := range savePatience {
		old, known := s.revisions.get(n.Entity)
		if !known {
			if old, err = s.stored(ctx, key, n.Entity); err != nil {
				return err
			}
		}
		if old.there && old.log == n.Log && old.seq > n.Seq {
			if !known {
				return nil
			}
			s.revisions.forget(n.Entity) // another host may have deleted it
			continue
		}
		written, now, err := s.snapshots.put(ctx, key, value, old.number)
		if err != nil {
			used = !errors.Is(err, stores.ErrTooLarge) // it may have been written, with this object
			s.revisions.forget(n.Entity)
			return err
		}
		if written {
			used = true
			s.revisions.set(n.Entity, revision{now, n.Log, n.Seq, object, true})
			if old.object != "" {
				_ = s.large.remove(ctx, old.object) // what stays costs room only
			}
			return nil
		}
		s.revisions.forget(n.Entity)
		if err := s.pause(ctx, time.Duration(try)*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: others save it at the same time", stores.ErrUnavailable)
}

// stored reads what there is of an entity's snapshot.
func (s *Store) stored(ctx context.Context, key string, id stores.EntityID) (revision, error) {
	e, err := s.snapshots.get(ctx, key)
	if err != nil || !e.there {
		return revision{number: e.revision}, err
	}
	return s.revise(id, e), nil
}

// revise says what a value is. One that cannot be read is as good as none.
func (s *Store) revise(id stores.EntityID, e entry) revision {
	r := revision{number: e.revision}
	if log, seq, object, ok := parseLarge(e.value); ok {
		r.log, r.seq, r.object, r.there = log, seq, object, true
	} else if snap, err := stores.DecodeSnapshot(e.value, id); err == nil {
		r.log, r.seq, r.there = snap.Log, snap.Seq, true
	}
	return r
}

func appendLarge(dst []byte, n *stores.Snapshot, object string) []byte {
	dst = append(append(dst, 0), n.Log[:]...)
	return append(binary.BigEndian.AppendUint64(dst, n.Seq), object...)
}

func parseLarge(b []byte) (log stores.LogID, seq uint64, object string, ok bool) {
	if len(b) <= largeHeader || b[0] != 0 {
		return log, 0, "", false
	}
	return stores.LogID(b[1:17]), binary.BigEndian.Uint64(b[17:]), string(b[largeHeader:]), true
}

// Load implements stores.SnapshotStore.
func (s *Store) Load(ctx context.Context, ids []stores.EntityID) (snaps []*stores.Snapshot, errs []error, err error) {
	if snaps, errs, err = s.load(ctx, ids); err != nil {
		return nil, nil, fmt.Errorf("load snapshots of %d entities: %w", len(ids), err)
	}
	return snaps, errs, nil
}

func (s *Store) load(ctx context.Context, ids []stores.EntityID) (snaps []*stores.Snapshot, errs []error, err error) {
	leave, err := s.enter(ctx, UseSnapshots)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	if _, err := s.snapshots.open(ctx); err != nil {
		return nil, nil, err
	}
	snaps, errs = make([]*stores.Snapshot, len(ids)), make([]error, len(ids))
	if len(ids) == 1 {
		e, err := s.snapshots.get(ctx, snapshotKey(ids[0]))
		if err == nil && e.there {
			snaps[0], errs[0], err = s.open1(ctx, ids[0], e)
		}
		return snaps, errs, err
	}
	places := make(map[string][]int, len(ids))
	subjects := make([]string, 0, len(ids))
	for i, id := range ids {
		subject := s.snapshots.subject(snapshotKey(id))
		if places[subject] == nil {
			subjects = append(subjects, subject)
		}
		places[subject] = append(places[subject], i)
	}
	err = s.lasts(ctx, s.snapshots.stream(), s.snapshots.subject(keyAlways), subjects, func(subject string, m *nats.Msg) error {
		if m.Header.Get(headerOperation) != "" {
			return nil
		}
		for _, i := range places[subject] {
			var err error
			if snaps[i], errs[i], err = s.open1(ctx, ids[i], entry{append([]byte(nil), m.Data...), true, sequence(m)}); err != nil {
				return err
			}
		}
		return nil
	})
	return snaps, errs, err
}

// open1 makes a snapshot of a value: bad says that it cannot be, err that the
// store did not answer.
func (s *Store) open1(ctx context.Context, id stores.EntityID, e entry) (snap *stores.Snapshot, bad, err error) {
	s.revisions.set(id, s.revise(id, e))
	value := e.value
	if _, _, object, ok := parseLarge(value); ok {
		value, err = s.large.get(ctx, object)
		if errors.Is(err, stores.ErrNotFound) || errors.Is(err, stores.ErrCorrupt) {
			// Another one may be saved by now, and this one's object gone.
			now, nerr := s.snapshots.get(ctx, snapshotKey(id))
			switch {
			case nerr != nil:
				return nil, nil, nerr
			case !now.there:
				return nil, nil, nil
			case now.revision != e.revision:
				return s.open1(ctx, id, now)
			}
			return nil, &stores.EntityError{Op: "load the snapshot of", Entity: id, Err: fmt.Errorf("%w: its object is missing or damaged: %w", stores.ErrCorrupt, err)}, nil
		}
		if err != nil {
			return nil, nil, err
		}
	}
	snap, bad = stores.DecodeSnapshot(value, id)
	if bad != nil {
		return nil, bad, nil
	}
	return snap, nil, nil
}

// Delete implements stores.SnapshotStore.
func (s *Store) Delete(ctx context.Context, id stores.EntityID) error {
	if err := s.delete(ctx, id); err != nil {
		return &stores.EntityError{Op: "delete the snapshot of", Entity: id, Err: err}
	}
	return nil
}

func (s *Store) delete(ctx context.Context, id stores.EntityID) error {
	if err := id.Validate(); err != nil {
		return err
	}
	leave, err := s.enter(ctx, UseSnapshots)
	if err != nil {
		return err
	}
	defer leave()
	if _, err := s.snapshots.open(ctx); err != nil {
		return err
	}
	key := snapshotKey(id)
	for {
		e, err := s.snapshots.get(ctx, key)
		if err != nil || !e.there {
			return err
		}
		removed, err := s.snapshots.remove(ctx, key, e.revision)
		s.revisions.forget(id)
		if err != nil {
			return err
		}
		if old := s.revise(id, e); removed && old.object != "" {
			return s.large.remove(ctx, old.object)
		}
		if removed {
			return nil
		}
		if err := s.pause(ctx, time.Millisecond); err != nil { // another one was saved
			return err
		}
	}
}
