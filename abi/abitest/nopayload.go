package abitest

import (
	"fmt"

	"github.com/eshost/eshost/abi"
)

// withoutPayload checks that nil in place of a payload reads like the empty
// map.
func (k *kit) withoutPayload() {
	for _, s := range k.subjects {
		for _, at := range s.some(3) {
			for _, c := range s.commands {
				if len(c.examples) > 0 && c.examples[0].trapped {
					continue
				}
				none := k.decide(k.main, s.request(at, at.later(), abi.Command{Name: c.spec.Name}))
				empty := k.decide(k.main, s.request(at, at.later(), abi.Command{Name: c.spec.Name, Payload: emptyMap}))
				if none.err != nil || empty.err != nil {
					continue
				}
				if wrong := k.unlikeEmpty(s, at, c, none, empty); wrong != "" {
					f := none.finding("no payload does not read like the empty map: %s", wrong)
					f.Want, f.Do = empty.answered().Text, "take nil for the empty map before it is decoded"
					k.fail(lawNoPayload, f)
				} else {
					k.held(lawNoPayload)
				}
			}
			for _, spec := range s.spec.Events {
				none := k.fold(k.main, s.folding(at, abi.Event{Name: spec.Name, Version: spec.Version}))
				empty := k.fold(k.main, s.folding(at, abi.Event{Name: spec.Name, Version: spec.Version, Payload: emptyMap}))
				if none.err != nil || empty.err != nil || none.failed != nil || empty.failed != nil {
					continue
				}
				if none.answer.Refused != empty.answer.Refused || string(none.answer.State) != string(empty.answer.State) {
					f := none.finding("an event without a payload does not read like one with the empty map")
					f.Want, f.Do = empty.answered().Text, "take nil for the empty map before it is decoded"
					k.fail(lawNoPayload, f)
				} else {
					k.held(lawNoPayload)
				}
			}
		}
	}
}

// unlikeEmpty says in what an outcome without a payload differs from that with
// the empty map.
func (k *kit) unlikeEmpty(s *subject, at *place, c *command, none, empty *decision) string {
	x, y := none.outcome(), empty.outcome()
	switch {
	case x == nil && y == nil:
		return ""
	case x == nil || y == nil:
		return "one is decided, and the other is not"
	case x.Status != y.Status || x.Kind != y.Kind:
		return fmt.Sprintf("it is %s (kind %d), and with the empty map %s (kind %d)", x.Status, x.Kind, y.Status, y.Kind)
	case x.Status == abi.Faulted || k.chances(s, at, abi.Command{Name: c.spec.Name, Payload: emptyMap}):
		return ""
	}
	return same(&none.answer, 0, &empty.answer, 0)
}
