package host

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/host/internal/plugin"
	"github.com/eshost/eshost/stores"
)

// guest is a plugin as the behavior of one entity type: it speaks the ABI.
type guest struct {
	plugin *plugin.Plugin
	digest stores.Digest
	kinds  map[stores.Kind]string // the events the manifest lists, to their names
	few    []stores.Kind          // the first of them
	limits abi.Limits
	fuel   int64 // of one command or event at most; 0: what the host allows
	speech *speech
	audits *auditor
}

func newGuest(d *loaded, t *abi.EntityType, o *Options) *guest {
	g := &guest{plugin: d.plugin, digest: d.digest, audits: d.auditor, speech: d.speech, kinds: make(map[stores.Kind]string),
		limits: abi.Limits{Outcomes: o.BatchSize, Events: o.EventsPerCommand, PayloadBytes: o.PayloadBytes, StateBytes: o.StateBytes}}
	own := &d.manifest.Limits
	for _, l := range []struct {
		limit *int
		own   uint64
	}{{&g.limits.Events, own.EventsPerCommand}, {&g.limits.PayloadBytes, own.PayloadBytes}, {&g.limits.StateBytes, own.StateBytes}} {
		if l.own != 0 {
			*l.limit = int(min(uint64(*l.limit), l.own))
		}
	}
	g.fuel = int64(min(own.CommandFuel, math.MaxInt64/fuelFactor))
	for _, e := range t.Events {
		k := stores.Kind{Name: e.Name, Version: e.Version}
		g.kinds[k] = e.Name
		if len(g.few) < fewKinds {
			g.few = append(g.few, k)
		}
	}
	return g
}

// fuelFactor is how many commands or events have fuel of their own in one call; more have as much as these.
const fuelFactor = 1 << 20

// allowance is what a call may use that decides n commands, or folds n events.
func (g *guest) allowance(a entity.Allowance, n int) plugin.Allowance {
	if g.fuel > 0 {
		own := g.fuel * int64(min(n, fuelFactor))
		if a.Fuel == 0 || own < a.Fuel {
			a.Fuel = own
		}
	}
	return plugin.Allowance{Fuel: a.Fuel, Pause: a.Pause}
}

// fewKinds is how many events are compared before it is quicker to look into a map.
const fewKinds = 8

// listed returns the name of an event as the manifest has it, if it lists the event.
func (g *guest) listed(e *abi.EmittedEvent) (name string, ok bool) {
	for i := range g.few {
		if k := &g.few[i]; k.Version == e.Version && k.Name == string(e.Name) {
			return k.Name, true
		}
	}
	name, ok = g.kinds[stores.Kind{Name: string(e.Name), Version: e.Version}]
	return name, ok
}

// scratch is what one guest call needs besides the instance.
type scratch struct {
	request  []byte
	commands []abi.Command
	events   []abi.Event
	decided  abi.CommandAnswer
	folded   abi.EventAnswer
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// keepRequest is the largest request buffer that is kept for another call.
const keepRequest = 4 << 20

func (s *scratch) put() {
	clear(s.commands)
	clear(s.events)
	if cap(s.request) > keepRequest {
		s.request = nil
	}
	scratches.Put(s)
}

// Decide implements entity.Behavior with one guest call.
func (g *guest) Decide(in *entity.Input, out *entity.Decision) error {
	const fn = abi.ExportHandleCommand
	s := scratches.Get().(*scratch)
	defer s.put()
	s.commands = s.commands[:0]
	for _, c := range in.Calls {
		s.commands = append(s.commands, abi.Command{Name: c.Name, Payload: c.Payload})
	}
	s.request = abi.AppendCommandRequest(s.request[:0], &abi.CommandRequest{
		Type: in.Entity.Type, ID: in.Entity.ID, Seq: in.Seq, State: in.State, Now: in.Now, Commands: s.commands})

	at := len(out.Arena)
	err := g.call(in.Entity, in.Rerun, in.Wait, func(i *plugin.Instance) error {
		b, err := i.HandleCommand(s.request, g.allowance(in.Allowance, len(in.Calls)))
		out.Fuel += i.Used()
		if err != nil {
			return err
		}
		out.Arena = append(out.Arena, b...)
		if g.audits.due() {
			g.audits.audit(Difference{Func: fn, Entity: in.Entity, Seq: in.Seq, Request: s.request, First: b}, func(i *plugin.Instance, req []byte) ([]byte, error) {
				return i.HandleCommand(req, g.allowance(in.Allowance, len(in.Calls)))
			})
		}
		return nil
	})
	if err != nil {
		return g.fault(fn, err)
	}
	a := &s.decided
	if err := a.Decode(out.Arena[at:len(out.Arena):len(out.Arena)], &g.limits); err != nil {
		return g.malformed(fn, err)
	}
	if a.Refused != 0 {
		return &entity.Fault{Kind: entity.FaultKind(a.Refused), Message: abi.CleanText(a.Message), Plugin: g.digest, Func: fn}
	}
	for i := range a.Outcomes {
		if err := g.outcome(a, i, out); err != nil {
			return err
		}
	}
	if a.State != nil {
		out.State = a.State
	}
	return nil
}

// outcome appends the i-th outcome and its events to out.
func (g *guest) outcome(a *abi.CommandAnswer, i int, out *entity.Decision) error {
	const fn = abi.ExportHandleCommand
	o := &a.Outcomes[i]
	switch o.Status {
	case abi.Rejected:
		r := &entity.Rejection{Code: string(o.Code)}
		if o.Payload != nil {
			r.Payload = append([]byte(nil), o.Payload...)
		}
		out.Outcomes = append(out.Outcomes, entity.Outcome{Err: r})
		return nil
	case abi.Faulted:
		out.Outcomes = append(out.Outcomes, entity.Outcome{Err: &entity.Fault{
			Kind: entity.FaultKind(o.Kind), Message: abi.CleanText(o.Message), Plugin: g.digest, Func: fn}})
		return nil
	}
	events := a.EventsOf(i)
	for i := range events {
		e := &events[i]
		name, ok := g.listed(e)
		if !ok {
			return &entity.Fault{Kind: entity.Malformed, Plugin: g.digest, Func: fn,
				Message: fmt.Sprintf("event %q version %d is not in the plugin's manifest", e.Name, e.Version)}
		}
		out.Events = append(out.Events, stores.Event{Name: name, Version: e.Version, Payload: e.Payload})
	}
	out.Outcomes = append(out.Outcomes, entity.Outcome{Events: o.Count, Reply: o.Reply})
	return nil
}

// Fold implements entity.Behavior with one guest call.
func (g *guest) Fold(in *entity.FoldInput, dst []byte) ([]byte, error) {
	const fn = abi.ExportHandleEvent
	s := scratches.Get().(*scratch)
	defer s.put()
	s.events = s.events[:0]
	for _, e := range in.Events {
		s.events = append(s.events, abi.Event(e))
	}
	s.request = abi.AppendEventRequest(s.request[:0], &abi.EventRequest{
		Type: in.Entity.Type, ID: in.Entity.ID, Seq: in.Seq, State: in.State, Events: s.events})

	var state []byte
	err := g.call(in.Entity, true, in.Wait, func(i *plugin.Instance) error {
		b, err := i.HandleEvent(s.request, g.allowance(in.Allowance, len(in.Events)))
		in.Used = i.Used()
		if err != nil {
			return g.fault(fn, err)
		}
		if g.audits.due() {
			g.audits.audit(Difference{Func: fn, Entity: in.Entity, Seq: in.Seq, Request: s.request, First: b}, func(i *plugin.Instance, req []byte) ([]byte, error) {
				return i.HandleEvent(req, g.allowance(in.Allowance, len(in.Events)))
			})
		}
		a := &s.folded
		if err := a.Decode(b, &g.limits); err != nil {
			return g.malformed(fn, err)
		}
		if a.Refused != 0 {
			f := &entity.Fault{Kind: entity.FaultKind(a.Refused), Message: abi.CleanText(a.Message), Plugin: g.digest, Func: fn}
			if f.Kind != entity.BadState && uint64(a.Index) < uint64(len(in.Events)) { // else nothing is said of which event it is
				f.Seq = in.Seq + 1 + uint64(a.Index)
			}
			return f
		}
		state = append(dst, a.State...)
		return nil
	})
	if err != nil {
		return nil, g.fault(fn, err)
	}
	return state, nil
}

// call borrows an instance for one call. What the guest logged is passed on,
// unless the call repeats what was done before. Without wait it is interrupted where all instances are in use.
func (g *guest) call(id stores.EntityID, repeated, wait bool, f func(*plugin.Instance) error) error {
	acquire := g.plugin.TryAcquire
	if wait {
		acquire = g.plugin.Acquire
	}
	i, err := acquire(context.Background())
	if errors.Is(err, plugin.ErrFull) {
		return entity.ErrInterrupted
	}
	if err != nil {
		return err
	}
	defer g.plugin.Release(i)
	err = f(i)
	if repeated || errors.Is(err, entity.ErrInterrupted) {
		return err // it was, or will be, said by another call
	}
	if lines, dropped := i.Logs(); len(lines) > 0 || dropped > 0 {
		g.speech.pass(id, lines, dropped)
	}
	return err
}

// fault makes a failed call a *entity.Fault.
func (g *guest) fault(fn string, err error) error {
	var f *entity.Fault
	if errors.As(err, &f) || errors.Is(err, entity.ErrInterrupted) {
		return err
	}
	f = &entity.Fault{Kind: entity.Trapped, Plugin: g.digest, Func: fn, Err: err}
	var call *plugin.CallError
	if errors.As(err, &call) {
		if f.Message = call.Message; f.Message == "" {
			f.Message = causeOf(call)
		}
	}
	switch {
	case errors.Is(err, plugin.ErrMalformed):
		f.Kind = entity.Malformed
	case errors.Is(err, plugin.ErrOverLimit):
		f.Kind = entity.OverLimit
	case errors.Is(err, plugin.ErrOutOfFuel):
		f.Kind = entity.OutOfFuel
	}
	return f
}

// causeOf is what happened to a call, without what the fault says itself: plugin,
// function and kind.
func causeOf(call *plugin.CallError) string {
	text := call.Err.Error()
	for _, kind := range []error{plugin.ErrTrapped, plugin.ErrMalformed, plugin.ErrOverLimit, plugin.ErrOutOfFuel} {
		text = strings.TrimPrefix(text, kind.Error()+": ")
	}
	return text
}

// malformed words an answer that breaks the ABI or a limit.
func (g *guest) malformed(fn string, err error) error {
	return &entity.Fault{Kind: entity.Malformed, Plugin: g.digest, Func: fn, Message: err.Error(), Err: err}
}
