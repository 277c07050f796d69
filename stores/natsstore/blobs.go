package natsstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/eshost/eshost/stores"
)

// PutBlob implements stores.BlobStore.
func (s *Store) PutBlob(ctx context.Context, b []byte) (stores.Digest, error) {
	d := stores.Digest(sha256.Sum256(b))
	leave, err := s.enter(ctx, UseBlobs)
	if err == nil {
		defer leave()
		// One that is there and whole stays; a damaged one is replaced.
		_, err = s.blob(ctx, d)
		if errors.Is(err, stores.ErrNotFound) || errors.Is(err, stores.ErrCorrupt) {
			err = s.blobs.put(ctx, d.String(), b)
		}
	}
	if err != nil {
		return d, fmt.Errorf("store blob %s: %w", d, err)
	}
	return d, nil
}

func (s *Store) blob(ctx context.Context, d stores.Digest) ([]byte, error) {
	if _, err := s.blobs.open(ctx); err != nil {
		return nil, err
	}
	b, err := s.blobs.get(ctx, d.String())
	if err == nil && sha256.Sum256(b) != d {
		return nil, fmt.Errorf("%w: its bytes do not have this digest", stores.ErrCorrupt)
	}
	return b, err
}

// Blob implements stores.BlobStore.
func (s *Store) Blob(ctx context.Context, d stores.Digest) (b []byte, err error) {
	leave, err := s.enter(ctx, UseBlobs)
	if err == nil {
		defer leave()
		b, err = s.blob(ctx, d)
	}
	if err != nil {
		return nil, fmt.Errorf("load blob %s: %w", d, err)
	}
	return b, nil
}

// Blobs implements stores.BlobStore.
func (s *Store) Blobs(ctx context.Context) iter.Seq2[stores.Digest, error] {
	return func(yield func(stores.Digest, error) bool) {
		names, err := s.blobNames(ctx)
		slices.Sort(names)
		for _, name := range names {
			var d stores.Digest
			if b, derr := hex.DecodeString(name); derr == nil && len(b) == len(d) {
				d = stores.Digest(b)
			} else {
				continue // somebody else's
			}
			if err = s.stop(ctx); err != nil {
				break
			}
			if !yield(d, nil) {
				return
			}
		}
		if err != nil {
			yield(stores.Digest{}, fmt.Errorf("list blobs: %w", err))
		}
	}
}

func (s *Store) blobNames(ctx context.Context) ([]string, error) {
	leave, err := s.enter(ctx, UseBlobs)
	if err != nil {
		return nil, err
	}
	defer leave()
	return s.blobs.names(ctx)
}
