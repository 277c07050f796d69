// Package replay runs recorded history through plugins that need not serve
// anything: it folds an entity's events up to a moment, compares what two
// plugins make of the same events, and has recorded commands decided again.
// It writes nothing, and works on what processor time the serving of commands leaves.
package replay

import (
	"context"
	"fmt"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// Engine replays history of one log. All methods may be called by many goroutines.
type Engine struct {
	Log       stores.Log
	Snapshots stores.SnapshotStore // nil: none
	Pace      *Pace
}

// Plugin is a loaded plugin as the behavior of an entity type.
type Plugin struct {
	Type *entity.Type    // limits of fuel; see TypeOf
	Bind *entity.Binding // acquired by whoever has it replayed
}

// TypeOf returns the type as replaying needs it: what is recorded is decided again as it was, however
// large the batch.
func TypeOf(t entity.Type) *entity.Type {
	const any = 1<<31 - 1
	t.MailboxSize, t.BatchSize, t.BatchBytes, t.Gauge, t.Confirm = any, any, any, nil, false
	return &t
}

// recovery returns one before the entity's first event.
func (p *Plugin) recovery(id stores.EntityID) *entity.Recovery {
	return entity.NewRecovery(entity.New(p.Type, id.ID), p.Bind)
}

// NotReachedError says that an entity has not come to a sequence number.
type NotReachedError struct {
	Entity stores.EntityID
	At     uint64 // that was asked for
	Seq    uint64 // where the entity is
}

func (e *NotReachedError) Error() string {
	return fmt.Sprintf("%s is at %d, it has not come to %d", e.Entity, e.Seq, e.At)
}

// State folds the entity's events up to the sequence number, and returns where
// the entity was then. An error is a *NotReachedError, an entity.ErrNoEvents, a *entity.Fault
// that names the event, or the log's.
func (e *Engine) State(ctx context.Context, p *Plugin, id stores.EntityID, at uint64) (*entity.State, error) {
	r := p.recovery(id)
	t := e.Pace.turn(ctx)
	rd := reader{log: e.Log, id: id, to: at}
	err := rd.chunks(ctx, new(entity.Chunk), r, func(c *entity.Chunk) error { return t.fold(r, c) })
	switch {
	case err != nil:
		return nil, err
	case rd.read == 0:
		return nil, fmt.Errorf("read %s: %w", id, entity.ErrNoEvents)
	case rd.read < at:
		return nil, &NotReachedError{id, at, rd.read}
	}
	return &entity.State{Seq: at, Payload: append([]byte{}, r.State()...), Plugin: p.Bind.Plugin, StateSchema: p.Bind.StateSchema, Time: rd.time}, nil
}
