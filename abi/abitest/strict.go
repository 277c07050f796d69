package abitest

import (
	"strings"

	"github.com/eshost/eshost/abi"
)

// How much is tried of one command, one event and one state.
const (
	mostWrong      = 300
	mostWrongState = 80
)

// wrongPayload is a payload that must be refused.
type wrongPayload struct {
	what    string
	payload []byte
}

// spoil makes payloads that must be refused of some that need not be.
func spoil(payloads [][]byte, s *schema, most int) (all []wrongPayload) {
	seen := make(map[string]bool)
	for _, payload := range payloads {
		for _, c := range wrong(parse(payload), s.of()) {
			b := canonicalForm.encode(c.value)
			if !seen[string(b)] && abi.CheckPayload(b) == nil && len(all) < most {
				seen[string(b)] = true
				all = append(all, wrongPayload{c.what, b})
			}
		}
	}
	return all
}

// wrongPayloads are payloads that the command must refuse.
func (c *command) wrongPayloads() []wrongPayload {
	var payloads [][]byte
	for i := range c.examples {
		if !c.examples[i].refused {
			payloads = append(payloads, c.examples[i].payload)
		}
	}
	return spoil(payloads, c.schema, mostWrong)
}

// strictly checks that what is not of the author's type is refused.
func (k *kit) strictly() {
	for _, s := range k.subjects {
		for _, c := range s.commands {
			for _, w := range c.wrongPayloads() {
				for _, at := range s.some(2) {
					k.strictCommand(s, at, c, w)
				}
			}
		}
		for _, spec := range s.spec.Events {
			for _, w := range spoil(s.events[eventKey{spec.Name, spec.Version}].payloads, s.events[eventKey{spec.Name, spec.Version}].schema, mostWrong) {
				for _, at := range s.some(2) {
					k.strictEvent(s, at, abi.Event{Name: spec.Name, Version: spec.Version, Payload: w.payload}, w.what)
				}
			}
		}
		for _, at := range s.andInitial(4) {
			if at.seq > 0 && (!s.state.usable() || s.state.check(at.state) == nil) {
				for _, w := range spoil([][]byte{at.state}, s.state, mostWrongState) {
					k.strictState(s, &place{id: at.id, state: w.payload, seq: at.seq, now: at.now}, w.what)
				}
			}
		}
	}
}

const strictAdvice = "section 7 of ABI.md lists what is refused and what is taken; if the schema says otherwise than the type, mend the schema"

func (k *kit) strictCommand(s *subject, at *place, c *command, w wrongPayload) {
	d := k.decide(k.main, s.request(at, at.later(), abi.Command{Name: c.spec.Name, Payload: w.payload}))
	switch {
	case d.faulted(abi.KindPayload):
		k.held(lawStrict)
	case d.err == nil:
		f := d.finding("a command's payload is taken that must be refused: %s", w.what)
		f.Want, f.Do = "a fault of kind 2", strictAdvice
		k.fail(lawStrict, f)
	}
}

func (k *kit) strictEvent(s *subject, at *place, e abi.Event, what string) {
	f := k.fold(k.main, s.folding(at, e))
	switch {
	case f.err != nil || f.failed != nil && !f.failed.Trapped:
	case f.failed == nil && f.answer.Refused == abi.KindFold && f.answer.Index == 0:
		k.held(lawStrict)
	default:
		found := f.finding("an event's payload is taken that must be refused: %s", what)
		found.Want, found.Do = "refused with kind 5 at index 0", strictAdvice
		k.fail(lawStrict, found)
	}
}

// strictState gives a state that is not one of the type's, to a command and to
// an event that would be taken otherwise, or to no event.
func (k *kit) strictState(s *subject, at *place, what string) {
	for _, e := range s.examples() {
		if e.trapped || e.refused {
			continue
		}
		d := k.decide(k.main, s.request(at, at.later(), e.call()))
		switch {
		case d.err != nil || d.failed != nil && !d.failed.Trapped:
		case d.failed == nil && d.answer.Refused == abi.KindState:
			k.held(lawStrict)
		default:
			f := d.finding("a state is taken that must be refused: %s", stateWord(what))
			f.Want, f.Do = "nothing decided: tag 1 and kind 3", strictAdvice
			k.fail(lawStrict, f)
		}
		break
	}
	var events []abi.Event
	for _, spec := range s.spec.Events {
		if e := s.events[eventKey{spec.Name, spec.Version}]; len(e.payloads) > 0 {
			events = append(events, abi.Event{Name: spec.Name, Version: spec.Version, Payload: e.payloads[0]})
			break
		}
	}
	f := k.fold(k.main, s.folding(at, events...)) // without events the state must decode, too
	switch {
	case f.err != nil || f.failed != nil && !f.failed.Trapped:
	case f.failed == nil && f.answer.Refused == abi.KindState && f.answer.Index == 0:
		k.held(lawStrict)
	default:
		found := f.finding("a state is taken that must be refused: %s", stateWord(what))
		found.Want, found.Do = "refused with kind 3 at index 0", strictAdvice
		k.fail(lawStrict, found)
	}
}

// stateWord says of a state what was said of a payload.
func stateWord(what string) string {
	if rest, ok := strings.CutPrefix(what, "the payload"); ok {
		return "the state" + rest
	}
	return what
}
