package memstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"slices"

	"github.com/eshost/eshost/stores"
)

// Checkpoint implements stores.CheckpointStore.
func (s *Store) Checkpoint(ctx context.Context, name string) (stores.Position, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return stores.Position{}, fmt.Errorf("read checkpoint %q: %w", name, err)
	}
	defer unlock()
	return s.checkpoints[name], nil
}

// SaveCheckpoint implements stores.CheckpointStore.
func (s *Store) SaveCheckpoint(ctx context.Context, name string, p stores.Position) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return fmt.Errorf("save checkpoint %q: %w", name, err)
	}
	defer unlock()
	s.checkpoints[name] = p
	return nil
}

// DeleteCheckpoint implements stores.CheckpointStore.
func (s *Store) DeleteCheckpoint(ctx context.Context, name string) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return fmt.Errorf("delete checkpoint %q: %w", name, err)
	}
	defer unlock()
	delete(s.checkpoints, name)
	return nil
}

// PutBlob implements stores.BlobStore.
func (s *Store) PutBlob(ctx context.Context, b []byte) (stores.Digest, error) {
	d := stores.Digest(sha256.Sum256(b))
	unlock, err := s.lock(ctx)
	if err != nil {
		return stores.Digest{}, fmt.Errorf("put blob %s: %w", d, err)
	}
	defer unlock()
	s.blobs[d] = bytes.Clone(b)
	return d, nil
}

// Blob implements stores.BlobStore.
func (s *Store) Blob(ctx context.Context, d stores.Digest) ([]byte, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w", d, err)
	}
	defer unlock()
	b, ok := s.blobs[d]
	if !ok {
		return nil, fmt.Errorf("read blob %s: %w", d, stores.ErrNotFound)
	}
	if sha256.Sum256(b) != d {
		return nil, fmt.Errorf("read blob %s: %w: the bytes have another digest", d, stores.ErrCorrupt)
	}
	return bytes.Clone(b), nil
}

// Blobs implements stores.BlobStore.
func (s *Store) Blobs(ctx context.Context) iter.Seq2[stores.Digest, error] {
	return func(yield func(stores.Digest, error) bool) {
		unlock, err := s.lock(ctx)
		if err != nil {
			yield(stores.Digest{}, fmt.Errorf("list blobs: %w", err))
			return
		}
		digests := make([]stores.Digest, 0, len(s.blobs))
		for d := range s.blobs {
			digests = append(digests, d)
		}
		unlock()
		slices.SortFunc(digests, func(a, b stores.Digest) int { return bytes.Compare(a[:], b[:]) })
		for _, d := range digests {
			if !yield(d, nil) {
				return
			}
		}
	}
}
