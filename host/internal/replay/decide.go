package replay

import (
	"bytes"
	"context"
	"errors"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// Decided counts commits by what came of deciding their commands again.
type Decided struct {
	Commits   int64 // all of them
	Equal     int64 // the same events and replies, byte for byte
	Different int64
	Unknown   int64 // nothing can be said: the log holds no commands, or not their payloads
}

func (d *Decided) add(o Decided) {
	d.Commits += o.Commits
	d.Equal += o.Equal
	d.Different += o.Different
	d.Unknown += o.Unknown
}

// Redecision is a commit whose commands were decided differently. What
// stands in it is of the first command that was; those behind it stood on another state.
type Redecision struct {
	Commit  *stores.Commit // as it is recorded
	Command int            // index in Commit.Commands
	// Recorded and Now are what the command did.
	Recorded, Now Did
}

// Did is what a command did.
type Did struct {
	Events []stores.Event
	Reply  []byte
	Err    error // *entity.Rejection or *entity.Fault: it was not accepted
}

// equal reports whether both did the same, byte for byte.
func (d *Did) equal(o *Did) bool {
	if d.Err != nil || o.Err != nil || len(d.Events) != len(o.Events) || !bytes.Equal(d.Reply, o.Reply) {
		return false
	}
	for i := range d.Events {
		a, b := &d.Events[i], &o.Events[i]
		if a.Name != b.Name || a.Version != b.Version || !bytes.Equal(a.Payload, b.Payload) {
			return false
		}
	}
	return true
}

// decider has an entity's recorded commands decided again by a plugin, on the states
// that this plugin makes of the events.
type decider struct {
	e      *Engine
	plugin *Plugin
	turn   *turn
	// wants reports whether a commit is to be decided again; nil: all are.
	wants func(*stores.Record) bool
	found func(*Redecision)

	r       *entity.Recovery
	pending entity.Chunk // events that are not folded yet
	count   Decided
}

// run decides the entity's commits up to the number; 0: all. The error is a *entity.Fault where an event
// cannot be folded, or the log's or ctx's.
func (d *decider) run(ctx context.Context, id stores.EntityID, to uint64) error {
	d.turn, d.r = d.e.Pace.turn(ctx), d.plugin.recovery(id)
	d.pending.Reset()
	d.pending.Again(d.r)
	rd := reader{log: d.e.Log, id: id, to: to}
	err := rd.records(ctx, func(rec *stores.Record) error {
		if d.wants == nil || d.wants(rec) {
			if err := d.fold(); err != nil {
				return err
			}
			if err := d.again(rec); err != nil {
				return err
			}
		}
		for i := int(rd.read - rec.Expected); i < len(rec.Events); {
			i = d.pending.Add(rec, i)
			if d.pending.Full() {
				if err := d.fold(); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil {
		err = d.fold()
	}
	return err
}

// fold folds what is pending.
func (d *decider) fold() error {
	if d.pending.Empty() {
		return nil
	}
	err := d.turn.fold(d.r, &d.pending)
	d.pending.Reset()
	return err
}

// again has a commit's commands decided again.
func (d *decider) again(rec *stores.Record) error {
	d.count.Commits++
	if !d.decidable(rec) {
		d.count.Unknown++
		return nil
	}
	b, err := d.turn.decide(d.plugin, rec.Entity, d.r, commandsOf(rec), rec.Time.UnixMilli())
	if err != nil {
		return err
	}
	outcomes, events, _ := b.Decided()
	was, now := rec.Events, events
	for i := range rec.Commands {
		cmd := &rec.Commands[i]
		recorded, decided := Did{Events: was[:cmd.Events], Reply: cmd.Reply}, Did{Err: errStarved}
		if i < len(outcomes) {
			o := &outcomes[i]
			decided = Did{Events: now[:o.Events], Reply: o.Reply, Err: o.Err}
			now = now[o.Events:]
		}
		was = was[cmd.Events:]
		if recorded.equal(&decided) {
			continue
		}
		d.count.Different++
		if d.found != nil {
			d.found(&Redecision{Commit: rec.Commit.Clone(), Command: i, Recorded: recorded.clone(), Now: decided.clone()})
		}
		return nil
	}
	d.count.Equal++
	return nil
}

// errStarved is of commands behind one that ran out of fuel. It is never the first that differs.
var errStarved = errors.New("not decided")

func (d Did) clone() Did {
	events := make([]stores.Event, len(d.Events))
	for i, e := range d.Events {
		events[i] = stores.Event{Name: e.Name, Version: e.Version, Payload: bytes.Clone(e.Payload)}
	}
	return Did{Events: events, Reply: bytes.Clone(d.Reply), Err: d.Err}
}

// decidable reports whether the record holds all that its commands were.
func (d *decider) decidable(rec *stores.Record) bool {
	var events uint64
	for i := range rec.Commands {
		c := &rec.Commands[i]
		events += uint64(c.Events)
		if c.Payload != nil {
			continue
		}
		// Where the command has an id, its print says whether there was a payload.
		if c.Print != 0 && c.Print != entity.Fingerprint(c.Name, nil) || c.Print == 0 && d.plugin.Type.DropPayloads {
			return false
		}
	}
	return len(rec.Commands) > 0 && events == uint64(len(rec.Events))
}

func commandsOf(rec *stores.Record) []entity.Command {
	all := make([]entity.Command, len(rec.Commands))
	for i := range rec.Commands {
		c := &rec.Commands[i]
		all[i] = entity.Command{Name: c.Name, Payload: c.Payload}
	}
	return all
}
