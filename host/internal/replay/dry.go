package replay

import (
	"context"
	"errors"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// nobody waits for the answers of commands that are decided for show.
type nobody struct{}

func (nobody) Answered(*entity.Call) {}

// decide has commands decided as one batch, on what the recovery has folded. It begins a turn of its own.
func (t *turn) decide(p *Plugin, id stores.EntityID, r *entity.Recovery, commands []entity.Command, now int64) (*entity.Batch, error) {
	if err := t.begin(); err != nil {
		return nil, err
	}
	defer t.end()
	for {
		e := entity.New(p.Type, id.ID)
		e.Activated(r)
		calls := make([]entity.Call, len(commands))
		for i := range calls {
			calls[i].Command, calls[i].Caller = commands[i], nobody{}
			e.Post(&calls[i], 0)
		}
		b := entity.NewBatch()
		b.Bind = p.Bind
		b.Take(e, time.UnixMilli(now))
		b.Repeats()
		err := new(entity.Decider).Decide(b, t.allowance())
		if !errors.Is(err, entity.ErrInterrupted) {
			return b, err
		}
		if t.ctx.Err() != nil {
			return nil, t.ctx.Err()
		}
	}
}

// Dry is what a command would have done.
type Dry struct {
	Seq uint64 // of the state it was decided on
	Did
	State []byte // after it; nil: the entity has no events
}

// Dry has a command decided on a state after the event with the number, and stores nothing. now is in milliseconds
// since 1970. The error is ctx's.
func (e *Engine) Dry(ctx context.Context, p *Plugin, id stores.EntityID, seq uint64, state []byte, c entity.Command, now int64) (*Dry, error) {
	r := p.recovery(id)
	r.Resume(seq, state)
	b, err := e.Pace.turn(ctx).decide(p, id, r, []entity.Command{c}, now)
	if err != nil {
		return nil, err
	}
	outcomes, events, after := b.Decided()
	o := outcomes[0]
	d := &Dry{Seq: seq, Did: Did{Events: events, Reply: o.Reply, Err: o.Err}.clone()}
	if o.Err != nil {
		d.Events = nil
	}
	if seq+uint64(len(events)) > 0 {
		d.State = append([]byte{}, after...)
	}
	return d, nil
}
