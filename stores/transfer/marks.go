package transfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/eshost/eshost/stores"
)

// The checkpoints by which the target of a copy knows how far it is.
const (
	markSource = "eshost.copy.source" // a position of the source: says of which log it is the copy
	markFrom   = "eshost.copy.from"   // in the source: all up to there is in the target
	markTo     = "eshost.copy.to"     // the target's head when that was so: all up to there came by the copy
	markDone   = "eshost.copy.done"   // the source's end when a copy was complete; missing while one is under way
)

// marks are where an earlier copy has ended.
type marks struct {
	source, from, to stores.Position
}

func loadMarks(ctx context.Context, c stores.CheckpointStore) (m marks, err error) {
	for name, p := range map[string]*stores.Position{markSource: &m.source, markFrom: &m.from, markTo: &m.to} {
		if *p, err = c.Checkpoint(ctx, name); err != nil {
			return m, err
		}
	}
	return m, nil
}

// Unfinished reports whether a store, whose checkpoints these are, is the target of a copy that has not ended.
func Unfinished(ctx context.Context, c stores.CheckpointStore) (bool, error) {
	begun, err := c.Checkpoint(ctx, markSource)
	if err != nil || begun.IsZero() {
		return false, err
	}
	done, err := c.Checkpoint(ctx, markDone)
	return done.IsZero(), err
}

// begin finds out where to go on, and refuses a target that holds something else than a part of the source.
func (c *copier) begin(ctx context.Context, m marks) (from stores.Position, err error) {
	head, err := c.to.Log.Head(ctx)
	if err != nil {
		return from, err
	}
	if c.fresh = head.IsZero(); c.fresh {
		c.source.before = 0
		for _, name := range []string{markFrom, markTo} { // of a copy that was begun and then emptied
			if err := c.to.Checkpoints.DeleteCheckpoint(ctx, name); err != nil {
				return from, err
			}
		}
		if c.source.end.IsZero() {
			return from, nil
		}
		return from, c.to.Checkpoints.SaveCheckpoint(ctx, markSource, c.source.end)
	}
	if m.source.IsZero() {
		return from, ErrNotACopy
	}
	for _, p := range []stores.Position{m.source, m.from} {
		if err := c.ours(ctx, p); err != nil {
			return from, err
		}
	}
	return m.from, c.checkTail(ctx, m)
}

// ours reports whether a position is one of the source.
func (c *copier) ours(ctx context.Context, p stores.Position) error {
	for _, err := range c.from.Log.Scan(ctx, stores.Query{System: true, After: p}) {
		if errors.Is(err, stores.ErrPosition) {
			return fmt.Errorf("%w: it is a copy of another log", ErrNotACopy)
		}
		return err
	}
	return nil
}

// tailChunk is how many commits behind the mark are compared at a time.
const tailChunk = 100_000

// checkTail checks what is in the target behind the mark: an earlier copy may have stored it before it
// could set the next mark, or somebody else has.
func (c *copier) checkTail(ctx context.Context, m marks) error {
	unknown := make(map[stores.CommitID]stores.EntityID)
	for rec, err := range c.to.Log.Scan(ctx, stores.Query{System: true, After: m.to}) {
		if errors.Is(err, stores.ErrPosition) {
			return fmt.Errorf("%w: it was restored to an earlier moment", ErrNotACopy)
		}
		if err != nil {
			return err
		}
		if unknown[rec.ID] = rec.Entity; len(unknown) >= tailChunk {
			if err := c.checkChunk(ctx, m, unknown); err != nil {
				return err
			}
		}
	}
	return c.checkChunk(ctx, m, unknown)
}

// checkChunk finds the commits in the source, and forgets them.
func (c *copier) checkChunk(ctx context.Context, m marks, unknown map[stores.CommitID]stores.EntityID) error {
	if len(unknown) == 0 {
		return nil
	}
	for rec, err := range c.from.Log.Scan(ctx, stores.Query{System: true, After: m.from}) {
		if err != nil {
			return err
		}
		if delete(unknown, rec.ID); len(unknown) == 0 {
			return nil
		}
	}
	for _, id := range unknown {
		return fmt.Errorf("%w: since then others have written to it, such as entity %s", ErrNotACopy, id)
	}
	return nil
}

// mark says how far the copy is. The target's head goes first: what is behind it is then behind the
// mark in the source, whatever was saved when the process ends.
func (c *copier) mark(ctx context.Context, stored stores.Position) error {
	head, err := c.to.Log.Head(ctx)
	if err != nil || stored.IsZero() || head.IsZero() {
		return err
	}
	if err := c.to.Checkpoints.SaveCheckpoint(ctx, markTo, head); err != nil {
		return err
	}
	return c.to.Checkpoints.SaveCheckpoint(ctx, markFrom, stored)
}
