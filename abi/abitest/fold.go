package abitest

import (
	"fmt"

	"github.com/eshost/eshost/abi"
)

// placesForFolds is at how many places of a type folds are compared.
const placesForFolds = 48

// folds checks that the events of an entity give the state that deciding gave,
// however they are cut into calls.
func (k *kit) folds() {
	for _, s := range k.subjects {
		for _, at := range s.some(placesForFolds) {
			if at.seq == 0 {
				continue
			}
			for _, cut := range []struct {
				name string
				size func() int
			}{
				{"in one call", func() int { return len(at.events) }},
				{"one by one", func() int { return 1 }},
				{"in pieces", func() int { return 1 + k.rand.IntN(4) }},
			} {
				k.foldInPieces(s, at, cut.name, cut.size)
			}
		}
	}
}

// foldInPieces folds all events of a place, some in each call.
func (k *kit) foldInPieces(s *subject, to *place, name string, size func() int) {
	at := &place{id: to.id}
	for rest := to.events; len(rest) > 0; {
		n := min(len(rest), size())
		f := k.fold(k.main, s.folding(at, rest[:n]...))
		if f.err != nil || f.failed != nil && !f.failed.Trapped {
			return // a law of its own
		}
		if !f.folded() {
			found := f.finding("the %d events of an entity do not fold %s, although deciding gave a state", len(to.events), name)
			found.Want = "state " + show(to.state)
			found.Do = "every event that a command emits has to be folded by handle_event as it was when the command was decided"
			k.fail(lawFold, found)
			return
		}
		at = &place{id: at.id, state: f.answer.State, seq: at.seq + uint64(n)}
		if rest = rest[n:]; len(rest) > 0 || string(at.state) == string(to.state) {
			continue
		}
		found := f.finding("the %d events of an entity, folded %s, give another state than deciding gave", len(to.events), name)
		found.Want = "state " + show(to.state)
		found.Do = "fold events in handle_command with the same code as in handle_event"
		k.fail(lawFold, found)
		return
	}
	k.held(lawFold)
}

// foldMade folds events that no command emitted, as far as a schema says what
// they are like. They may be impossible where they are folded, so that only
// what is folded is judged.
func (k *kit) foldMade(s *subject) {
	for _, spec := range s.spec.Events {
		e := s.events[eventKey{spec.Name, spec.Version}]
		if e.emitted > 0 {
			continue
		}
		for _, payload := range e.schema.payloads() {
			for _, at := range s.some(4) {
				f := k.fold(k.main, s.folding(at, abi.Event{Name: spec.Name, Version: spec.Version, Payload: payload}))
				if !f.folded() {
					continue
				}
				e.folded = true
				if !containsPayload(e.payloads, payload) {
					e.payloads = append(e.payloads, payload)
				}
				k.remember(&exchange{request: f.message, answer: f.bytes, describe: func() Finding { return f.finding("") }})
			}
		}
		how := "its fold was not exercised"
		if e.folded {
			how = "its fold was exercised with payloads made from its schema"
		}
		k.note("%s: event %s version %d is listed, and no command emitted it: %s", s.spec.Name, spec.Name, spec.Version, how)
	}
}

// empties checks what requests without events, and without commands, give.
func (k *kit) empties() {
	for _, s := range k.subjects {
		var initial []byte
		for _, id := range []string{"kit-0", "another"} {
			f := k.fold(k.main, s.folding(&place{id: id}))
			switch {
			case f.err != nil:
			case !f.folded():
				found := f.finding("there is no initial state")
				found.Want, found.Do = "[0, state]", "answer an event request without events and with a nil state with the type's initial state"
				k.fail(lawEmpty, found)
			case initial != nil && string(initial) != string(f.answer.State):
				found := f.finding("the initial state depends on the entity's id")
				found.Want = "state " + show(initial)
				k.fail(lawEmpty, found)
			default:
				initial = f.answer.State
				k.held(lawEmpty)
			}
		}
		for _, at := range s.some(16) {
			if at.seq > 0 {
				f := k.fold(k.main, s.folding(at))
				if f.err == nil && (!f.folded() || string(f.answer.State) != string(at.state)) {
					found := f.finding("a request without events gives another state than it came with")
					found.Want = fmt.Sprintf("state %s (%s)", show(at.state), shortHex(at.state))
					k.fail(lawEmpty, found)
				} else if f.err == nil {
					k.held(lawEmpty)
				}
			}
			d := k.decide(k.main, s.request(at, later))
			switch {
			case d.err != nil: // a law of its own
			case !d.decided():
				found := d.finding("a request without commands is not answered")
				found.Want = "no outcomes, and a nil state: 93 00 90 c0"
				k.fail(lawEmpty, found)
			default:
				k.held(lawEmpty)
			}
		}
	}
}
