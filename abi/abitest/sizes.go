package abitest

import (
	"bytes"
	"fmt"

	"github.com/eshost/eshost/abi"
)

const (
	batchBytes  = 1 << 20  // payloads of one request
	batchMost   = 1024     // commands of one request
	stateBytes  = 16 << 20 // of one entity
	fillMost    = 64       // commands of a request by which a larger one is made
	answerBytes = 4 << 20  // of the answers to a batch's commands one by one: an answer has its limit, too
)

// sizes checks that requests of all sizes are taken. What they are answered is
// up to other laws, as long as it is an answer.
func (k *kit) sizes() {
	for i, size := range []uint32{1, 2, 4097, batchBytes, batchBytes + stateBytes} {
		s := k.session()
		k.opts.Progress(lawSizes, i, 0)
		k.reserve(s.guest(), size)
		s.close()
	}
	used := k.session()
	defer used.close()
	for _, s := range k.subjects {
		begin := s.places[0]
		for size := 1; size <= batchBytes; size *= 2 {
			for _, n := range []int{size - 1, size, size + 1} {
				if n <= batchBytes {
					call := abi.Command{Name: "eshost-kit-unknown", Payload: canonicalForm.encode(binaryOf(make([]byte, n)))}
					k.sized(k.decide(used, s.request(begin, begin.later(), call)), fmt.Sprintf("a payload of %d bytes", len(call.Payload)))
				}
			}
		}
		k.sizedBatches(used, s)
		k.sizedStates(used, s)
		// An ordinary request after the large ones.
		k.sized(k.decide(used, s.request(begin, begin.later())), "no commands, after large requests")
	}
}

// reserve asks for memory alone.
func (k *kit) reserve(g Guest, size uint32) {
	if err := g.Reserve(size); err != nil {
		k.fail(lawSizes, Finding{What: fmt.Sprintf("alloc gives no room for a request of %d bytes: %v", size, err),
			Do: "let alloc grow the memory: a batch of a MiB and a state of 16 MiB have to fit"})
		return
	}
	k.held(lawSizes)
}

// sized judges an answer to a large request.
func (k *kit) sized(d *decision, what string) {
	if d.failed == nil {
		k.held(lawSizes)
		return
	}
	f := d.finding("a request with %s fails: %v", what, d.failed)
	f.Do = "take requests of any size up to a batch of a MiB with a state of 16 MiB"
	k.fail(lawSizes, f)
}

// sizedBatches gives as many commands as there may be, and as many bytes.
func (k *kit) sizedBatches(used *session, s *subject) {
	begin := s.places[0]
	longest := begin
	for _, at := range s.places {
		if len(at.events) > len(longest.events) {
			longest = at
		}
	}
	for _, e := range s.examples() {
		if e.trapped {
			continue
		}
		many, after := k.fill(used, s, e)
		if len(many) > 0 {
			k.sized(k.decide(used, s.request(begin, begin.later(), many...)), fmt.Sprintf("%d commands %s", len(many), e.command.spec.Name))
		}
		if len(after.events) > len(longest.events) {
			longest = after
		}
		if large, ok := padded(e.payload, e.command.schema.of(), batchBytes); ok {
			k.sized(k.decide(used, s.request(begin, begin.later(), abi.Command{Name: e.command.spec.Name, Payload: large})),
				fmt.Sprintf("a payload of %d bytes for %s, most of them in an unknown field,", len(large), e.command.spec.Name))
		}
	}
	k.sizedEvents(used, s, longest.events)
}

// fill gives the same command again and again, until there are as many as a
// batch may have, in number or bytes, or until what they are answered is a lot:
// replies that show a growing state come to more than an answer may have. It
// gives as many at once as there were before.
func (k *kit) fill(used *session, s *subject, e *example) (many []abi.Command, after *place) {
	after = s.places[0]
	now, asked, answered := after.later(), 0, 0
	for len(many) < batchMost {
		some := make([]abi.Command, min(max(1, len(many)), fillMost, batchMost-len(many)))
		for i := range some {
			some[i] = e.call()
		}
		d := k.decide(used, s.request(after, now, some...))
		asked, answered = asked+len(some)*len(e.payload), answered+len(d.bytes)
		if !d.decided() || asked > batchBytes || answered > answerBytes {
			break
		}
		many = append(many, some...)
		after = s.after(after, d)
	}
	return many, after
}

// sizedEvents folds a history in one call: as many events as commands cause
// that come in one request.
func (k *kit) sizedEvents(used *session, s *subject, history []abi.Event) {
	n, size := 0, 0
	for n < min(len(history), batchMost) && size+len(history[n].Payload) <= batchBytes {
		size += len(history[n].Payload)
		n++
	}
	if n == 0 {
		return
	}
	if f := k.fold(used, s.folding(s.places[0], history[:n]...)); f.failed != nil {
		k.fail(lawSizes, f.finding("a request with the %d events of an entity fails: %v", n, f.failed))
	} else {
		k.held(lawSizes)
	}
}

// sizedStates gives states of 16 MiB: one that is as it should be but for a
// field that nobody knows, where the state is known to be a struct, and one
// that does not decode.
func (k *kit) sizedStates(used *session, s *subject) {
	at := s.places[len(s.places)-1]
	if at.seq == 0 {
		return
	}
	states := [][]byte{canonicalForm.encode(binaryOf(make([]byte, stateBytes-5)))}
	if large, ok := padded(at.state, s.state.of(), stateBytes); ok {
		states = append(states, large)
	}
	for _, e := range s.examples() {
		if e.trapped {
			continue
		}
		for _, state := range states {
			k.sized(k.decide(used, s.request(&place{id: at.id, state: state, seq: at.seq}, at.later(), e.call())), fmt.Sprintf("a state of %d bytes", len(state)))
		}
		return
	}
}

// padded makes a struct's payload that large by a field that it has not.
func padded(payload []byte, s *shape, size int) ([]byte, bool) {
	if s == nil {
		return nil, false
	}
	if s, _ = s.real(); s.kind != shapeStruct {
		return nil, false
	}
	v := parse(payload)
	if v.kind != kindMap {
		return nil, false
	}
	name := text("eshost-kit-unknown")
	head := len(canonicalForm.encode(v.and(name, binaryOf(nil))))
	room := size - head - 8
	if room <= 0 {
		return nil, false
	}
	return canonicalForm.encode(v.and(name, binaryOf(bytes.Repeat([]byte{0x5a}, room)))), true
}
