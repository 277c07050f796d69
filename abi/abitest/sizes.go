package abitest

import (
	"bytes"
	"fmt"

	"github.com/eshost/eshost/abi"
)

const (
	batchBytes = 1 << 20  // payloads of one request
	batchMost  = 1024     // commands of one request
	stateBytes = 16 << 20 // of one entity
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
					k.sized(k.decide(used, s.request(begin, later, call)), fmt.Sprintf("a payload of %d bytes", len(call.Payload)))
				}
			}
		}
		k.sizedBatches(used, s)
		k.sizedStates(used, s)
		// An ordinary request after the large ones.
		k.sized(k.decide(used, s.request(begin, later)), "no commands, after large requests")
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
	for _, e := range s.examples() {
		if e.trapped {
			continue
		}
		n := batchMost
		if len(e.payload) > 0 {
			n = min(n, max(1, batchBytes/len(e.payload)))
		}
		many := make([]abi.Command, n)
		for i := range many {
			many[i] = e.call()
		}
		k.sized(k.decide(used, s.request(s.places[0], later, many...)), fmt.Sprintf("%d commands %s", n, e.command.spec.Name))
		if large, ok := padded(e.payload, e.command.schema.of(), batchBytes); ok {
			k.sized(k.decide(used, s.request(s.places[0], later, abi.Command{Name: e.command.spec.Name, Payload: large})),
				fmt.Sprintf("a payload of %d bytes for %s, most of them in an unknown field,", len(large), e.command.spec.Name))
		}
	}
	for _, spec := range s.spec.Events {
		if e := s.events[eventKey{spec.Name, spec.Version}]; len(e.payloads) > 0 {
			events := make([]abi.Event, 4*batchMost)
			for i := range events {
				events[i] = abi.Event{Name: spec.Name, Version: spec.Version, Payload: e.payloads[i%len(e.payloads)]}
			}
			if f := k.fold(used, s.folding(s.places[0], events...)); f.failed != nil {
				k.fail(lawSizes, f.finding("a request with %d events fails: %v", len(events), f.failed))
			} else {
				k.held(lawSizes)
			}
		}
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
			k.sized(k.decide(used, s.request(&place{id: at.id, state: state, seq: at.seq}, later, e.call())), fmt.Sprintf("a state of %d bytes", len(state)))
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
