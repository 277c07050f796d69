package natsstore

import (
	"context"
	"fmt"

	"github.com/eshost/eshost/stores"
)

func checkpointKey(name string) string { return "p." + string(stores.AppendToken(nil, name)) }

// enterCheckpoints begins a call that uses checkpoints.
func (s *Store) enterCheckpoints(ctx context.Context) (leave func(), err error) {
	leave, err = s.enter(ctx, UseCheckpoints)
	if err != nil {
		return nil, err
	}
	if _, err := s.checkpoints.open(ctx); err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// Checkpoint implements stores.CheckpointStore.
func (s *Store) Checkpoint(ctx context.Context, name string) (p stores.Position, err error) {
	leave, err := s.enterCheckpoints(ctx)
	if err == nil {
		defer leave()
		var e entry
		if e, err = s.checkpoints.get(ctx, checkpointKey(name)); err == nil && e.there {
			p, err = stores.ParsePosition(string(e.value))
		}
	}
	if err != nil {
		return stores.Position{}, fmt.Errorf("load checkpoint %q: %w", name, err)
	}
	return p, nil
}

// SaveCheckpoint implements stores.CheckpointStore.
func (s *Store) SaveCheckpoint(ctx context.Context, name string, p stores.Position) error {
	leave, err := s.enterCheckpoints(ctx)
	if err == nil {
		defer leave()
		err = s.checkpoints.set(ctx, checkpointKey(name), []byte(p.String()))
	}
	if err != nil {
		return fmt.Errorf("save checkpoint %q: %w", name, err)
	}
	return nil
}

// DeleteCheckpoint implements stores.CheckpointStore.
func (s *Store) DeleteCheckpoint(ctx context.Context, name string) error {
	leave, err := s.enterCheckpoints(ctx)
	if err == nil {
		defer leave()
		_, err = s.checkpoints.remove(ctx, checkpointKey(name), 0)
	}
	if err != nil {
		return fmt.Errorf("delete checkpoint %q: %w", name, err)
	}
	return nil
}
