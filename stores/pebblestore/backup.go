package pebblestore

import (
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/eshost/eshost/stores"
)

// Backup makes a folder, which must not exist, that holds all that is durable
// now: a store like this one, with the same log id, for Open. Commits go on meanwhile. On the
// disk of the store it takes next to no room at first, as it shares the store's files; elsewhere they
// are copied. What it has made when it fails is for the caller to remove.
func (s *Store) Backup(ctx context.Context, dir string) error {
	err := s.enter()
	if err == nil {
		defer s.readers.RUnlock()
		if err = ctx.Err(); err == nil {
			err = s.backup(dir)
		}
	}
	if err != nil {
		return fmt.Errorf("back the store in %s up to %s: %w", s.dir, dir, err)
	}
	return nil
}

func (s *Store) backup(dir string) error {
	if err := s.flush(); err != nil {
		return err
	}
	return s.guard(func() error { return s.db.Checkpoint(dir) })
}

// flush syncs what was written without a sync, so that a copy of the write-ahead log does not end within a record.
func (s *Store) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = s.guard(func() error { return s.db.LogData(nil, pebble.Sync) })
	}
	if s.failed != nil {
		return fmt.Errorf("%w: a write failed, restart the process: %w", stores.ErrUnavailable, s.failed)
	}
	return nil
}

// Ready says why nothing can be written at the moment. The error wraps
// stores.ErrUnavailable, stores.ErrClosed or ctx's.
func (s *Store) Ready(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writable(ctx, stores.Fence{})
}
