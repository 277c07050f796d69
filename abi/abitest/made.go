package abitest

import "github.com/eshost/eshost/abi"

// foldMade folds events that no command emitted, as far as a schema says what
// they are like. They may be impossible where they are folded, so that only
// what is folded is judged. Where no event was emitted at all, they make the
// history of an entity.
func (k *kit) foldMade(s *subject) {
	var made []abi.Event
	emitted := false
	for _, spec := range s.spec.Events {
		e := s.events[eventKey{spec.Name, spec.Version}]
		if e.emitted > 0 {
			emitted = true
			continue
		}
		for _, payload := range e.made() {
			event := abi.Event{Name: spec.Name, Version: spec.Version, Payload: payload}
			folded := false
			for _, at := range s.some(4) {
				folded = k.foldEvent(s, at, event) != nil || folded
			}
			if folded {
				made = append(made, event)
			}
		}
		how := "its fold was not exercised"
		if e.folded {
			how = "its fold was exercised with what was made for it"
		}
		k.note("%s: event %s version %d is listed, and no command emitted it: %s", s.spec.Name, spec.Name, spec.Version, how)
	}
	if emitted || len(made) == 0 {
		return
	}
	at := s.places[0]
	for step := range max(fewestSteps, 3*len(made)) {
		if next := k.foldEvent(s, at, made[step%len(made)]); next != nil {
			s.reach(next)
			at = next
		}
	}
}

// made are payloads that the event may have: none, where no schema says more.
func (e *event) made() [][]byte {
	if e.spec.Schema == "" {
		return [][]byte{nil}
	}
	return e.schema.payloads()
}

// foldEvent folds an event that was made, and returns where that leads; nil: it
// was not folded.
func (k *kit) foldEvent(s *subject, at *place, event abi.Event) *place {
	f := k.fold(k.main, s.folding(at, event))
	if !f.folded() {
		return nil
	}
	e := s.events[eventKey{event.Name, event.Version}]
	e.folded = true
	if !containsPayload(e.payloads, event.Payload) {
		e.payloads = append(e.payloads, event.Payload)
	}
	k.remember(&exchange{request: f.message, answer: f.bytes, describe: func() Finding { return f.finding("") }})
	k.stateOf(s, f)
	return &place{id: at.id, state: f.answer.State, seq: at.seq + 1, now: at.now, events: append(at.events[:len(at.events):len(at.events)], event)}
}

// begin asks for the initial state, which is judged like any other.
func (k *kit) begin(s *subject) {
	if f := k.fold(k.main, s.folding(&place{id: "kit-0"})); f.folded() {
		s.initial = f.answer.State
		k.remember(&exchange{request: f.message, answer: f.bytes, describe: func() Finding { return f.finding("") }})
		k.stateOf(s, f)
	}
}

// stateOf judges the state that a fold gave.
func (k *kit) stateOf(s *subject, f *folding) {
	noun := "the state"
	if len(f.request.Events) == 0 {
		noun = "the initial state"
	}
	k.content(s, content{noun: noun, place: "state", payload: f.answer.State, schema: s.state, law: lawState, finding: func() Finding { return f.finding("") }})
}
