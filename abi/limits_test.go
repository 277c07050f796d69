package abi_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/eshost/eshost/abi"
)

func readFile(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// twoOutcomes is an answer with two events and then one, a reply of 9 bytes
// and a state of 5.
func twoOutcomes() []byte {
	e := abi.EmittedEvent{Name: []byte("e"), Version: 1, Payload: []byte{1}}
	a := abi.CommandAnswer{State: abi.AppendString(nil, "four")}
	a.Accept(nil, e, e)
	a.Accept(abi.AppendString(nil, "12345678"), e)
	return abi.AppendCommandAnswer(nil, &a)
}

func TestAnswersAtTheirLimitsAreTaken(t *testing.T) {
	var a abi.CommandAnswer
	if err := a.Decode(twoOutcomes(), &abi.Limits{Outcomes: 2, Events: 2, PayloadBytes: 9, StateBytes: 5}); err != nil {
		t.Error(err)
	}
}

func TestAnswersBeyondTheirLimits(t *testing.T) {
	for _, c := range []struct {
		name    string
		limits  abi.Limits
		outcome int // -1: the whole answer
		events  int // left in a.Events
	}{
		{"more outcomes than asked for", abi.Limits{Outcomes: 1}, -1, 0},
		{"a state that is too large", abi.Limits{StateBytes: 4}, -1, 0},
		{"a reply that is too large", abi.Limits{PayloadBytes: 8}, 1, 3},
		{"too many events of one outcome", abi.Limits{Events: 1}, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var a abi.CommandAnswer
			err := a.Decode(twoOutcomes(), &c.limits)
			if !errors.As(err, new(*abi.FormatError)) || !strings.Contains(err.Error(), "the limit is") {
				t.Fatalf("got error %v, want a *FormatError that names the limit", err)
			}
			var one *abi.OutcomeError
			if !errors.As(err, &one) {
				if c.outcome >= 0 {
					t.Fatalf("blames the whole answer: %v", err)
				}
				return
			}
			if one.Index != c.outcome {
				t.Fatalf("blames outcome %d, want %d", one.Index, c.outcome)
			}
			if len(a.Outcomes) != 2 || a.State == nil || len(a.Events) != c.events {
				t.Errorf("%d outcomes, %d events, state %x are left, want all but those of the outcome to blame", len(a.Outcomes), len(a.Events), a.State)
			}
			for i := range a.Outcomes {
				if blamed := a.Outcomes[i].Problem != nil; blamed != (i == c.outcome) {
					t.Errorf("outcome %d: problem is %v", i, a.Outcomes[i].Problem)
				}
				a.EventsOf(i)
			}
		})
	}
}

func TestEveryOutcomeToBlameIsNamed(t *testing.T) {
	a := abi.CommandAnswer{}
	a.Accept([]byte{}) // no value in it
	a.Accept([]byte{1})
	a.Reject("", nil)
	var got abi.CommandAnswer
	err := got.Decode(abi.AppendCommandAnswer(nil, &a), nil)
	var one *abi.OutcomeError
	if !errors.As(err, &one) || one.Index != 0 {
		t.Fatalf("got error %v, want an *OutcomeError that names the first", err)
	}
	if got.Outcomes[0].Problem == nil || got.Outcomes[1].Problem != nil || got.Outcomes[2].Problem == nil {
		t.Errorf("problems are %v, %v, %v, want the first and the last", got.Outcomes[0].Problem, got.Outcomes[1].Problem, got.Outcomes[2].Problem)
	}
}

func TestEventAnswerBeyondItsLimit(t *testing.T) {
	b := abi.AppendEventAnswer(nil, &abi.EventAnswer{State: abi.AppendString(nil, "four")})
	var a abi.EventAnswer
	if err := a.Decode(b, &abi.Limits{StateBytes: 5}); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if err := a.Decode(b, &abi.Limits{StateBytes: 4}); !errors.As(err, new(*abi.FormatError)) {
		t.Errorf("beyond the limit: got error %v, want a *FormatError", err)
	}
}

func TestClaimedLengthsMakeNoRoom(t *testing.T) {
	claims := [][]byte{
		{0x93, 0x00, 0xdd, 0xff, 0xff, 0xff, 0xff},
		{0x93, 0x00, 0x91, 0x93, 0x00, 0xc0, 0xdd, 0xff, 0xff, 0xff, 0xff},
		{0x93, 0x01, 0x01, 0xdb, 0xff, 0xff, 0xff, 0xff},
		append([]byte{0x93, 0x00, 0xdd, 0x00, 0x10, 0x00, 0x00}, bytes.Repeat([]byte{0xc0}, 1<<20)...),
	}
	for _, b := range claims {
		var a abi.CommandAnswer
		if err := a.Decode(b, nil); err == nil {
			t.Errorf("%x... is taken", b[:7])
		}
		if cap(a.Outcomes) > 16 || cap(a.Events) > 16 {
			t.Errorf("%x...: room for %d outcomes and %d events was made", b[:7], cap(a.Outcomes), cap(a.Events))
		}
	}
}

func TestNothingIsAllocatedInASteadyState(t *testing.T) {
	v := readVectors(t)
	steady := func(name string, run func() error) {
		t.Helper()
		if err := run(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n := testing.AllocsPerRun(100, func() {
			if run() != nil {
				panic("failed the second time")
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a run, want none", name, n)
		}
	}
	var buf []byte
	for _, c := range v.CommandRequests {
		var r abi.CommandRequest
		steady("decode command request: "+c.Name, func() error { return r.Decode(c.Encodings[0]) })
		steady("append command request: "+c.Name, func() error { buf = abi.AppendCommandRequest(buf[:0], &r); return nil })
	}
	for _, c := range v.EventRequests {
		var r abi.EventRequest
		steady("decode event request: "+c.Name, func() error { return r.Decode(c.Encodings[0]) })
		steady("append event request: "+c.Name, func() error { buf = abi.AppendEventRequest(buf[:0], &r); return nil })
	}
	limits := abi.Limits{Outcomes: 100, Events: 100, PayloadBytes: 100, StateBytes: 100}
	for _, c := range v.CommandAnswers {
		var a abi.CommandAnswer
		steady("decode command answer: "+c.Name, func() error { return a.Decode(c.Encodings[0], &limits) })
		steady("append command answer: "+c.Name, func() error { buf = abi.AppendCommandAnswer(buf[:0], &a); return nil })
	}
	for _, c := range v.EventAnswers {
		var a abi.EventAnswer
		steady("decode event answer: "+c.Name, func() error { return a.Decode(c.Encodings[0], &limits) })
		steady("append event answer: "+c.Name, func() error { buf = abi.AppendEventAnswer(buf[:0], &a); return nil })
	}
	for _, c := range v.WellformedPayloads {
		steady("check payload: "+c.Name, func() error { return abi.CheckPayload(c.Bytes) })
	}
}
