package scenario

import (
	"fmt"
	"strings"

	"github.com/eshost/eshost/abi"
)

// judge gives how an outcome differs from what is expected of it, but for the state.
func (t *expectation) judge(e *entity, o *outcome) (wrong []string) {
	switch {
	case t.rejected != nil:
		return t.rejected.judgeRejection(e, o)
	case t.fault != nil:
		return t.fault.judgeFault(e, o)
	case o.status != abi.Accepted:
		return []string{"want it accepted, got " + describeOutcome(e, o)}
	}
	if t.events != nil {
		if want, got := e.wanted(*t.events, o.events), e.eventTree(o.events); !want.equal(got) {
			wrong = append(wrong, difference("events", want, got))
		}
	}
	if t.reply != nil {
		if got := decode(o.payload); !t.reply.value.equal(got) {
			wrong = append(wrong, difference("reply", t.reply.value, got))
		}
	}
	return wrong
}

// wanted gives the events of a file in the form of eventTree. One whose payload is not looked at takes that of its place
// in what there is.
func (e *entity) wanted(events []event, there []abi.Event) *value {
	list := &value{kind: array}
	for i, event := range events {
		payload := event.payload
		if event.named && i < len(there) {
			payload = decode(there[i].Payload)
		}
		if payload == nil {
			payload = &value{text: "null"}
		}
		name := label(e.def, event.name, event.at(e.def))
		list.items = append(list.items, &value{kind: object, keys: []string{name}, items: []*value{payload}})
	}
	return list
}

func (r *refusal) judgeRejection(e *entity, o *outcome) []string {
	if o.status != abi.Rejected || o.text != r.name {
		return []string{fmt.Sprintf("want it rejected with %q, got %s", r.name, describeOutcome(e, o))}
	}
	if r.payload == nil {
		return nil
	}
	if got := decode(o.payload); !r.payload.value.equal(got) {
		return []string{difference("payload of the rejection", r.payload.value, got)}
	}
	return nil
}

func (r *refusal) judgeFault(e *entity, o *outcome) []string {
	switch {
	case o.status != abi.Faulted || o.kind != kinds[r.name]:
		return []string{fmt.Sprintf("want fault %s, got %s", r.name, describeOutcome(e, o))}
	case !strings.Contains(o.text, r.message):
		return []string{fmt.Sprintf("want a message with %q, got %q", r.message, o.text)}
	}
	return nil
}

// describeOutcome tells what became of a command.
func describeOutcome(e *entity, o *outcome) string {
	switch {
	case o.status == abi.Rejected && o.payload == nil:
		return fmt.Sprintf("it rejected with %q", o.text)
	case o.status == abi.Rejected:
		return fmt.Sprintf("it rejected with %q and %s", o.text, decode(o.payload))
	case o.trapped:
		return fmt.Sprintf("a trap: %s", o.text)
	case o.status == abi.Faulted:
		return fmt.Sprintf("fault %s: %s", kindName(o.kind), o.text)
	case len(o.events) == 0:
		return "it accepted without events"
	}
	return "it accepted with events " + cut(e.eventTree(o.events).String(), maxLineBytes)
}
