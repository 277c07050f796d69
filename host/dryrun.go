package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// DryRun is what a command would have done.
type DryRun struct {
	Seq       uint64 // of the durable state that it was decided on
	Plugin    stores.Digest
	Time      time.Time // that the plugin was told
	Events    []Event   // that would be persisted; they have no Position
	Reply     []byte    // one msgpack value; nil: none
	Rejection *Rejection
	State     []byte // after the command, one msgpack value; nil: the entity would still have no events
}

// DryRun decides a command on the entity's durable state, after the commands that were accepted before, and
// persists nothing. The entity is free for other commands meanwhile, and goes on without regard to it. That the plugin's rules
// reject it is a result, and no error. Command.ID is passed over: whether it was used before is not looked at.
//
// Its errors are those of Entity.Handle, but ErrCommandIDReused and ErrOutcomeUnknown.
func (h *Host) DryRun(ctx context.Context, id stores.EntityID, c Command) (*DryRun, error) {
	e := h.Entity(id.Type, id.ID)
	c.ID = ""
	if _, err := e.accepts(&c); err != nil {
		return nil, e.Explain(c.Name, err)
	}
	for {
		s, err := e.State(ctx)
		if err != nil && !errors.Is(err, ErrNoEvents) {
			return nil, err
		}
		if c.Expected != nil && *c.Expected != s.Seq {
			return nil, &ExpectedError{Entity: id, Expected: *c.Expected, Seq: s.Seq}
		}
		d, err := h.dryRun(ctx, id, &s, c)
		if errors.Is(err, errSwapped) {
			continue
		}
		return d, err
	}
}

// errSwapped says that another plugin has come to serve the type since the state was read.
var errSwapped = errors.New("another plugin serves now")

// dryRun decides a command on a state.
func (h *Host) dryRun(ctx context.Context, id stores.EntityID, s *State, c Command) (*DryRun, error) {
	p, release, err := h.replayServing(id.Type)
	if err != nil {
		return nil, err
	}
	defer release()
	if s.Seq > 0 && (s.Plugin != p.Bind.Plugin || s.StateSchema != p.Bind.StateSchema) {
		return nil, errSwapped
	}
	now := max(time.Now().UnixMilli(), s.Time.UnixMilli())
	dry, err := h.replays.Dry(ctx, p, id, s.Seq, s.Payload, c, now)
	if err != nil {
		return nil, fmt.Errorf("dry run of %s of %s: %w: %w", c.Name, id, ErrNotStarted, err)
	}
	d := &DryRun{Seq: dry.Seq, Plugin: p.Bind.Plugin, Time: time.UnixMilli(now).UTC(), Reply: dry.Reply, State: dry.State}
	if dry.Err != nil {
		var rejection *entity.Rejection
		if !errors.As(dry.Err, &rejection) {
			return nil, h.Entity(id.Type, id.ID).Explain(c.Name, dry.Err)
		}
		d.Rejection = rejection
	}
	for i, ev := range dry.Events {
		d.Events = append(d.Events, Event{Entity: id, Seq: dry.Seq + uint64(i) + 1, Name: ev.Name, Version: ev.Version, Payload: ev.Payload, Time: d.Time, Plugin: d.Plugin})
	}
	return d, nil
}
