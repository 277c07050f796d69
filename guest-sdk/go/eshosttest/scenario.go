// Package eshosttest tests the types of a plugin natively, with no WebAssembly in sight: given these events, when this
// command comes, then these events and this reply.
//
//	eshosttest.Given(t, Counter, Increased{By: 5}).
//		When(Decrease{By: 2}).Then(Decreased{By: 2}).ThenReply(uint64(3)).
//		When(Decrease{By: 4}).ThenRejected("underflow")
//
// What runs is the plugin's real message loop, bytes in and bytes out. Beside what a test asks for, each step checks
// what a host relies on: that decisions and folds give the same bytes each time and on each instance, that a batch of
// commands gives what its commands give one by one, that the state after a command is the fold of the events, in one
// call or in many, and that states and events are read as they were written.
package eshosttest

import (
	"reflect"
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
)

// Scenario is an entity at some point of its life. Make one with [Given]; it must not be used from several goroutines.
type Scenario[S any] struct {
	t   testing.TB
	def *eshost.Type[S]

	id      string
	now     int64
	seq     uint64
	state   []byte // nil: no events yet
	history []wireEvent
	batch   batch
}

// batch is what was decided since the last point from which it can all be decided again in one request.
type batch struct {
	seq      uint64
	state    []byte
	commands []wireCommand
	outcomes []outcome
}

// Given makes an entity with the id "test" that has these events behind it, of any registered versions. At first the
// time is 2026-01-01 in UTC.
func Given[S any](t testing.TB, def *eshost.Type[S], events ...any) *Scenario[S] {
	t.Helper()
	s := &Scenario[S]{t: t, def: def, id: "test", now: 1767225600000}
	for _, event := range events {
		s.history = append(s.history, s.encodeEvent(event))
	}
	s.checkFolds()
	if len(events) > 0 {
		s.seq, s.state = uint64(len(events)), s.fold(eshost.NewPlugin(def), 0, nil, s.history)
	}
	s.rebase()
	return s
}

// ID changes the entity's id.
func (s *Scenario[S]) ID(id string) *Scenario[S] {
	s.id = id
	s.rebase()
	return s
}

// At sets the time of the commands that follow, in milliseconds since 1970.
func (s *Scenario[S]) At(millis int64) *Scenario[S] {
	s.now = millis
	s.rebase()
	return s
}

func (s *Scenario[S]) rebase() { s.batch = batch{seq: s.seq, state: s.state} }

// State is the state of the entity now.
func (s *Scenario[S]) State() S {
	s.t.Helper()
	state := s.state
	if state == nil {
		state = s.fold(eshost.NewPlugin(s.def), 0, nil, nil)
	}
	var v S
	s.decode(reflect.ValueOf(&v), state, "the state")
	return v
}

// When sends a command, a value of a type that exactly one command was defined with.
func (s *Scenario[S]) When(command any) *Outcome[S] {
	s.t.Helper()
	var names []string
	for _, info := range s.def.Commands() {
		if info.Type == reflect.TypeOf(command) {
			names = append(names, info.Name)
		}
	}
	if len(names) != 1 {
		s.t.Fatalf("%d commands of type %s are defined with a %T, want one; there is WhenNamed", len(names), s.def.Name(), command)
	}
	return s.WhenNamed(names[0], command)
}

// WhenNamed sends a command by its name, with any value as its payload: also one that the command does not take.
func (s *Scenario[S]) WhenNamed(name string, payload any) *Outcome[S] {
	s.t.Helper()
	command := wireCommand{name: name, payload: s.encode(payload)}
	answer := s.decide(eshost.NewPlugin(s.def), s.seq, s.state, command)
	outcome := answer.outcomes[0]
	s.checkAgain(command, answer)
	s.checkBatch(command, answer)

	o := &Outcome[S]{s: s, command: command.text(), name: name, wire: outcome}
	if len(outcome.events) > 0 {
		s.history = append(s.history, outcome.events...)
		s.seq += uint64(len(outcome.events))
		s.state = answer.state
		s.checkFolds()
	}
	return o
}

// checkAgain decides the same command several times, on fresh instances and on a used one.
func (s *Scenario[S]) checkAgain(command wireCommand, first answer) {
	s.t.Helper()
	used := eshost.NewPlugin(s.def)
	for i := range 6 {
		plugin := used
		if i%2 == 0 {
			plugin = eshost.NewPlugin(s.def)
		}
		if again := s.decide(plugin, s.seq, s.state, command); again.raw != first.raw {
			s.t.Errorf("command %s is not decided the same each time, as happens with the order of a map or a variable that"+
				" outlives a call:\n\t%s\nand then\n\t%s", command.text(), first.text(), again.text())
			return
		}
	}
}

// checkBatch decides all commands since the last rebase in one request, then the latest one once more behind them, and
// compares with what they gave one by one.
func (s *Scenario[S]) checkBatch(command wireCommand, latest answer) {
	s.t.Helper()
	b := &s.batch
	b.commands = append(b.commands, command)
	b.outcomes = append(b.outcomes, latest.outcomes[0])
	seq, state := s.seq+uint64(len(latest.outcomes[0].events)), s.state
	if latest.state != nil {
		state = latest.state
	}
	next := s.decide(eshost.NewPlugin(s.def), seq, state, command)
	want := append(b.outcomes[:len(b.outcomes):len(b.outcomes)], next.outcomes[0])
	commands := append(b.commands[:len(b.commands):len(b.commands)], command)
	got := s.decide(eshost.NewPlugin(s.def), b.seq, b.state, commands...)
	for i := range want {
		if string(got.outcomes[i].raw) != string(want[i].raw) {
			s.t.Errorf("command %d of a batch of %d, %s, is\n\t%s\nbut alone it is\n\t%s", i+1, len(want), commands[i].text(),
				got.outcomes[i].text(), want[i].text())
			return
		}
	}
	if next.state != nil {
		state = next.state
	}
	if got.state != nil && string(got.state) != string(state) {
		s.t.Errorf("after a batch of %d commands the state is\n\t%s\nbut after the same ones one by one\n\t%s", len(want), jsonOf(got.state), jsonOf(state))
	}
}

// checkFolds folds the history in one call, event by event, and again, and compares with the state of the entity.
func (s *Scenario[S]) checkFolds() {
	s.t.Helper()
	plugin := eshost.NewPlugin(s.def)
	whole := s.fold(plugin, 0, nil, s.history)
	var step []byte
	if len(s.history) == 0 {
		step = s.fold(plugin, 0, nil, nil)
	}
	for i := range s.history {
		step = s.fold(plugin, uint64(i), step, s.history[i:i+1])
	}
	if again := s.fold(eshost.NewPlugin(s.def), 0, nil, s.history); string(again) != string(whole) {
		s.t.Errorf("folding the same events twice gives different states:\n\t%s\n\t%s", jsonOf(whole), jsonOf(again))
	}
	if string(step) != string(whole) {
		s.t.Errorf("folding event by event gives another state than folding all at once:\n\t%s\n\t%s", jsonOf(step), jsonOf(whole))
	}
	if same := s.fold(plugin, uint64(len(s.history)), whole, nil); string(same) != string(whole) {
		s.t.Errorf("the state is not read as it was written:\n\t%s\n\t%s", jsonOf(whole), jsonOf(same))
	}
	if s.state != nil && string(s.state) != string(whole) {
		s.t.Errorf("the state after the command is not the fold of the entity's events:\n\t%s\n\t%s", jsonOf(s.state), jsonOf(whole))
	}
}
