package entity

import (
	"errors"
	"fmt"
	"time"
)

// Decider has batches decided, one after the other. Its zero value is ready for use.
type Decider struct {
	b  *Batch
	in Input
}

// Decide has the batch's binding's behavior decide the commands, and prepares
// the commit. pause is asked, while a guest runs, whether it goes on. The only error
// is an ErrInterrupted of pause's: nothing is decided, and the batch must be taken again.
func (d *Decider) Decide(b *Batch, pause func(used int64) error) error {
	e := b.Entity
	*d = Decider{b: b, in: Input{Entity: e.ID(), Seq: e.seq, State: e.state, Now: b.now, Allowance: Allowance{Pause: pause}}}
	defer func() { *d = Decider{} }()
	calls := b.calls
	if len(calls) > 0 && calls[0].Expected != nil && *calls[0].Expected != e.seq {
		b.out.Outcomes = append(b.out.Outcomes, Outcome{Err: &ExpectedError{e.ID(), *calls[0].Expected, e.seq}})
		calls = calls[1:]
	}
	if err := d.run(calls); err != nil {
		return err
	}
	b.prepare()
	if b.traced {
		b.stamp(func(t *Times) *time.Time { return &t.Decided })
	}
	return nil
}

// run decides a run of commands, isolating those that nothing can be said
// of: the run is halved until the guilty one stands alone. States are threaded
// through, so it stays one commit. The only error is an interruption.
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
	if len(calls) == 1 || errors.As(err, &f) && f.Kind == BadState {
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
	for ; len(calls) > 0; calls = calls[min(part, len(calls)):] {
		if err := d.run(calls[:min(part, len(calls))]); err != nil {
			return err
		}
	}
	return nil
}
