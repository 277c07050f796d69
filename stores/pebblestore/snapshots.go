package pebblestore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"github.com/eshost/eshost/stores"
)

// Save implements stores.SnapshotStore. Snapshots are not synced: the next
// durable write takes them along.
func (s *Store) Save(ctx context.Context, n *stores.Snapshot) error {
	fail := func(err error) error {
		return &stores.EntityError{Op: "save the snapshot of", Entity: n.Entity, Seq: n.Seq, Err: err}
	}
	if err := errors.Join(n.Entity.Validate(), ctx.Err()); err != nil {
		return fail(err)
	}
	have, err := s.get(snapshotKey(n.Entity))
	if err != nil {
		return fail(err)
	}
	if have != nil {
		if old, err := stores.DecodeSnapshot(have, n.Entity); err == nil && old.Log == n.Log && old.Seq > n.Seq {
			return nil
		}
	}
	if err := s.set(ctx, snapshotKey(n.Entity), stores.AppendSnapshot(nil, n), pebble.NoSync); err != nil {
		return fail(err)
	}
	return nil
}

// set writes one key, unless the store may not write.
func (s *Store) set(ctx context.Context, key, value []byte, o *pebble.WriteOptions) error {
	return s.writeOne(ctx, len(key)+len(value), func() error { return s.db.Set(key, value, o) })
}

// remove deletes one key.
func (s *Store) remove(ctx context.Context, key []byte, o *pebble.WriteOptions) error {
	return s.writeOne(ctx, len(key), func() error { return s.db.Delete(key, o) })
}

func (s *Store) writeOne(ctx context.Context, size int, write func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.writable(ctx, stores.Fence{}); err != nil {
		return err
	}
	if err := s.guard(write); err != nil {
		s.failed = err
		return fmt.Errorf("%w: %w", stores.ErrUnavailable, err)
	}
	s.disk.used(size)
	return nil
}

// Load implements stores.SnapshotStore.
func (s *Store) Load(ctx context.Context, ids []stores.EntityID) (snaps []*stores.Snapshot, errs []error, err error) {
	snaps, errs = make([]*stores.Snapshot, len(ids)), make([]error, len(ids))
	for i, id := range ids {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		value, err := s.get(snapshotKey(id))
		if err != nil {
			return nil, nil, fmt.Errorf("load snapshots: %w", err)
		}
		if value == nil {
			continue
		}
		if snaps[i], err = stores.DecodeSnapshot(value, id); err != nil {
			snaps[i], errs[i] = nil, err
		}
	}
	return snaps, errs, nil
}

// Delete implements stores.SnapshotStore.
func (s *Store) Delete(ctx context.Context, id stores.EntityID) error {
	if err := s.remove(ctx, snapshotKey(id), pebble.NoSync); err != nil {
		return &stores.EntityError{Op: "delete the snapshot of", Entity: id, Err: err}
	}
	return nil
}

func checkpointKey(name string) []byte { return append([]byte{spaceCheckpoint}, name...) }

// Checkpoint implements stores.CheckpointStore.
func (s *Store) Checkpoint(ctx context.Context, name string) (p stores.Position, err error) {
	if err = ctx.Err(); err == nil {
		var text []byte
		if text, err = s.get(checkpointKey(name)); err == nil {
			p, err = stores.ParsePosition(string(text))
		}
	}
	if err != nil {
		return p, fmt.Errorf("load checkpoint %q: %w", name, err)
	}
	return p, nil
}

// SaveCheckpoint implements stores.CheckpointStore.
func (s *Store) SaveCheckpoint(ctx context.Context, name string, p stores.Position) error {
	if err := s.set(ctx, checkpointKey(name), []byte(p.String()), pebble.Sync); err != nil {
		return fmt.Errorf("save checkpoint %q: %w", name, err)
	}
	return nil
}

// DeleteCheckpoint implements stores.CheckpointStore.
func (s *Store) DeleteCheckpoint(ctx context.Context, name string) error {
	if err := s.remove(ctx, checkpointKey(name), pebble.Sync); err != nil {
		return fmt.Errorf("delete checkpoint %q: %w", name, err)
	}
	return nil
}

func blobKey(d stores.Digest) []byte { return append([]byte{spaceBlob}, d[:]...) }

// PutBlob implements stores.BlobStore.
func (s *Store) PutBlob(ctx context.Context, b []byte) (stores.Digest, error) {
	d := stores.Digest(sha256.Sum256(b))
	if err := s.set(ctx, blobKey(d), b, pebble.Sync); err != nil {
		return d, fmt.Errorf("store blob %s: %w", d, err)
	}
	return d, nil
}

// Blob implements stores.BlobStore.
func (s *Store) Blob(ctx context.Context, d stores.Digest) ([]byte, error) {
	b, err := s.get(blobKey(d))
	switch {
	case err != nil:
	case ctx.Err() != nil:
		err = ctx.Err()
	case b == nil:
		err = stores.ErrNotFound
	case sha256.Sum256(b) != d:
		err = fmt.Errorf("%w: its bytes do not have this digest", stores.ErrCorrupt)
	}
	if err != nil {
		return nil, fmt.Errorf("load blob %s: %w", d, err)
	}
	return b, nil
}

// Blobs implements stores.BlobStore.
func (s *Store) Blobs(ctx context.Context) iter.Seq2[stores.Digest, error] {
	return func(yield func(stores.Digest, error) bool) {
		err := s.enter()
		if err == nil {
			defer s.readers.RUnlock()
			err = s.each([]byte{spaceBlob}, func(key, _ []byte) error {
				if err := s.stop(ctx); err != nil {
					return err
				}
				if !yield(stores.Digest(key[1:]), nil) {
					return errEnough
				}
				return nil
			})
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(stores.Digest{}, fmt.Errorf("list blobs: %w", err))
		}
	}
}

// errEnough ends a walk whose reader wants no more.
var errEnough = errors.New("enough")
