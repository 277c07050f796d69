package abi_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/eshost/eshost/abi"
)

func TestCommandRequestVectors(t *testing.T) {
	var reused abi.CommandRequest
	each(t, readVectors(t).CommandRequests, func(c *envelope[commandRequestVector]) string { return c.Name },
		func(t *testing.T, c *envelope[commandRequestVector]) {
			m := c.Message
			want := abi.CommandRequest{Type: m.Type, ID: m.ID, Seq: m.Seq.uint(t), State: m.State, Now: m.Now.int(t)}
			for _, command := range m.Commands {
				want.Commands = append(want.Commands, abi.Command{Name: command.Name, Payload: command.Payload})
			}
			wantEncoding(t, c.Encodings[0], abi.AppendCommandRequest([]byte("before"), &want))
			for _, b := range c.Encodings {
				if err := reused.Decode(b); err != nil {
					t.Fatalf("decoding %x: %v", b, err)
				}
				wantEqual(t, &reused, &want)
			}
		})
}

func TestEventRequestVectors(t *testing.T) {
	var reused abi.EventRequest
	each(t, readVectors(t).EventRequests, func(c *envelope[eventRequestVector]) string { return c.Name },
		func(t *testing.T, c *envelope[eventRequestVector]) {
			m := c.Message
			want := abi.EventRequest{Type: m.Type, ID: m.ID, Seq: m.Seq.uint(t), State: m.State}
			for _, e := range m.Events {
				want.Events = append(want.Events, abi.Event{Name: e.Name, Version: e.Version, Payload: e.Payload})
			}
			wantEncoding(t, c.Encodings[0], abi.AppendEventRequest([]byte("before"), &want))
			for _, b := range c.Encodings {
				if err := reused.Decode(b); err != nil {
					t.Fatalf("decoding %x: %v", b, err)
				}
				wantEqual(t, &reused, &want)
			}
		})
}

func TestCommandAnswerVectors(t *testing.T) {
	var reused abi.CommandAnswer
	each(t, readVectors(t).CommandAnswers, func(c *envelope[commandAnswerVector]) string { return c.Name },
		func(t *testing.T, c *envelope[commandAnswerVector]) {
			m := c.Message
			var want abi.CommandAnswer
			if m.Refused != nil {
				want.Refused, want.Message = m.Refused.Kind, []byte(m.Refused.Message)
			}
			want.State = m.State
			for _, o := range m.Outcomes {
				switch {
				case o.Accepted != nil:
					var events []abi.EmittedEvent
					for _, e := range o.Accepted.Events {
						events = append(events, abi.EmittedEvent{Name: []byte(e.Name), Version: e.Version, Payload: e.Payload})
					}
					want.Accept(o.Accepted.Reply, events...)
				case o.Rejected != nil:
					want.Reject(o.Rejected.Code, o.Rejected.Payload)
				default:
					want.Fault(o.Fault.Kind, o.Fault.Message)
				}
			}
			wantEncoding(t, c.Encodings[0], abi.AppendCommandAnswer([]byte("before"), &want))
			for _, b := range c.Encodings {
				if err := reused.Decode(b, nil); err != nil {
					t.Fatalf("decoding %x: %v", b, err)
				}
				wantEqual(t, &reused, &want)
			}
		})
}

func TestEventAnswerVectors(t *testing.T) {
	var reused abi.EventAnswer
	each(t, readVectors(t).EventAnswers, func(c *envelope[eventAnswerVector]) string { return c.Name },
		func(t *testing.T, c *envelope[eventAnswerVector]) {
			want := abi.EventAnswer{State: c.Message.State}
			if r := c.Message.Refused; r != nil {
				want = abi.EventAnswer{Refused: r.Kind, Index: r.Index, Message: []byte(r.Message)}
			}
			wantEncoding(t, c.Encodings[0], abi.AppendEventAnswer([]byte("before"), &want))
			for _, b := range c.Encodings {
				if err := reused.Decode(b, nil); err != nil {
					t.Fatalf("decoding %x: %v", b, err)
				}
				wantEqual(t, &reused, &want)
			}
		})
}

func wantEncoding(t *testing.T, want, got []byte) {
	t.Helper()
	got, ok := bytes.CutPrefix(got, []byte("before"))
	if !ok || !bytes.Equal(got, want) {
		t.Errorf("encoded as %x, want %x after what was there", got, want)
	}
}

// wantEqual compares messages; slices that are nil are none there, except that
// empty lists of parts may be either.
func wantEqual(t *testing.T, got, want any) {
	t.Helper()
	g, w := reflect.ValueOf(got).Elem(), reflect.ValueOf(want).Elem()
	for i := range g.NumField() {
		a, b := g.Field(i), w.Field(i)
		list := a.Kind() == reflect.Slice && a.Type().Elem().Kind() != reflect.Uint8
		if list && a.Len() == 0 && b.Len() == 0 {
			continue
		}
		if !reflect.DeepEqual(a.Interface(), b.Interface()) {
			t.Errorf("%s is %+v, want %+v", g.Type().Field(i).Name, a.Interface(), b.Interface())
		}
	}
}

func TestMalformedEnvelopes(t *testing.T) {
	v := readVectors(t)
	var (
		request abi.CommandRequest
		events  abi.EventRequest
		answer  abi.CommandAnswer
		folded  abi.EventAnswer
	)
	for _, section := range []struct {
		name   string
		cases  []malformed
		decode func(b []byte) error
	}{
		{"command request", v.MalformedCommandRequests, request.Decode},
		{"event request", v.MalformedEventRequests, events.Decode},
		{"command answer", v.MalformedCommandAnswers, func(b []byte) error { return answer.Decode(b, nil) }},
		{"event answer", v.MalformedEventAnswers, func(b []byte) error { return folded.Decode(b, nil) }},
	} {
		t.Run(section.name, func(t *testing.T) {
			each(t, section.cases, func(c *malformed) string { return c.Name }, func(t *testing.T, c *malformed) {
				err := section.decode(c.Bytes)
				wantAt(t, err, c.At)
				var one *abi.OutcomeError
				switch errors.As(err, &one) {
				case true:
					if c.Outcome == nil || one.Index != *c.Outcome {
						t.Errorf("blames outcome %d alone: %v", one.Index, err)
					}
				case false:
					if c.Outcome != nil {
						t.Errorf("blames the whole answer, want outcome %d alone: %v", *c.Outcome, err)
					}
				}
			})
		})
	}
}

func TestEveryPrefixOfAMessageIsRefused(t *testing.T) {
	v := readVectors(t)
	prefixes := func(encodings []hexBytes, decode func([]byte) error) {
		t.Helper()
		for _, b := range encodings {
			for n := range b {
				if err := decode(b[:n]); err == nil {
					t.Errorf("%x is taken although it ends before %x", b[:n], b[n:])
				}
			}
		}
	}
	for _, c := range v.CommandRequests {
		prefixes(c.Encodings, new(abi.CommandRequest).Decode)
	}
	for _, c := range v.EventRequests {
		prefixes(c.Encodings, new(abi.EventRequest).Decode)
	}
	for _, c := range v.CommandAnswers {
		prefixes(c.Encodings, func(b []byte) error { return new(abi.CommandAnswer).Decode(b, nil) })
	}
	for _, c := range v.EventAnswers {
		prefixes(c.Encodings, func(b []byte) error { return new(abi.EventAnswer).Decode(b, nil) })
	}
}

// The worked example of ABI.md, byte for byte.
const (
	exampleRequest = "96 a7 636f756e746572 a1 61 00 c0 cf 0000019ab027f500 92 92 a8 696e637265617365 c4 05 81 a2 6279 05 92 a8 6465637265617365 c4 05 81 a2 6279 07"
	exampleAnswer  = "93 00 92 93 00 c4 01 05 91 93 a9 696e63726561736564 01 c4 05 81 a2 6279 05 93 01 a9 756e646572666c6f77 c0 c4 01 05"
)

func TestWorkedExample(t *testing.T) {
	by := func(n byte) []byte { return []byte{0x81, 0xa2, 'b', 'y', n} }
	request := abi.CommandRequest{Type: "counter", ID: "a", Now: 1763892000000, Commands: []abi.Command{
		{Name: "increase", Payload: by(5)}, {Name: "decrease", Payload: by(7)},
	}}
	var answer abi.CommandAnswer
	answer.Accept([]byte{5}, abi.EmittedEvent{Name: []byte("increased"), Version: 1, Payload: by(5)})
	answer.Reject("underflow", nil)
	answer.State = []byte{5}
	for _, c := range []struct {
		name, hex string
		size      int
		got       []byte
	}{
		{"request", exampleRequest, 57, abi.AppendCommandRequest(nil, &request)},
		{"answer", exampleAnswer, 44, abi.AppendCommandAnswer(nil, &answer)},
	} {
		want, err := hex.DecodeString(strings.ReplaceAll(c.hex, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if len(want) != c.size || !bytes.Equal(c.got, want) {
			t.Errorf("%s: got %x (%d bytes), want %x (%d bytes)", c.name, c.got, len(c.got), want, c.size)
		}
	}
}

func TestSpecificationHasTheWorkedExample(t *testing.T) {
	flat := strings.Join(strings.Fields(readFile(t, "ABI.md")), " ")
	folding := abi.EventRequest{Type: "counter", ID: "a", Events: []abi.Event{
		{Name: "increased", Version: 1, Payload: []byte{0x81, 0xa2, 'b', 'y', 5}},
	}}
	foldingHex := "95 a7 636f756e746572 a1 61 00 c0 91 93 a9 696e63726561736564 01 c4 05 81 a2 6279 05"
	if got := hex.EncodeToString(abi.AppendEventRequest(nil, &folding)); got != strings.ReplaceAll(foldingHex, " ", "") {
		t.Errorf("folding the example's event is asked for by %s, want %s", got, foldingHex)
	}
	for _, bytes := range []string{exampleRequest, exampleAnswer, foldingHex} {
		if !strings.Contains(flat, bytes) {
			t.Errorf("ABI.md does not have the bytes %s", bytes)
		}
	}
}

func TestDecodedMessagesAreViews(t *testing.T) {
	b, err := hex.DecodeString(strings.ReplaceAll(exampleAnswer, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	var a abi.CommandAnswer
	if err := a.Decode(b, nil); err != nil {
		t.Fatal(err)
	}
	state := a.State
	b[len(b)-1] = 9
	if state[0] != 9 {
		t.Error("the state is a copy, want a view into the message")
	}
	if grown := append(a.Outcomes[0].Reply, 1); &grown[0] == &a.Outcomes[0].Reply[0] {
		t.Error("appending to a view writes into the message")
	}
}
