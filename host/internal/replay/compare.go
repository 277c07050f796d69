package replay

import (
	"bytes"
	"context"
	"errors"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// Pair is two plugins of one entity type: the one whose states count, and one that is compared with it.
type Pair struct {
	Old, New *Plugin
	// Keep also has the new plugin go on from states of the old one, as it does when a deployment keeps
	// states: from those after the first, third, seventh, fifteenth ... event, and from the entity's snapshot if there is one.
	Keep bool
}

// comparison is one entity on its way through two plugins.
type comparison struct {
	e        *Engine
	pair     *Pair
	turn     *turn
	old, new *entity.Recovery
	kept     *entity.Recovery // nil: states are not kept
	oldErr   error
	found    Finding
	plain    span // where the states of both from the first event on differ
	handed   span // where one that the new plugin made of the old one's differs
}

// Compare folds the entity's events with both plugins, up to the number (0: its durable head), and
// compares the states. Which event made them differ is another matter: see Locate. The error is of the log or of ctx, and says nothing of the entity.
func (e *Engine) Compare(ctx context.Context, pair *Pair, id stores.EntityID, to uint64) (*Finding, error) {
	return e.compare(ctx, new(entity.Chunk), pair, id, to)
}

// compare is Compare with a chunk that may have been used before, which saves memory.
func (e *Engine) compare(ctx context.Context, chunk *entity.Chunk, pair *Pair, id stores.EntityID, to uint64) (*Finding, error) {
	c := comparison{e: e, pair: pair, turn: e.Pace.turn(ctx), old: pair.Old.recovery(id), new: pair.New.recovery(id)}
	c.found.Entity = id
	chunk.Limit(0)
	if pair.Keep {
		c.kept = pair.New.recovery(id)
		chunk.Limit(1)
	}
	rd := reader{log: e.Log, id: id, to: to}
	err := rd.chunks(ctx, chunk, c.old, c.both)
	f := &c.found
	f.Events = rd.read
	switch {
	case errors.Is(err, errSettled):
	case errors.Is(err, stores.ErrCorrupt) || errors.Is(err, stores.ErrFormat):
		f.fault(Unreadable, 0, rd.read+1, nil, err)
		return f, nil
	case err != nil:
		return nil, err
	}
	switch {
	case f.Verdict != Equal:
	case !bytes.Equal(c.old.State(), c.new.State()):
		f.differ(0, c.plain, c.old.State(), c.new.State())
	case c.handed.hi > 0:
		f.differ(c.handed.lo, c.handed, nil, nil)
	case pair.Keep:
		return f, c.snapshot(ctx, rd.read)
	}
	return f, nil
}

// errSettled ends the reading of an entity of which all is known.
var errSettled = errors.New("settled")

// both folds a chunk with both plugins.
func (c *comparison) both(chunk *entity.Chunk) error {
	if err := c.turn.begin(); err != nil {
		return err
	}
	defer c.turn.end()
	start := c.new.Folded()
	if c.keeps() && start > 0 {
		c.kept.Resume(start, c.old.State())
	}
	if c.oldErr == nil {
		if err := c.turn.folding(c.old, chunk); err != nil {
			if !isFault(err) {
				return err
			}
			c.oldErr = err
			seq, ev := at(chunk, err)
			c.found.fault(Mended, 0, seq, ev, err)
		}
	}
	chunk.Again(c.new)
	if err := c.turn.folding(c.new, chunk); err != nil {
		return c.faulty(chunk, 0, err)
	}
	if c.oldErr != nil {
		return nil
	}
	end := c.new.Folded()
	if !bytes.Equal(c.old.State(), c.new.State()) {
		c.plain.note(start, end)
	}
	if c.keeps() && start > 0 {
		chunk.Again(c.kept)
		if err := c.turn.folding(c.kept, chunk); err != nil {
			return c.faulty(chunk, start, err)
		}
		if !bytes.Equal(c.old.State(), c.kept.State()) {
			c.handed.note(start, end)
		}
	}
	if c.kept != nil {
		chunk.Limit(int(min(end+1, entity.ChunkEvents)))
	}
	return nil
}

// keeps reports whether the old plugin's states are still worth to be kept.
func (c *comparison) keeps() bool { return c.kept != nil && c.oldErr == nil }

// faulty settles an entity that the new plugin cannot fold.
func (c *comparison) faulty(chunk *entity.Chunk, kept uint64, err error) error {
	if !isFault(err) {
		return err
	}
	verdict := Faulty
	if c.oldErr != nil {
		verdict = Broken
	}
	seq, ev := at(chunk, err)
	c.found.fault(verdict, kept, seq, ev, err)
	return errSettled
}

func isFault(err error) bool {
	var f *entity.Fault
	return errors.As(err, &f)
}

// at returns the event that a fault names.
func at(chunk *entity.Chunk, err error) (uint64, *stores.Event) {
	var f *entity.Fault
	errors.As(err, &f)
	return f.Seq, chunk.Event(f.Seq)
}

// snapshot compares what the new plugin makes of the entity's snapshot, if the old one made it, with the state at the end.
func (c *comparison) snapshot(ctx context.Context, end uint64) error {
	e, id := c.e, c.found.Entity
	if e.Snapshots == nil {
		return nil
	}
	snaps, _, err := e.Snapshots.Load(ctx, []stores.EntityID{id})
	if err != nil {
		return err
	}
	s := snaps[0]
	if s == nil || s.Log != e.Log.Info().ID || s.Plugin != c.pair.Old.Bind.Plugin || s.StateSchema != c.pair.Old.Bind.StateSchema || s.Seq >= end {
		return nil
	}
	c.kept.Resume(s.Seq, s.State)
	rd := reader{log: e.Log, id: id, read: s.Seq, to: end}
	err = rd.chunks(ctx, new(entity.Chunk), c.kept, func(chunk *entity.Chunk) error {
		err := c.turn.fold(c.kept, chunk)
		if err != nil {
			err = c.faulty(chunk, s.Seq, err)
		}
		return err
	})
	switch {
	case errors.Is(err, errSettled):
		return nil
	case err != nil:
		return err
	}
	if !bytes.Equal(c.old.State(), c.kept.State()) {
		c.found.differ(s.Seq, span{s.Seq, end}, c.old.State(), c.kept.State())
	}
	return nil
}
