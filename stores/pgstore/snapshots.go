package pgstore

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/eshost/eshost/stores"
)

// Save implements stores.SnapshotStore. Snapshots are not synced: the next
// commit takes them along.
func (s *Store) Save(ctx context.Context, n *stores.Snapshot) error {
	err := n.Entity.Validate()
	if err == nil && n.Seq > math.MaxInt64 {
		err = errors.New("no entity has so many events")
	}
	if err == nil {
		err = s.write(ctx, false, s.sql.snapshotSave, n.Entity.Type, n.Entity.ID, pgtype.UUID{Bytes: n.Log, Valid: true}, int64(n.Seq), stores.AppendSnapshot(nil, n))
	}
	if err != nil {
		return &stores.EntityError{Op: "save the snapshot of", Entity: n.Entity, Seq: n.Seq, Err: err}
	}
	return nil
}

// write runs one statement that changes something. Unless it is to be
// durable, the server need not sync for its sake.
func (s *Store) write(ctx context.Context, durable bool, sql string, args ...any) error {
	ctx, leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if durable {
		_, err := s.pool.Exec(ctx, sql, args...)
		return s.failure(err)
	}
	b := &pgx.Batch{}
	b.Queue(`SELECT set_config('synchronous_commit', 'off', true)`)
	b.Queue(sql, args...)
	return s.failure(s.pool.SendBatch(ctx, b).Close())
}

// Load implements stores.SnapshotStore.
func (s *Store) Load(ctx context.Context, ids []stores.EntityID) (snaps []*stores.Snapshot, errs []error, err error) {
	ctx, leave, err := s.look(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("load snapshots: %w", err)
	}
	defer leave()
	snaps, errs = make([]*stores.Snapshot, len(ids)), make([]error, len(ids))
	if len(ids) == 0 {
		return snaps, errs, nil
	}
	types, names := split(ids)
	rows, err := s.pool.Query(ctx, s.sql.snapshotLoad, types, names)
	if err != nil {
		return nil, nil, fmt.Errorf("load snapshots: %w", s.failure(err))
	}
	var at int64
	var stored []byte
	_, err = pgx.ForEachRow(rows, []any{&at, &stored}, func() error {
		i := at - 1
		if snaps[i], errs[i] = stores.DecodeSnapshot(stored, ids[i]); errs[i] != nil {
			snaps[i] = nil
		}
		stored = nil // the snapshot has it now
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("load snapshots: %w", s.failure(err))
	}
	return snaps, errs, nil
}

// Delete implements stores.SnapshotStore.
func (s *Store) Delete(ctx context.Context, id stores.EntityID) error {
	err := id.Validate()
	if err == nil {
		err = s.write(ctx, false, s.sql.snapshotDelete, id.Type, id.ID)
	}
	if err != nil {
		return &stores.EntityError{Op: "delete the snapshot of", Entity: id, Err: err}
	}
	return nil
}
