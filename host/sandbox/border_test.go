package sandbox_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/host/internal/countertest"
	"github.com/eshost/eshost/host/sandbox"
)

// filled is an order of about 2 KB, made by a guest: lines with titles, two addresses, notes.
func filled(b *testing.B, in *sandbox.Instance) (seq uint64, state []byte) {
	b.Helper()
	json := func(format string, a ...any) []byte {
		payload, err := abi.AppendFromJSON(nil, fmt.Appendf(nil, format, a...))
		if err != nil {
			b.Fatal(err)
		}
		return payload
	}
	r := abi.CommandRequest{Type: "order", ID: "o-1", Now: countertest.NowMillis}
	for i := range 12 {
		r.Commands = append(r.Commands, abi.Command{Name: "add_line", Payload: json(
			`{"sku":"sku-%04d","title":"A thing of some use, in one of its %d colours","quantity":%d,"unit_cents":%d,"weight_kg":%d.25,"note":"wrap it"}`, i, i+2, i+1, 1000+i, i)})
	}
	address := `{"name":"Someone Somewhere","lines":["%d, Long Road","Third floor, on the left"],"postal_code":"12345","city":"Anytown","country":"Utopia","phone":"+00 123 456"}`
	r.Commands = append(r.Commands,
		abi.Command{Name: "set_addresses", Payload: json(`{"shipping":`+address+`,"billing":`+address+`}`, 17, 18)},
		abi.Command{Name: "annotate", Payload: json(`{"set":{"channel":"web","gift":"yes","greeting":"All the best, and many more of them"}}`)})
	answer := decide(b, in, abi.AppendCommandRequest(nil, &r))
	for i := range answer.Outcomes {
		if o := &answer.Outcomes[i]; o.Status != abi.Accepted {
			b.Fatalf("command %d: %s %s%s", i, o.Status, o.Code, o.Message)
		}
	}
	return uint64(len(answer.Events)), slices.Clone(answer.State)
}

// decide passes a request on and decodes the answer.
func decide(b *testing.B, in *sandbox.Instance, request []byte) *abi.CommandAnswer {
	b.Helper()
	message, err := in.HandleCommand(request)
	if err != nil {
		b.Fatal(err)
	}
	answer := new(abi.CommandAnswer)
	if err := answer.Decode(bytes.Clone(message), nil); err != nil {
		b.Fatal(err)
	}
	return answer
}

// measure calls f with the request again and again, and reports what each of the n in it costs.
func measure(b *testing.B, request []byte, n int, unit string, f func([]byte) ([]byte, error)) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f(request); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/"+unit)
}

// BenchmarkBorder is what a command and an event cost at the border of each language's guests, and of the same in
// native Go: the request written into the guest, the call, and the answer copied out of it.
func BenchmarkBorder(b *testing.B) {
	for _, language := range reference["counter"] {
		b.Run("counter/"+language, func(b *testing.B) {
			wasm := hosttest.Built(b, "counter-"+language)
			in := instance(b, open(b, wasm))
			b.Run("alone", func(b *testing.B) {
				measure(b, countertest.Increases(1), 1, "command", in.HandleCommand)
				b.ReportMetric(float64(len(wasm))/1024, "KB")
			})
			b.Run("of 64", func(b *testing.B) { measure(b, countertest.Increases(64), 64, "command", in.HandleCommand) })
			b.Run("fold of 1000", func(b *testing.B) { measure(b, countertest.Increased(1000), 1000, "event", in.HandleEvent) })
		})
	}
	b.Run("counter/native", func(b *testing.B) {
		var n native
		b.Run("alone", func(b *testing.B) { measure(b, countertest.Increases(1), 1, "command", n.handleCommand) })
		b.Run("of 64", func(b *testing.B) { measure(b, countertest.Increases(64), 64, "command", n.handleCommand) })
		b.Run("fold of 1000", func(b *testing.B) { measure(b, countertest.Increased(1000), 1000, "event", n.handleEvent) })
	})
	for _, language := range reference["order"] {
		b.Run("order/"+language, func(b *testing.B) {
			wasm := hosttest.Built(b, "order-"+language)
			in := instance(b, open(b, wasm))
			seq, state := filled(b, in)
			request := func(n int) []byte {
				r := abi.CommandRequest{Type: "order", ID: "o-1", Seq: seq, State: state, Now: countertest.NowMillis}
				for i := range n {
					payload, err := abi.AppendFromJSON(nil, fmt.Appendf(nil, `{"sku":"sku-0011","quantity":%d}`, 20+i))
					if err != nil {
						b.Fatal(err)
					}
					r.Commands = append(r.Commands, abi.Command{Name: "change_quantity", Payload: payload})
				}
				return abi.AppendCommandRequest(nil, &r)
			}
			if a := decide(b, in, request(1)); len(a.Events) != 1 {
				b.Fatalf("the command made %d events, want 1", len(a.Events))
			}
			b.Run("alone", func(b *testing.B) {
				measure(b, request(1), 1, "command", in.HandleCommand)
				b.ReportMetric(float64(len(wasm))/1024, "KB")
				b.ReportMetric(float64(len(state)), "B/state")
			})
			b.Run("of 64", func(b *testing.B) { measure(b, request(64), 64, "command", in.HandleCommand) })
		})
	}
}

// native is the counter in plain Go behind the same messages, without any border.
type native struct {
	command abi.CommandRequest
	event   abi.EventRequest
	decided abi.CommandAnswer
	payload []byte
	answer  []byte
}

// number reads an unsigned integer of one or nine bytes, the forms that this benchmark has.
func number(b []byte) uint64 {
	if len(b) == 1 {
		return uint64(b[0])
	}
	var v uint64
	for _, c := range b[1:] {
		v = v<<8 | uint64(c)
	}
	return v
}

func (n *native) handleCommand(request []byte) ([]byte, error) {
	if err := n.command.Decode(request); err != nil {
		return nil, err
	}
	value := number(n.command.State)
	n.decided.Reset()
	n.payload = n.payload[:0]
	for i := range n.command.Commands {
		c := &n.command.Commands[i]
		by := number(c.Payload[4:])
		if by > math.MaxUint64-value {
			n.decided.Reject("overflow", nil)
			continue
		}
		value += by
		start := len(n.payload)
		n.payload = abi.AppendUint(n.payload, value)
		n.decided.Accept(n.payload[start:], abi.EmittedEvent{Name: []byte("increased"), Version: 1, Payload: c.Payload})
	}
	start := len(n.payload)
	n.payload = abi.AppendUint(n.payload, value)
	n.decided.State = n.payload[start:]
	n.answer = abi.AppendCommandAnswer(n.answer[:0], &n.decided)
	return n.answer, nil
}

func (n *native) handleEvent(request []byte) ([]byte, error) {
	if err := n.event.Decode(request); err != nil {
		return nil, err
	}
	value := number(n.event.State)
	for i := range n.event.Events {
		value += number(n.event.Events[i].Payload[4:])
	}
	n.payload = abi.AppendUint(n.payload[:0], value)
	n.answer = abi.AppendEventAnswer(n.answer[:0], &abi.EventAnswer{State: n.payload})
	return n.answer, nil
}
