package host

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/engine"
	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

type (
	// Command is what a caller sends to an entity.
	Command = entity.Command
	// Reply is the answer to an accepted command.
	Reply = entity.Reply
	// State is an entity's state at its durable end.
	State = entity.State
)

// Entity is a reference to one entity. It is a small value: make it when it is
// needed, copy it, use it from many goroutines. It costs nothing while unused,
// and making one neither creates nor loads the entity.
type Entity struct {
	h  *Host
	id stores.EntityID
}

// Entity returns a reference to the entity of the type and id. One that is
// not well-formed, or of an unknown type, says so on use.
func (h *Host) Entity(typ, id string) Entity { return Entity{h, stores.EntityID{Type: typ, ID: id}} }

// ID names the entity.
func (e Entity) ID() stores.EntityID { return e.id }

// Handle sends a command and waits for its answer. A nil error means that the
// command was accepted and that its events, if any, are durable.
//
// # Errors
//
//   - *Rejection: refused by the plugin's rules; nothing happened.
//   - *CommandError, which is a *Fault: the plugin does not know the command, cannot decode its
//     payload, or failed; nothing happened.
//   - ErrInvalidID, ErrInvalidPayload, stores.ErrTooLarge, ErrUnknownType: refused before anything was done.
//   - *ExpectedError: the entity's number is not Command.Expected; nothing happened.
//   - ErrCommandIDReused: the command id was used for another command.
//   - ErrMailboxFull, ErrNotStarted, ErrConflict, ErrUnavailable, ErrQuarantined,
//     ErrClosed: nothing happened, a retry is safe.
//   - ErrOutcomeUnknown: it may have happened; retry with the same Command.ID.
//
// When ctx ends first, the error also wraps ctx's.
func (e Entity) Handle(ctx context.Context, c Command) (Reply, error) {
	p, err := e.Begin(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	return p.Answer(ctx)
}

// accepts checks what can be checked before the entity is asked.
func (e Entity) accepts(c *Command) (*engine.Type, error) {
	t, err := e.served()
	if err != nil {
		return nil, err
	}
	if err := e.id.Validate(); err != nil { // before it stands in a span or a text
		return nil, err
	}
	return t, e.acceptable(t, c)
}

// acceptable checks a command to an entity of the type.
func (e Entity) acceptable(t *engine.Type, c *Command) error {
	if c.ID != "" {
		if err := stores.ValidateCommandID(c.ID); err != nil {
			return err
		}
	}
	if !abi.ValidName(c.Name) {
		return &Fault{Kind: UnknownCommand, Plugin: t.Binding().Plugin, Func: abi.ExportHandleCommand,
			Message: fmt.Sprintf("%.80q is not the name of a command: %s", c.Name, abi.NameRule)}
	}
	if c.Payload == nil {
		return nil
	}
	if len(c.Payload) > e.h.o.PayloadBytes {
		return fmt.Errorf("command %s of %s: %w: a payload of %d bytes, at most %d", c.Name, e.id, stores.ErrTooLarge, len(c.Payload), e.h.o.PayloadBytes)
	}
	if err := abi.CheckPayload(c.Payload); err != nil {
		return fmt.Errorf("command %s of %s: %w: %w", c.Name, e.id, ErrInvalidPayload, err)
	}
	return nil
}

// served returns the entity's type. The id is looked at when the entity is.
func (e Entity) served() (*engine.Type, error) {
	if t := e.h.engine.Type(e.id.Type); t != nil {
		return t, nil
	}
	if err := e.id.Validate(); err != nil {
		return nil, err
	}
	return nil, e.h.unknown(e.id.Type)
}

// await waits for the answer to a call that was posted. When it is not answered, it is
// still on its way, and must not be touched any more.
func (e Entity) await(ctx context.Context, ent *entity.Entity, call *waiting) (answered bool, err error) {
	select {
	case <-call.answer:
		return true, call.Err
	case <-ctx.Done():
	}
	if ent.Withdraw(&call.Call) {
		return true, fmt.Errorf("%s: %w: %w", e.id, ErrNotStarted, ctx.Err())
	}
	select {
	case <-call.answer:
		return true, call.Err
	default:
		return false, fmt.Errorf("%s: %w: %w", e.id, ErrOutcomeUnknown, ctx.Err())
	}
}

// State returns the entity's state at its durable end, after the commands that
// were accepted before. The error is ErrNoEvents when the entity does not
// exist; otherwise as Handle's, without those that concern commands.
func (e Entity) State(ctx context.Context) (State, error) {
	t, err := e.served()
	if err != nil {
		return State{}, err
	}
	call := calls.Get().(*waiting)
	call.Read, call.Ctx = true, ctx
	ent, err := e.h.engine.Post(t, e.id.ID, &call.Call)
	if err == nil {
		var answered bool
		if answered, err = e.await(ctx, ent, call); !answered {
			return State{}, fmt.Errorf("read %s: %w: %w", e.id, ErrUnavailable, ctx.Err())
		}
	}
	state := call.State
	call.free()
	if err != nil {
		return State{}, err
	}
	return *state, nil
}

// Event is a persisted event of an entity.
type Event struct {
	Entity   stores.EntityID
	Seq      uint64
	Name     string
	Version  uint32
	Payload  []byte // one msgpack value, the receiver's to keep; nil: none
	Time     time.Time
	Plugin   stores.Digest // that decided it
	Position stores.Position
}

// Events yields the entity's durable events after the sequence number, up to
// the present. An entity without events yields nothing. The type need not be served.
func (e Entity) Events(ctx context.Context, after uint64) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := e.id.Validate(); err != nil {
			yield(Event{}, err)
			return
		}
		for rec, err := range e.h.o.Log.Read(ctx, e.id, after) {
			if err != nil {
				yield(Event{}, err)
				return
			}
			for i := range rec.Events {
				if rec.Expected+uint64(i) < after {
					continue
				}
				if !yield(eventOf(rec, i), nil) {
					return
				}
			}
		}
	}
}

// Follow yields the entity's durable events after the sequence number, and
// goes on with new ones as they come, until ctx ends: then its error is the
// last thing it yields.
func (e Entity) Follow(ctx context.Context, after uint64) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			end, err := e.h.o.Log.Head(ctx)
			if err != nil {
				yield(Event{}, err)
				return
			}
			for ev, err := range e.Events(ctx, after) {
				if !yield(ev, err) || err != nil {
					return
				}
				after = ev.Seq
			}
			if err := e.h.o.Log.Wait(ctx, end); err != nil {
				yield(Event{}, err)
				return
			}
		}
	}
}

func eventOf(rec *stores.Record, i int) Event {
	ev := &rec.Events[i]
	out := Event{Entity: rec.Entity, Seq: rec.Expected + uint64(i) + 1, Name: ev.Name, Version: ev.Version,
		Time: rec.Time, Plugin: rec.Plugin, Position: rec.Position(i)}
	if ev.Payload != nil {
		out.Payload = append([]byte{}, ev.Payload...)
	}
	return out
}
