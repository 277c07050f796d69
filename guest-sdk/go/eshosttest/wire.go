package eshosttest

import (
	"fmt"
	"reflect"
	"strings"

	eshost "github.com/eshost/eshost/guest-sdk/go"
	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

type wireCommand struct {
	name    string
	payload []byte // nil: none
}

func (c *wireCommand) text() string { return c.name + payloadText(c.payload) }

type wireEvent struct {
	name    string
	version uint32
	payload []byte // nil: none
}

func (e *wireEvent) text() string {
	return fmt.Sprintf("%s version %d%s", e.name, e.version, payloadText(e.payload))
}

// payloadText shows what stands behind a name.
func payloadText(payload []byte) string {
	if payload == nil {
		return ""
	}
	return " " + jsonOf(payload)
}

type status int

const (
	accepted status = iota
	rejected
	faulted
)

// outcome is an outcome as the wire has it.
type outcome struct {
	status  status
	kind    Kind
	code    string // or the message of a fault
	payload []byte // of a rejection, or the reply
	events  []wireEvent
	raw     []byte
}

// text says what it is in a line.
func (o *outcome) text() string {
	switch {
	case o.status == accepted && o.payload == nil:
		return "accepted, and emitted " + eventsText(o.events)
	case o.status == accepted:
		return "accepted, replied " + jsonOf(o.payload) + " and emitted " + eventsText(o.events)
	case o.status == rejected:
		return fmt.Sprintf("rejected with %q%s", o.code, payloadText(o.payload))
	}
	return fmt.Sprintf("a fault of kind %d (%s)", o.kind, o.code)
}

// eventsText shows events by their names and payloads.
func eventsText(events []wireEvent) string {
	if len(events) == 0 {
		return "no events"
	}
	all := make([]string, len(events))
	for i := range events {
		all[i] = events[i].text()
	}
	return "[" + strings.Join(all, ", ") + "]"
}

type answer struct {
	outcomes []outcome
	state    []byte
	raw      string
}

// text shows the answer to one command.
func (a *answer) text() string {
	if a.state == nil {
		return a.outcomes[0].text()
	}
	return a.outcomes[0].text() + "; the state is " + jsonOf(a.state)
}

func appendPayload(dst, payload []byte) []byte {
	if payload == nil {
		return codec.AppendNil(dst)
	}
	return codec.AppendBin(dst, payload)
}

func (s *Scenario[S]) head(places int, seq uint64, state []byte) []byte {
	request := codec.AppendArrayHeader(nil, places)
	request = codec.AppendString(codec.AppendString(request, s.def.Name()), s.id)
	return appendPayload(codec.AppendUint(request, seq), state)
}

// decide has the plugin decide commands. It ends the test if nothing was decided.
func (s *Scenario[S]) decide(plugin *eshost.Plugin, seq uint64, state []byte, commands ...wireCommand) answer {
	s.t.Helper()
	request := codec.AppendArrayHeader(codec.AppendInt(s.head(6, seq, state), s.now), len(commands))
	for _, c := range commands {
		request = appendPayload(codec.AppendString(append(request, 0x92), c.name), c.payload)
	}
	raw := append([]byte(nil), plugin.HandleCommand(request)...)
	r := reader{Reader: codec.Reader{Src: raw}, t: s}
	r.array(3)
	if tag := r.uint(); tag != 0 {
		s.t.Fatalf("nothing was decided: kind %d, %s", r.uint(), r.string())
	}
	a := answer{raw: string(raw)}
	for range r.array(len(commands)) {
		a.outcomes = append(a.outcomes, r.outcome())
	}
	a.state = r.payload()
	return a
}

// fold has the plugin fold events. It ends the test if that fails.
func (s *Scenario[S]) fold(plugin *eshost.Plugin, seq uint64, state []byte, events []wireEvent) []byte {
	s.t.Helper()
	request := codec.AppendArrayHeader(s.head(5, seq, state), len(events))
	for _, e := range events {
		request = codec.AppendUint(codec.AppendString(append(request, 0x93), e.name), uint64(e.version))
		request = appendPayload(request, e.payload)
	}
	r := reader{Reader: codec.Reader{Src: append([]byte(nil), plugin.HandleEvent(request)...)}, t: s}
	r.array(0)
	if tag := r.uint(); tag != 0 {
		kind, index, message := r.uint(), int(r.uint()), r.string()
		name := "no event"
		if index < len(events) {
			name = events[index].name
		}
		s.t.Fatalf("event %d of %d, %s, could not be folded: kind %d, %s", index+1, len(events), name, kind, message)
	}
	return r.payload()
}

// encode encodes a Go value; nil stands for no payload.
func (s *Scenario[S]) encode(value any) []byte {
	s.t.Helper()
	if value == nil {
		return nil
	}
	plan, err := codec.PlanFor(reflect.TypeOf(value))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		if reason := recover(); reason != nil {
			s.t.Fatalf("a %T cannot be a payload: %v", value, reason)
		}
	}()
	v := reflect.New(reflect.TypeOf(value))
	v.Elem().Set(reflect.ValueOf(value))
	var enc codec.Encoder
	return enc.Append(nil, plan, v.UnsafePointer())
}

// decode decodes a payload into what v points to.
func (s *Scenario[S]) decode(v reflect.Value, payload []byte, what string) {
	s.t.Helper()
	plan, err := codec.PlanFor(v.Type().Elem())
	if err == nil {
		var dec codec.Decoder
		err = dec.Decode(plan, payload, v.UnsafePointer())
	}
	if err != nil {
		s.t.Fatalf("%s is not a %v: %v", what, v.Type().Elem(), err)
	}
}

func (s *Scenario[S]) eventInfo(match func(eshost.EventInfo) bool) *eshost.EventInfo {
	for _, info := range s.def.Events() {
		if match(info) {
			return &info
		}
	}
	return nil
}

func (s *Scenario[S]) encodeEvent(event any) wireEvent {
	s.t.Helper()
	info := s.eventInfo(func(i eshost.EventInfo) bool { return i.Type == reflect.TypeOf(event) })
	if info == nil {
		s.t.Fatalf("type %s has no event of Go type %T", s.def.Name(), event)
	}
	return wireEvent{name: info.Name, version: info.Version, payload: s.encode(event)}
}

// reader reads an answer; one that is malformed ends the test.
type reader struct {
	codec.Reader
	t interface{ fatal(string) }
}

func (s *Scenario[S]) fatal(text string) { s.t.Helper(); s.t.Fatal(text) }

func (r *reader) must(ok bool) {
	if !ok {
		r.t.fatal(fmt.Sprintf("malformed answer %x", r.Src))
	}
}

// array reads the header of an array, of want places if that is not 0.
func (r *reader) array(want int) int {
	n, ok := r.Array()
	r.must(ok && (want == 0 || n == want))
	return n
}

func (r *reader) uint() uint64 {
	n, ok := r.Uint()
	r.must(ok)
	return n
}

func (r *reader) string() string {
	text, ok := r.String()
	r.must(ok)
	return string(text)
}

func (r *reader) payload() []byte {
	payload, ok := r.Payload()
	r.must(ok)
	return payload
}

func (r *reader) outcome() (o outcome) {
	start := r.Pos
	r.array(3)
	o.status = status(r.uint())
	switch o.status {
	case accepted:
		o.payload = r.payload()
		for range r.array(0) {
			r.array(3)
			o.events = append(o.events, wireEvent{r.string(), uint32(r.uint()), r.payload()})
		}
	case rejected:
		o.code, o.payload = r.string(), r.payload()
	default:
		o.kind, o.code = Kind(r.uint()), r.string()
	}
	o.raw = r.Src[start:r.Pos]
	return o
}
