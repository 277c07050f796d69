package entity

import (
	"errors"
	"fmt"
	"time"
)

// Decider has batches decided, one after the other. Its zero value is ready for use.
type Decider struct {
	b       *Batch
	in      Input
	starved bool // a command of the batch ran out of fuel: those after it are left for another turn
}

// Decide has the batch's binding's behavior decide the commands, and prepares
// the commit. The fuel of a is the type's own. The only error
// is an ErrInterrupted: nothing is decided, and the batch must be taken again.
func (d *Decider) Decide(b *Batch, a Allowance) error {
	e := b.Entity
	*d = Decider{b: b, in: Input{Entity: e.ID(), Seq: e.seq, State: e.state, Now: b.now, Rerun: b.repeat, Allowance: a}}
	defer func() { *d = Decider{} }()
	calls := b.calls
	if len(calls) > 0 && calls[0].Expected != nil && *calls[0].Expected != e.seq {
		b.out.Outcomes = append(b.out.Outcomes, Outcome{Err: &ExpectedError{e.ID(), *calls[0].Expected, e.seq}})
		calls = calls[1:]
	}
	if err := d.run(calls); err != nil {
		return err
	}
	if d.starved {
		b.giveBack(len(b.out.Outcomes))
	}
	b.prepare()
	if b.traced {
		b.stamp(func(t *Times) *time.Time { return &t.Decided })
	}
	return nil
}

// run decides a run of commands, isolating those that nothing can be said
// of: the run is halved until the guilty one stands alone. States are threaded
// through, so it stays one commit. After one that ran out of fuel the rest is not decided: a turn
// takes the fuel of a batch and of one command at most. The only error is an interruption.
func (d *Decider) run(calls []*Call) error {
	if len(calls) == 0 {
		return nil
	}
	typ, out := d.b.Entity.typ, &d.b.out
	outcomes, events, state := len(out.Outcomes), len(out.Events), out.State
	d.in.Calls, d.in.Fuel = calls, typ.fuel(len(calls))
	err := d.b.Bind.Behavior.Decide(&d.in, out)
	if n := len(out.Outcomes) - outcomes; err == nil && n != len(calls) {
		err = &Fault{Kind: Malformed, Plugin: d.b.Bind.Plugin, Func: "handle_command",
			Message: fmt.Sprintf("%d outcomes for %d commands", n, len(calls))}
	}
	if err == nil {
		if n := len(out.Events) - events; n > 0 {
			d.in.Seq += uint64(n)
			d.in.State = out.State
		}
		return nil
	}
	if errors.Is(err, ErrInterrupted) {
		return err
	}
	clear(out.Outcomes[outcomes:])
	clear(out.Events[events:])
	out.Outcomes, out.Events, out.State = out.Outcomes[:outcomes], out.Events[:events], state
	var f *Fault
	if errors.As(err, &f) && f.Kind == BadState || len(calls) == 1 {
		d.starved = f != nil && f.Kind == OutOfFuel
		for range calls {
			out.Outcomes = append(out.Outcomes, Outcome{Err: err})
		}
		return nil
	}
	d.in.Rerun = true
	part := len(calls) / 2
	if f != nil && f.Kind == OutOfFuel {
		part = 1 // each half with the guilty one would use all that a batch may, the others alone next to nothing
	}
	for ; len(calls) > 0 && !d.starved; calls = calls[min(part, len(calls)):] {
		if err := d.run(calls[:min(part, len(calls))]); err != nil {
			return err
		}
	}
	return nil
}
