package replay

import (
	"bytes"
	"context"
	"errors"

	"github.com/eshost/eshost/host/internal/entity"
)

// Locate finds, of a finding that is Different, the first event after which the states differ, and puts it
// and the states after it into the finding. A difference that was gone again at
// the end of a chunk of events is passed over.
func (e *Engine) Locate(ctx context.Context, pair *Pair, f *Finding) error {
	if f.span.hi == 0 {
		return nil
	}
	t := e.Pace.turn(ctx)
	old, new := pair.Old.recovery(f.Entity), pair.New.recovery(f.Entity)
	rd := reader{log: e.Log, id: f.Entity, to: f.span.lo}
	var err error
	if f.span.lo > 0 {
		err = rd.chunks(ctx, &entity.Chunk{}, old, func(c *entity.Chunk) error {
			err := t.fold(old, c)
			if err == nil && f.Kept == 0 {
				c.Again(new)
				err = t.fold(new, c)
			}
			return err
		})
	}
	if err != nil {
		return err
	}
	if f.Kept > 0 {
		new.Resume(f.span.lo, old.State())
	}
	one := &entity.Chunk{}
	one.Limit(1)
	rd.to = f.span.hi
	err = rd.chunks(ctx, one, old, func(c *entity.Chunk) error {
		if err := t.fold(old, c); err != nil {
			return err
		}
		c.Again(new)
		if err := t.fold(new, c); err != nil {
			return err
		}
		if bytes.Equal(old.State(), new.State()) {
			return nil
		}
		seq := old.Folded()
		f.Old, f.New = bytes.Clone(old.State()), bytes.Clone(new.State())
		ev := *c.Event(seq)
		ev.Payload = bytes.Clone(ev.Payload)
		f.Seq, f.Event = seq, &ev
		return errSettled
	})
	if errors.Is(err, errSettled) {
		return nil
	}
	return err
}
