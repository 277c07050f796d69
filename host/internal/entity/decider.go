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

// Decide has the batch's binding's behavior decide the commands, and prepares the commit.
func (d *Decider) Decide(b *Batch) {
	e := b.Entity
	*d = Decider{b: b, in: Input{Entity: e.ID(), Seq: e.seq, State: e.state, Now: b.now}}
	calls := b.calls
	if len(calls) > 0 && calls[0].Expected != nil && *calls[0].Expected != e.seq {
		b.out.Outcomes = append(b.out.Outcomes, Outcome{Err: &ExpectedError{e.ID(), *calls[0].Expected, e.seq}})
		calls = calls[1:]
	}
	d.run(calls)
	b.prepare()
	if b.traced {
		b.stamp(func(t *Times) *time.Time { return &t.Decided })
	}
	*d = Decider{}
}

// run decides a run of commands, isolating those that nothing can be said
// of: the run is halved until the guilty one stands alone. States are threaded
// through, so it stays one commit.
func (d *Decider) run(calls []*Call) {
	if len(calls) == 0 {
		return
	}
	out := &d.b.out
	outcomes, events, state := len(out.Outcomes), len(out.Events), out.State
	d.in.Calls = calls
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
		return
	}
	clear(out.Outcomes[outcomes:])
	clear(out.Events[events:])
	out.Outcomes, out.Events, out.State = out.Outcomes[:outcomes], out.Events[:events], state
	var f *Fault
	if len(calls) == 1 || errors.As(err, &f) && f.Kind == BadState {
		for range calls {
			out.Outcomes = append(out.Outcomes, Outcome{Err: err})
		}
		return
	}
	d.in.Rerun = true
	half := len(calls) / 2
	d.run(calls[:half])
	d.run(calls[half:])
}
