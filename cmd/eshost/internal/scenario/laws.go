package scenario

import (
	"bytes"
	"reflect"

	"github.com/eshost/eshost/abi"
)

// tree gives a decision as a value, to be shown.
func (e *entity) tree(d decision) *value {
	outcomes := &value{kind: array}
	for i := range d.outcomes {
		outcomes.items = append(outcomes.items, e.outcomeTree(&d.outcomes[i]))
	}
	v := &value{kind: object, keys: []string{"outcomes"}, items: []*value{outcomes}}
	if d.state != nil {
		v.keys, v.items = append(v.keys, "state"), append(v.items, decode(d.state))
	}
	return v
}

func (e *entity) outcomeTree(o *outcome) *value {
	v := &value{kind: object}
	add := func(key string, item *value) {
		if item != nil {
			v.keys, v.items = append(v.keys, key), append(v.items, item)
		}
	}
	switch o.status {
	case abi.Accepted:
		add("events", e.eventTree(o.events))
		add("reply", decode(o.payload))
	case abi.Rejected:
		add("rejected", &value{text: quote(o.text)})
		add("payload", decode(o.payload))
	default:
		add("fault", &value{text: quote(kindName(o.kind))})
		add("message", &value{text: quote(o.text)})
	}
	return v
}

// eventTree gives events in the way of a file: a list of maps of one entry.
func (e *entity) eventTree(events []abi.Event) *value {
	list := &value{kind: array}
	for _, event := range events {
		payload := decode(event.Payload)
		if payload == nil {
			payload = &value{text: "null"}
		}
		list.items = append(list.items, &value{kind: object, keys: []string{label(e.def, event.Name, event.Version)}, items: []*value{payload}})
	}
	return list
}

// label names an event as a file does: with its version, unless that is the newest.
func label(def *abi.EntityType, name string, version uint32) string {
	if version == newest(def, name) {
		return name
	}
	return versioned(name, version)
}

// compare fails if two answers that must be the same are not, byte for byte.
func compare[T any](what string, want, got T, show func(T) *value) error {
	if reflect.DeepEqual(want, got) {
		return nil
	}
	a, b := show(want), show(got)
	if a.equal(b) {
		return breach("%s differs in its bytes, though not in what they mean: %s", what, cut(b.String(), maxLineBytes))
	}
	return breach("%s", difference(what, a, b))
}

// decideAlike decides one command on the used instance, twice, and on a fresh one, which must not make a difference.
func (e *entity) decideAlike(now int64, command abi.Command) (decision, error) {
	first, err := e.decide(e.used, e.seq, e.state, now, command)
	if err != nil || first.outcomes[0].trapped {
		return first, err
	}
	for _, again := range []struct {
		what  string
		guest Guest
	}{
		{"the answer of the same instance, asked again,", e.used},
		{"the answer of a fresh instance", e.fresh},
	} {
		second, err := e.decide(again.guest, e.seq, e.state, now, command)
		if err == nil {
			err = compare(again.what, first, second, e.tree)
		}
		if err != nil {
			return first, err
		}
	}
	return first, nil
}

// apply makes the events of an outcome the entity's, and fails if the state of the answer is not their fold.
func (e *entity) apply(d decision) error {
	events := d.outcomes[0].events
	if len(events) == 0 {
		return nil
	}
	step, err := e.fold(e.fresh, e.seq, e.state, events)
	if err != nil {
		return breach("the events of the command cannot be folded: %v", err)
	}
	if err := e.same("the state in the answer, unlike the fold of its events,", step, d.state); err != nil {
		return err
	}
	e.history = append(e.history, events...)
	e.seq += uint64(len(events))
	e.state = d.state
	whole, err := e.fold(e.used, 0, nil, e.history)
	if err != nil {
		return breach("the events of the entity cannot be folded in one call: %v", err)
	}
	return e.same("the state, unlike the fold of all events in one call,", whole, e.state)
}

func (e *entity) same(what string, want, got []byte) error {
	if bytes.Equal(want, got) {
		return nil
	}
	return compare(what, want, got, func(state []byte) *value { return decode(state) })
}

// batch is what was decided one by one since a moment from which it can be decided in one request.
type batch struct {
	now      int64
	seq      uint64
	state    []byte
	commands []abi.Command
	outcomes []outcome
}

// check fails if the commands give something else in one batch than one by one.
func (b *batch) check(e *entity) error {
	if len(b.commands) < 2 {
		return nil
	}
	together, err := e.decide(e.fresh, b.seq, b.state, b.now, b.commands...)
	if err != nil {
		return breach("the commands of the steps cannot be decided in one batch: %v", err)
	}
	alone := decision{outcomes: b.outcomes}
	if e.seq != b.seq {
		alone.state = e.state
	}
	return compare("what a batch of the steps gives, unlike the steps one by one,", alone, together, e.tree)
}
