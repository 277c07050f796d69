package memstore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/eshost/eshost/stores"
)

type snapshot struct {
	log   stores.LogID
	seq   uint64
	bytes []byte
}

// Save implements stores.SnapshotStore.
func (s *Store) Save(ctx context.Context, snap *stores.Snapshot) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return &stores.EntityError{Op: "save snapshot of", Entity: snap.Entity, Seq: snap.Seq, Err: err}
	}
	defer unlock()
	if old, ok := s.snapshots[snap.Entity]; ok && old.log == snap.Log && old.seq > snap.Seq {
		return nil
	}
	s.snapshots[snap.Entity] = snapshot{snap.Log, snap.Seq, stores.AppendSnapshot(nil, snap)}
	return nil
}

// Load implements stores.SnapshotStore.
func (s *Store) Load(ctx context.Context, ids []stores.EntityID) (snaps []*stores.Snapshot, errs []error, err error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("load snapshots of %d entities: %w", len(ids), err)
	}
	defer unlock()
	snaps, errs = make([]*stores.Snapshot, len(ids)), make([]error, len(ids))
	for i, id := range ids {
		if old, ok := s.snapshots[id]; ok {
			snaps[i], errs[i] = stores.DecodeSnapshot(bytes.Clone(old.bytes), id)
		}
	}
	return snaps, errs, nil
}

// Delete implements stores.SnapshotStore.
func (s *Store) Delete(ctx context.Context, id stores.EntityID) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return &stores.EntityError{Op: "delete snapshot of", Entity: id, Err: err}
	}
	defer unlock()
	delete(s.snapshots, id)
	return nil
}
