package scenario_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/scenario"
	"github.com/eshost/eshost/host/sandbox"
)

// box is a guest in plain Go: an entity that holds at most three values by their keys. How makes it break a law.
type box struct {
	how    string
	number int // of the instances of its plugin that came before
	calls  int
}

var boxManifest = &abi.Manifest{Major: abi.Major, Types: []abi.EntityType{{
	Name:     "box",
	Commands: []abi.CommandSpec{{Name: "put"}, {Name: "remove"}, {Name: "crash"}, {Name: "complain"}, {Name: "date"}},
	Events:   []abi.EventSpec{{Name: "put", Version: 1}, {Name: "put", Version: 2}, {Name: "removed", Version: 1}, {Name: "dated", Version: 1}},
}}}

// boxes is a plugin of boxes; of two types, if it is told to be.
func boxes(how string) *scenario.Plugin {
	m := boxManifest
	if how == "two types" {
		m = &abi.Manifest{Types: append([]abi.EntityType{{Name: "other"}}, m.Types...)}
	}
	opened := 0
	return &scenario.Plugin{Manifest: m, Open: func(context.Context) (scenario.Guest, error) {
		opened++
		return &box{how: how, number: opened - 1}, nil
	}}
}

type values map[string]json.RawMessage

type content struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value,omitempty"`
}

func (*box) Close() {}

func payload(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	b, err := abi.AppendFromJSON(nil, text)
	if err != nil {
		panic(err)
	}
	return b
}

func into(b []byte, v any) bool {
	text, err := abi.AppendJSON(nil, b)
	return err == nil && json.Unmarshal(text, v) == nil
}

func open(state []byte) values {
	v := values{}
	if state != nil && !into(state, &v) {
		panic("not a state")
	}
	return v
}

func (b *box) HandleCommand(request []byte) ([]byte, error) {
	b.calls++
	var r abi.CommandRequest
	if err := r.Decode(request); err != nil {
		return nil, err
	}
	state := open(r.State)
	var a abi.CommandAnswer
	for _, c := range r.Commands {
		if c.Name == "crash" {
			return nil, &sandbox.CallError{Func: "handle_command", Err: sandbox.ErrTrapped, Message: "out of cardboard"}
		}
		b.decide(&a, state, r.Now, c)
	}
	switch {
	case b.how == "wrong count":
		a.Reject("more", nil)
	case b.how == "no batches" && len(r.Commands) > 1:
		a.Outcomes[1] = abi.Outcome{Status: abi.Rejected, Code: []byte("one by one, please")}
	case b.how == "batch not in its state" && len(r.Commands) > 1:
		state["late"] = json.RawMessage("1")
	case b.how == "wrong state":
		state["extra"] = json.RawMessage("1")
	case b.how == "refuses all":
		return abi.AppendCommandAnswer(nil, &abi.CommandAnswer{Refused: abi.KindState, Message: []byte("what is this?")}), nil
	case b.how == "garbage":
		return []byte{0xc1}, nil
	case b.how == "lies about memory":
		return nil, &sandbox.CallError{Func: "handle_command", Err: sandbox.ErrMalformed}
	}
	if len(a.Events) > 0 {
		a.State = payload(state)
	}
	return abi.AppendCommandAnswer(nil, &a), nil
}

func (b *box) decide(a *abi.CommandAnswer, state values, now int64, c abi.Command) {
	var in content
	switch {
	case c.Name == "complain":
		a.Fault(abi.KindPanic, "the box has no lid")
	case c.Name == "date":
		a.Accept(nil, abi.EmittedEvent{Name: []byte("dated"), Version: 1, Payload: payload(now)})
		state["date"] = json.RawMessage(fmt.Sprint(now))
	case c.Name != "put" && c.Name != "remove":
		a.Fault(abi.KindUnknownCommand, "there is no command of this name")
	case c.Payload == nil || !into(c.Payload, &in):
		a.Fault(abi.KindPayload, "a key is missing")
	case c.Name == "remove" && state[in.Key] == nil:
		a.Accept(nil)
	case c.Name == "remove":
		delete(state, in.Key)
		a.Accept(nil, abi.EmittedEvent{Name: []byte("removed"), Version: 1, Payload: payload(content{Key: in.Key})})
	case state[in.Key] != nil:
		a.Reject("taken", nil)
	case len(state) >= 3:
		a.Reject("full", payload(map[string]int{"limit": 3}))
	default:
		state[in.Key] = in.Value
		event := abi.EmittedEvent{Name: []byte("put"), Version: 2, Payload: payload(in)}
		if b.how == "unlisted event" {
			event.Version = 3
		}
		reply := payload(len(state))
		switch b.how {
		case "hidden counter":
			reply = payload(b.calls)
		case "instances differ":
			reply = payload(b.number)
		case "first call is special":
			reply = payload(min(b.calls, 2))
		case "two encodings":
			if b.calls%2 == 1 {
				reply = []byte{0xcd, 0, byte(len(state))}
			}
		}
		a.Accept(reply, event)
	}
}

func (b *box) HandleEvent(request []byte) ([]byte, error) {
	var r abi.EventRequest
	if err := r.Decode(request); err != nil {
		return nil, err
	}
	state := open(r.State)
	for i, e := range r.Events {
		var in content
		if e.Name != "dated" && (e.Payload == nil || !into(e.Payload, &in)) {
			return abi.AppendEventAnswer(nil, &abi.EventAnswer{Refused: abi.KindFold, Index: uint32(i), Message: []byte("a key is missing")}), nil
		}
		switch {
		case in.Key == "trap":
			return nil, &sandbox.CallError{Func: "handle_event", Err: sandbox.ErrTrapped, Message: "a trap in the box"}
		case e.Name == "dated":
			var at int64
			into(e.Payload, &at)
			state["date"] = json.RawMessage(fmt.Sprint(at))
		case e.Name == "removed":
			delete(state, in.Key)
		case e.Version == 1:
			state[in.Key] = json.RawMessage("true")
		default:
			state[in.Key] = in.Value
		}
	}
	if b.how == "folds in one call only" && len(r.Events) > 1 {
		state["many"] = json.RawMessage("1")
	}
	if b.how == "garbage folds" {
		return []byte{0xc1}, nil
	}
	return abi.AppendEventAnswer(nil, &abi.EventAnswer{State: payload(state)}), nil
}
