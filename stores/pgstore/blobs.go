package pgstore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/eshost/eshost/stores"
)

// get reads the one value that a query gives, and says whether there is one.
func get[T any](ctx context.Context, s *Store, sql string, args ...any) (v T, there bool, err error) {
	ctx, leave, err := s.look(ctx)
	if err != nil {
		return v, false, err
	}
	defer leave()
	err = s.pool.QueryRow(ctx, sql, args...).Scan(&v)
	if errors.Is(err, pgx.ErrNoRows) {
		return v, false, nil
	}
	return v, err == nil, s.failure(err)
}

// checkName says what is wrong with a checkpoint's name.
func checkName(name string) error {
	if !holds(name) {
		return fmt.Errorf("%w: a checkpoint's name is UTF-8 without zero bytes", stores.ErrInvalidID)
	}
	return nil
}

// Checkpoint implements stores.CheckpointStore.
func (s *Store) Checkpoint(ctx context.Context, name string) (p stores.Position, err error) {
	text := ""
	if err = checkName(name); err == nil {
		text, _, err = get[string](ctx, s, s.sql.checkpointLoad, name)
	}
	if err == nil {
		p, err = stores.ParsePosition(text)
	}
	if err != nil {
		return p, fmt.Errorf("load checkpoint %q: %w", name, err)
	}
	return p, nil
}

// SaveCheckpoint implements stores.CheckpointStore.
func (s *Store) SaveCheckpoint(ctx context.Context, name string, p stores.Position) error {
	err := checkName(name)
	if err == nil {
		err = s.write(ctx, true, s.sql.checkpointSave, name, p.String())
	}
	if err != nil {
		return fmt.Errorf("save checkpoint %q: %w", name, err)
	}
	return nil
}

// DeleteCheckpoint implements stores.CheckpointStore.
func (s *Store) DeleteCheckpoint(ctx context.Context, name string) error {
	err := checkName(name)
	if err == nil {
		err = s.write(ctx, true, s.sql.checkpointDelete, name)
	}
	if err != nil {
		return fmt.Errorf("delete checkpoint %q: %w", name, err)
	}
	return nil
}

// PutBlob implements stores.BlobStore.
func (s *Store) PutBlob(ctx context.Context, b []byte) (stores.Digest, error) {
	d := stores.Digest(sha256.Sum256(b))
	if b == nil {
		b = []byte{} // nil is NULL
	}
	if err := s.write(ctx, true, s.sql.blobSave, d[:], b); err != nil {
		return d, fmt.Errorf("store blob %s: %w", d, err)
	}
	return d, nil
}

// Blob implements stores.BlobStore.
func (s *Store) Blob(ctx context.Context, d stores.Digest) ([]byte, error) {
	b, there, err := get[[]byte](ctx, s, s.sql.blobLoad, d[:])
	switch {
	case err != nil:
	case !there:
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
		all, err := s.blobs(ctx)
		for _, d := range all {
			if err = s.stop(ctx); err != nil || !yield(d, nil) {
				break
			}
		}
		if err != nil {
			yield(stores.Digest{}, fmt.Errorf("list blobs: %w", err))
		}
	}
}

func (s *Store) blobs(ctx context.Context) (all []stores.Digest, err error) {
	ctx, leave, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	rows, err := s.pool.Query(ctx, s.sql.blobList)
	if err != nil {
		return nil, s.failure(err)
	}
	var digest []byte
	_, err = pgx.ForEachRow(rows, []any{&digest}, func() error {
		if len(digest) != len(stores.Digest{}) {
			return fmt.Errorf("%w: a digest of %d bytes", stores.ErrCorrupt, len(digest))
		}
		all = append(all, stores.Digest(digest))
		return nil
	})
	return all, s.failure(err)
}
