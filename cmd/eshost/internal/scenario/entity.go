package scenario

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/sandbox"
)

// entity is the entity of a scenario, as it stands.
type entity struct {
	plugin  *Plugin
	def     *abi.EntityType
	id      string
	seq     uint64
	state   []byte // nil: no events yet
	history []abi.Event

	used  Guest // decides all scenarios of a run
	fresh Guest // came into being for this one
}

// outcome is what became of one command.
type outcome struct {
	status  abi.Status
	kind    abi.Kind
	trapped bool
	text    string // the code of a rejection, or the message of a fault
	payload []byte // of a rejection, or the reply; nil: none
	events  []abi.Event
}

// decision is the answer to some commands.
type decision struct {
	outcomes []outcome
	state    []byte // nil: no events
}

// contractError is an answer that a host would not take.
type contractError struct{ what string }

func (e *contractError) Error() string { return e.what }

func breach(format string, a ...any) error { return &contractError{fmt.Sprintf(format, a...)} }

// decide has a guest decide commands against a state. A trap is a fault of a lone command.
func (e *entity) decide(g Guest, seq uint64, state []byte, now int64, commands ...abi.Command) (decision, error) {
	request := abi.CommandRequest{Type: e.def.Name, ID: e.id, Seq: seq, State: state, Now: now, Commands: commands}
	raw, err := g.HandleCommand(abi.AppendCommandRequest(nil, &request))
	if err != nil {
		if message, ok := trap(err); ok && len(commands) == 1 {
			return decision{outcomes: []outcome{{status: abi.Faulted, kind: abi.KindPanic, trapped: true, text: message}}}, nil
		}
		return decision{}, err
	}
	var answer abi.CommandAnswer
	raw = bytes.Clone(raw)
	if err := answer.Decode(raw, nil); err != nil {
		return decision{}, breach("the answer to the command is malformed: %v", err)
	}
	if answer.Refused != 0 {
		refused := outcome{status: abi.Faulted, kind: answer.Refused, text: abi.CleanText(answer.Message)}
		d := decision{}
		for range commands {
			d.outcomes = append(d.outcomes, refused)
		}
		return d, nil
	}
	if len(answer.Outcomes) != len(commands) {
		return decision{}, breach("the answer has %d outcomes for %d commands", len(answer.Outcomes), len(commands))
	}
	d := decision{state: answer.State}
	for i := range answer.Outcomes {
		o, err := e.outcome(&answer, i)
		if err != nil {
			return decision{}, err
		}
		d.outcomes = append(d.outcomes, o)
	}
	return d, nil
}

// trap gives what a guest said when it trapped, if that is what happened.
func trap(err error) (message string, ok bool) {
	if !errors.Is(err, sandbox.ErrTrapped) {
		return "", false
	}
	if call := (*sandbox.CallError)(nil); errors.As(err, &call) && call.Message != "" {
		return call.Message, true
	}
	return err.Error(), true
}

func (e *entity) outcome(answer *abi.CommandAnswer, i int) (outcome, error) {
	from := &answer.Outcomes[i]
	o := outcome{status: from.Status}
	switch from.Status {
	case abi.Accepted:
		o.payload = from.Reply
		for _, emitted := range answer.EventsOf(i) {
			event := abi.Event{Name: string(emitted.Name), Version: emitted.Version, Payload: emitted.Payload}
			if !listed(e.def, event.Name, event.Version) {
				return o, breach("event %s version %d was emitted, which the manifest does not list", event.Name, event.Version)
			}
			o.events = append(o.events, event)
		}
	case abi.Rejected:
		o.text, o.payload = string(from.Code), from.Payload
	case abi.Faulted:
		o.kind, o.text = from.Kind, abi.CleanText(from.Message)
	}
	return o, nil
}

func listed(def *abi.EntityType, name string, version uint32) bool {
	for _, e := range def.Events {
		if e.Name == name && e.Version == version {
			return true
		}
	}
	return false
}

// refusedFold is an event that a guest cannot fold.
type refusedFold struct {
	index   int
	kind    abi.Kind
	message string
}

func (e *refusedFold) Error() string {
	return fmt.Sprintf("fault %s: %s", kindName(e.kind), e.message)
}

// fold has a guest fold events into a state. Without events and state it gives the initial state.
func (e *entity) fold(g Guest, seq uint64, state []byte, events []abi.Event) ([]byte, error) {
	request := abi.EventRequest{Type: e.def.Name, ID: e.id, Seq: seq, State: state, Events: events}
	raw, err := g.HandleEvent(abi.AppendEventRequest(nil, &request))
	if err != nil {
		if message, ok := trap(err); ok {
			return nil, &refusedFold{len(events), abi.KindPanic, message}
		}
		return nil, err
	}
	var answer abi.EventAnswer
	if err := answer.Decode(bytes.Clone(raw), nil); err != nil {
		return nil, breach("the answer to the events is malformed: %v", err)
	}
	if answer.Refused != 0 {
		return nil, &refusedFold{int(answer.Index), answer.Refused, abi.CleanText(answer.Message)}
	}
	return answer.State, nil
}

// renew replaces the guests after a trap, which leaves them broken.
func (e *entity) renew(ctx context.Context) error {
	for _, g := range []*Guest{&e.used, &e.fresh} {
		next, err := e.plugin.Open(ctx)
		if err != nil {
			return err
		}
		(*g).Close()
		*g = next
	}
	return nil
}

// current is the state of the entity, that of a new one if it has no events.
func (e *entity) current() ([]byte, error) {
	if e.state != nil {
		return e.state, nil
	}
	return e.fold(e.used, 0, nil, nil)
}
