package transfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/eshost/eshost/stores"
)

// The checkpoints by which the target of a copy is known.
const (
	markSource = "eshost.copy.source" // a position of the source: says of which log it is the copy
	markDone   = "eshost.copy.done"   // the source's end when a copy was complete; missing while one is under way
)

// Unfinished reports whether a store, whose checkpoints these are, is the target of a copy that has not ended.
func Unfinished(ctx context.Context, c stores.CheckpointStore) (bool, error) {
	begun, err := c.Checkpoint(ctx, markSource)
	if err != nil || begun.IsZero() {
		return false, err
	}
	done, err := c.Checkpoint(ctx, markDone)
	return done.IsZero(), err
}

// begin finds out where to go on, refuses a target that holds something else than a part of the source, and marks it as unfinished.
func (c *copier) begin(ctx context.Context) (from stores.Position, err error) {
	marks := c.to.Checkpoints
	head, err := c.to.Log.Head(ctx)
	if err != nil {
		return from, err
	}
	if c.fresh = head.IsZero(); c.fresh {
		if head, err = c.from.Log.Head(ctx); err == nil && !head.IsZero() {
			err = marks.SaveCheckpoint(ctx, markSource, head)
		}
	} else {
		var source stores.Position
		if source, err = marks.Checkpoint(ctx, markSource); err == nil {
			if err = c.ours(ctx, source); err == nil {
				from, err = c.match(ctx)
			}
		}
	}
	if err != nil {
		return from, err
	}
	return from, marks.DeleteCheckpoint(ctx, markDone)
}

// ours reports whether a position is one of the source.
func (c *copier) ours(ctx context.Context, p stores.Position) error {
	if p.IsZero() {
		return ErrNotACopy
	}
	for _, err := range c.from.Log.Scan(ctx, stores.Query{System: true, After: p}) {
		if errors.Is(err, stores.ErrPosition) {
			return fmt.Errorf("%w: it is a copy of another log", ErrNotACopy)
		}
		return err
	}
	return nil
}
