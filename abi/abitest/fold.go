package abitest

import "fmt"

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
			found := f.finding("the %d events of an entity do not fold %s, although they gave a state before", len(to.events), name)
			found.Want = "state " + show(to.state)
			found.Do = "every event that a command emits has to be folded by handle_event as it was when the command was decided"
			k.fail(lawFold, found)
			return
		}
		at = &place{id: at.id, state: f.answer.State, seq: at.seq + uint64(n)}
		if rest = rest[n:]; len(rest) > 0 || string(at.state) == string(to.state) {
			continue
		}
		found := f.finding("the %d events of an entity, folded %s, give another state than before", len(to.events), name)
		found.Want = "state " + show(to.state)
		found.Do = "fold events in handle_command with the same code as in handle_event"
		k.fail(lawFold, found)
		return
	}
	k.held(lawFold)
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
			d := k.decide(k.main, s.request(at, at.later()))
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
