package abitest

import (
	"fmt"
	"slices"

	"github.com/eshost/eshost/abi"
)

// rewritten is another payload that means the same as base.
type rewritten struct {
	what          string
	base, payload []byte
}

// otherOrder is the form whose keys are turned around.
const otherOrder = "keys in another order"

// rewrite gives other forms of a payload. A nil shape is that of one without a
// schema.
func rewrite(payload []byte, s *shape) (all []rewritten) {
	if payload == nil {
		payload = emptyMap
	}
	v := parse(payload)
	if s == nil {
		s = unknown
	}
	add := func(what string, base, b []byte) {
		if string(base) != string(b) && abi.CheckPayload(b) == nil {
			all = append(all, rewritten{what, base, b})
		}
	}
	for _, f := range []struct {
		what string
		form form
	}{
		{"integers as 64 bits with a sign", form{signed: true}},
		{"integers as 64 bits, and every length in 32", form{wide: true}},
		{"floats of 32 bits", form{single: true}},
		{"whole floats as integers", form{whole: true}},
	} {
		add(f.what, payload, f.form.encode(v))
	}
	add(otherOrder, payload, canonicalForm.encode(backwards(v)))
	add("fields that the struct has not", payload, canonicalForm.encode(extended(v, s, 0)))
	top, _ := s.real()
	if top.kind != shapeStruct || v.kind != kindMap {
		return all
	}
	for _, f := range top.fields {
		if f.required {
			continue
		}
		absent := v
		if i := v.key(f.name); i >= 0 {
			absent = v.without(i)
		}
		add(fmt.Sprintf("nil for the optional field %q", f.name), canonicalForm.encode(absent), canonicalForm.encode(absent.and(text(f.name), value{})))
	}
	return all
}

// backwards turns around the keys of all maps.
func backwards(v value) value {
	v.keys, v.items = slices.Clone(v.keys), slices.Clone(v.items)
	for i := range v.items {
		v.items[i] = backwards(v.items[i])
	}
	if v.kind == kindMap {
		slices.Reverse(v.keys)
		slices.Reverse(v.items)
	}
	return v
}

// extended adds a field that nobody knows to all structs.
func extended(v value, s *shape, depth int) value {
	s, _ = s.real()
	if depth > maxDepth {
		return v
	}
	inner := func(i int) *shape {
		switch {
		case s.kind == shapeStruct:
			if f := s.field(string(v.keys[i].text)); f != nil {
				return f.shape
			}
		case s.elem != nil:
			return s.elem
		}
		return unknown
	}
	for i := range v.items {
		v = v.with(i, extended(v.items[i], inner(i), depth+1))
	}
	if s.kind == shapeStruct && v.kind == kindMap {
		v = v.and(text("eshost-kit-unknown"), list(mapOf(text("by"), number(-1)), value{}, binaryOf([]byte("x"))))
	}
	return v
}

// inOtherForms checks that every valid form of a value is taken like the
// canonical one.
func (k *kit) inOtherForms() {
	for _, s := range k.subjects {
		for _, at := range s.some(3) {
			for _, e := range s.examples() {
				if e.trapped || e.refused {
					continue
				}
				for _, r := range rewrite(e.payload, e.command.schema.of()) {
					k.otherPayload(s, at, e.command, r)
				}
			}
			for _, spec := range s.spec.Events {
				e := s.events[eventKey{spec.Name, spec.Version}]
				for _, payload := range e.payloads {
					for _, r := range rewrite(payload, e.schema.of()) {
						event := abi.Event{Name: spec.Name, Version: spec.Version}
						k.otherEvent(s, at, at, event, r.base, r.payload, "an event's payload with "+r.what)
					}
				}
			}
		}
		for _, at := range s.andInitial(3) {
			if at.seq > 0 {
				k.otherStates(s, at)
			}
		}
	}
}

const formsAdvice = "a reader takes every form of an integer, a string, a bin, an array and a map, fields in any order, and passes over fields it does not know"

func (k *kit) otherPayload(s *subject, at *place, c *command, r rewritten) {
	want := k.decide(k.main, s.request(at, at.later(), abi.Command{Name: c.spec.Name, Payload: r.base}))
	call := abi.Command{Name: c.spec.Name, Payload: r.payload}
	got := k.decide(k.main, s.request(at, at.later(), call))
	if want.outcome() == nil || got.err != nil || want.faulted(abi.KindPayload) {
		return
	}
	wrong := "nothing is decided"
	if o := got.outcome(); o != nil {
		wrong = same(&got.answer, 0, &want.answer, 0)
		if wrong != "" && o.Status == want.outcome().Status && k.chances(s, at, call) {
			wrong = "" // it has what it says of the payload's bytes, as it may
		}
	}
	if wrong == "" {
		k.held(lawForms)
		return
	}
	f := got.finding("a payload with %s is not taken like the canonical one: %s", r.what, wrong)
	f.Want, f.Do = want.answered().Text, formsAdvice
	k.fail(lawForms, f)
}

// otherStates gives a command and an event the state in other forms.
func (k *kit) otherStates(s *subject, at *place) {
	for _, r := range rewrite(at.state, s.state.of()) {
		if string(r.base) != string(at.state) || r.what == otherOrder && k.failed(lawCanonical) {
			continue // a guest that keeps a map's order shows it
		}
		other := &place{id: at.id, state: r.payload, seq: at.seq, now: at.now}
		for _, e := range s.examples() {
			if e.trapped || e.refused {
				continue
			}
			want, got := k.decide(k.main, s.request(at, at.later(), e.call())), k.decide(k.main, s.request(other, other.later(), e.call()))
			if want.outcome() == nil || got.err != nil {
				continue
			}
			wrong := "nothing is decided"
			if got.outcome() != nil {
				wrong = same(&got.answer, 0, &want.answer, 0)
				if wrong == "" && !samePayload(got.answer.State, want.answer.State) {
					wrong = "the state after it is another one"
				}
			}
			if wrong == "" {
				k.held(lawForms)
				continue
			}
			f := got.finding("a state with %s is not taken like the canonical one: %s", r.what, wrong)
			f.Want, f.Do = want.answered().Text, formsAdvice
			k.fail(lawForms, f)
		}
		for _, spec := range s.spec.Events {
			if e := s.events[eventKey{spec.Name, spec.Version}]; len(e.payloads) > 0 {
				k.otherEvent(s, at, other, abi.Event{Name: spec.Name, Version: spec.Version}, e.payloads[0], e.payloads[0], "a state with "+r.what)
			}
		}
	}
}

// otherEvent folds an event whose payload, or whose state, is in another form.
func (k *kit) otherEvent(s *subject, at, other *place, event abi.Event, base, payload []byte, what string) {
	event.Payload = base
	want := k.fold(k.main, s.folding(at, event))
	event.Payload = payload
	got := k.fold(k.main, s.folding(other, event))
	switch {
	case !want.folded() || got.err != nil || got.failed != nil && !got.failed.Trapped:
	case got.folded() && string(got.answer.State) == string(want.answer.State):
		k.held(lawForms)
	default:
		f := got.finding("%s is not taken like the canonical one", what)
		f.Want, f.Do = want.answered().Text, formsAdvice
		k.fail(lawForms, f)
	}
}

// chances reports whether what a command does depends on the entity's id, as
// it does where a handler derives randomness: the bytes of the payload may then
// matter too.
func (k *kit) chances(s *subject, at *place, call abi.Command) bool {
	var first *decision
	for i := range 5 {
		elsewhere := &place{id: fmt.Sprintf("kit-chance-%d", i), state: at.state, seq: at.seq, now: at.now}
		d := k.decide(k.main, s.request(elsewhere, elsewhere.later(), call))
		switch {
		case d.outcome() == nil:
			return false
		case first == nil:
			first = d
		case same(&d.answer, 0, &first.answer, 0) != "":
			return true
		}
	}
	return false
}
