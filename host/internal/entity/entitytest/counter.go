// Package entitytest has a behavior in plain Go for tests: a counter that can
// be told to misbehave.
package entitytest

import (
	"bytes"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// Counter is a behavior whose state is a decimal number. Its commands, with
// the payload as the operand:
//
//	add        one event; the reply is the new value
//	addeach    as many events as the payload says, of 1 each
//	get        no event; the reply is the value
//	refuse     a rejection with code "refused"
//	garbage    a fault of kind BadPayload
//	trap       an error for the whole call, as a trap gives
//	unlisted   an error for the whole call, as an unlisted event gives
//
// An event "poison" cannot be folded; "landmine" makes the whole fold fail
// without saying which event it was.
type Counter struct {
	Decides atomic.Int64 // calls of Decide
	Folds   atomic.Int64 // calls of Fold
	// OnDecide, when set, runs at the beginning of every Decide.
	OnDecide func(*entity.Input)
}

// Decide implements entity.Behavior.
func (c *Counter) Decide(in *entity.Input, out *entity.Decision) error {
	c.Decides.Add(1)
	if c.OnDecide != nil {
		c.OnDecide(in)
	}
	if bytes.Equal(in.State, []byte("bad")) {
		return &entity.Fault{Kind: entity.BadState, Func: "handle_command"}
	}
	value, _ := strconv.Atoi(string(in.State))
	emit := func(by int) {
		out.Events = append(out.Events, stores.Event{Name: "added", Version: 1, Payload: []byte(strconv.Itoa(by))})
		value += by
	}
	changed := false
	for _, call := range in.Calls {
		by, _ := strconv.Atoi(string(call.Payload))
		switch call.Name {
		case "add":
			emit(by)
			changed = true
			out.Outcomes = append(out.Outcomes, entity.Outcome{Events: 1, Reply: []byte(strconv.Itoa(value))})
		case "addeach":
			for range by {
				emit(1)
			}
			changed = true
			out.Outcomes = append(out.Outcomes, entity.Outcome{Events: by, Reply: []byte(strconv.Itoa(value))})
		case "get":
			out.Outcomes = append(out.Outcomes, entity.Outcome{Reply: []byte(strconv.Itoa(value))})
		case "refuse":
			out.Outcomes = append(out.Outcomes, entity.Outcome{Err: &entity.Rejection{Code: "refused"}})
		case "garbage":
			out.Outcomes = append(out.Outcomes, entity.Outcome{Err: &entity.Fault{Kind: entity.BadPayload, Func: "handle_command"}})
		case "trap":
			return &entity.Fault{Kind: entity.Trapped, Func: "handle_command", Message: "unreachable"}
		case "unlisted":
			return &entity.Fault{Kind: entity.Malformed, Func: "handle_command", Message: "event is not in the manifest"}
		default:
			out.Outcomes = append(out.Outcomes, entity.Outcome{Err: &entity.Fault{Kind: entity.UnknownCommand, Func: "handle_command", Message: call.Name}})
		}
	}
	if changed {
		out.State = []byte(strconv.Itoa(value))
	}
	return nil
}

// Fold implements entity.Behavior.
func (c *Counter) Fold(in *entity.FoldInput, dst []byte) ([]byte, error) {
	c.Folds.Add(1)
	value, _ := strconv.Atoi(string(in.State))
	for i, e := range in.Events {
		switch {
		case e.Name == "poison":
			return nil, &entity.Fault{Kind: entity.BadEvent, Func: "handle_event", Seq: in.Seq + uint64(i) + 1}
		case strings.HasPrefix(e.Name, "landmine"):
			return nil, &entity.Fault{Kind: entity.Trapped, Func: "handle_event"}
		}
		by, _ := strconv.Atoi(string(e.Payload))
		value += by
	}
	return strconv.AppendInt(dst, int64(value), 10), nil
}
