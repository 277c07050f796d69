// Package entitytest has a behavior in plain Go for tests: a counter that can
// be told to misbehave.
package entitytest

import (
	"bytes"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

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
//	loop       takes time until its fuel is used up
//	long       takes time until Free is closed, and then does what add does
//
// An event "poison" cannot be folded; "landmine" makes the whole fold fail
// without saying which event it was; "long" takes time until Free is closed; "endless" until its fuel is used up.
type Counter struct {
	Decides atomic.Int64 // calls of Decide
	Folds   atomic.Int64 // calls of Fold
	// OnDecide, when set, runs at the beginning of every Decide.
	OnDecide func(*entity.Input)
	// Free is what ends all that is long.
	Free chan struct{}
}

// take takes time and fuel, and asks for a pause now and then, until free is closed.
func take(a *entity.Allowance, free <-chan struct{}, fn string) (used int64, err error) {
	const step, fuel = time.Millisecond / 4, 1_000_000
	var ran time.Duration // in truth: others may hold the processor meanwhile
	for used = fuel; ; used += fuel {
		select {
		case <-free:
			return used, nil
		case <-time.After(step):
		}
		if a.Fuel > 0 && used >= a.Fuel {
			return used, &entity.Fault{Kind: entity.OutOfFuel, Func: fn}
		}
		if a.Pause != nil {
			if err := a.Pause(used, ran); err != nil {
				return used, err
			}
			ran += step
		}
	}
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
		case "loop", "long":
			var free chan struct{}
			if call.Name == "long" {
				free = c.Free
			}
			used, err := take(&in.Allowance, free, "handle_command")
			out.Fuel += used
			if err != nil {
				return err
			}
			emit(by)
			changed = true
			out.Outcomes = append(out.Outcomes, entity.Outcome{Events: 1, Reply: []byte(strconv.Itoa(value))})
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
		case e.Name == "long", e.Name == "endless":
			free := c.Free
			if e.Name == "endless" {
				free = nil
			}
			used, err := take(&in.Allowance, free, "handle_event")
			if in.Used += used; err == nil && in.Fuel > 0 && in.Used > in.Fuel {
				err = &entity.Fault{Kind: entity.OutOfFuel, Func: "handle_event"}
			}
			if err != nil {
				return nil, err
			}
		}
		by, _ := strconv.Atoi(string(e.Payload))
		value += by
	}
	return strconv.AppendInt(dst, int64(value), 10), nil
}
