package eshosttest

import (
	"reflect"
	"slices"
)

// Outcome is what became of a command.
type Outcome[S any] struct {
	s       *Scenario[S]
	command string
	name    string
	wire    outcome
}

// When sends the next command.
func (o *Outcome[S]) When(command any) *Outcome[S] { o.s.t.Helper(); return o.s.When(command) }

// WhenNamed sends the next command by its name: see [Scenario.WhenNamed].
func (o *Outcome[S]) WhenNamed(name string, payload any) *Outcome[S] {
	o.s.t.Helper()
	return o.s.WhenNamed(name, payload)
}

// At sets the time of the commands that follow, in milliseconds since 1970.
func (o *Outcome[S]) At(millis int64) *Scenario[S] { return o.s.At(millis) }

// Then checks that the command was accepted and emitted exactly these events; none, if none are given.
func (o *Outcome[S]) Then(events ...any) *Outcome[S] {
	o.s.t.Helper()
	if !o.accepted() {
		return o
	}
	var want []wireEvent
	for _, event := range events {
		want = append(want, o.s.encodeEvent(event))
	}
	same := func(a, b wireEvent) bool {
		return a.name == b.name && a.version == b.version && string(a.payload) == string(b.payload)
	}
	if !slices.EqualFunc(o.wire.events, want, same) {
		o.s.t.Errorf("%s: emitted %s, want %s", o.command, eventsText(o.wire.events), eventsText(want))
	}
	return o
}

// ThenReply checks that the command was accepted and answered with this reply.
func (o *Outcome[S]) ThenReply(reply any) *Outcome[S] {
	o.s.t.Helper()
	if !o.accepted() {
		return o
	}
	for _, info := range o.s.def.Commands() {
		if info.Name == o.name && info.Reply != reflect.TypeOf(reply) {
			o.s.t.Errorf("%s: replies with a %v, not with a %T", o.command, info.Reply, reply)
			return o
		}
	}
	if want := o.s.encode(reply); string(want) != string(o.wire.payload) {
		o.s.t.Errorf("%s: replied%s", o.command, unlike(o.wire.payload, want))
	}
	return o
}

// ThenState checks the state of the entity after the command.
func (o *Outcome[S]) ThenState(want S) *Outcome[S] {
	o.s.t.Helper()
	if got, want := o.s.encode(o.s.State()), o.s.encode(want); string(got) != string(want) {
		o.s.t.Errorf("%s: the state is%s", o.command, unlike(got, want))
	}
	return o
}

// ThenRejected checks that the command was rejected with this code and, if one is given, with this payload.
func (o *Outcome[S]) ThenRejected(code string, payload ...any) *Outcome[S] {
	o.s.t.Helper()
	switch {
	case o.wire.status != rejected:
		o.s.t.Errorf("%s: %s, want it rejected with %q", o.command, o.wire.text(), code)
	case o.wire.code != code:
		o.s.t.Errorf("%s: rejected with %q, want %q", o.command, o.wire.code, code)
	case len(payload) > 0:
		if want := o.s.encode(payload[0]); string(want) != string(o.wire.payload) {
			o.s.t.Errorf("%s: rejected with %q%s", o.command, code, unlike(o.wire.payload, want))
		}
	}
	return o
}

// Kind is the kind of a fault: what went wrong when nothing was decided.
type Kind int

// The kinds of faults.
const (
	UnknownCommand Kind = 1
	BadPayload     Kind = 2
	BadState       Kind = 3
	Panicked       Kind = 4
	BadEvent       Kind = 5
)

// ThenFault checks that the command could not be decided.
func (o *Outcome[S]) ThenFault(kind Kind) *Outcome[S] {
	o.s.t.Helper()
	if o.wire.status != faulted || o.wire.kind != kind {
		o.s.t.Errorf("%s: %s, want a fault of kind %d", o.command, o.wire.text(), kind)
	}
	return o
}

func (o *Outcome[S]) accepted() bool {
	o.s.t.Helper()
	if o.wire.status != accepted {
		o.s.t.Errorf("%s: %s, want it accepted", o.command, o.wire.text())
	}
	return o.wire.status == accepted
}
