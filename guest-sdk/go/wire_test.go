package eshost_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	eshost "github.com/eshost/eshost/guest-sdk/go"
	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

// counter is the counter of the ABI's worked example.
var counter = eshost.Define[uint64]("counter",
	eshost.Command("increase", func(_ *eshost.Context, n uint64, c increase) eshost.Effect {
		if c.By > math.MaxUint64-n {
			return overflow.Reject()
		}
		return eshost.Accept(increased(c))
	}, eshost.StateReply).Rejects(overflow).Example(increase{5}, increase{7}),
	eshost.Command("decrease", func(_ *eshost.Context, n uint64, c decrease) eshost.Effect {
		if c.By > n {
			return underflow.Reject()
		}
		return eshost.Accept(decreased(c))
	}, eshost.StateReply).Rejects(underflow),
	eshost.Event("increased", 1, func(n uint64, e increased) uint64 { return n + e.By }),
	eshost.Event("decreased", 1, func(n uint64, e decreased) uint64 { return n - e.By }),
)

type (
	increase  struct{ By uint64 }
	decrease  struct{ By uint64 }
	increased struct{ By uint64 }
	decreased struct{ By uint64 }
)

var (
	overflow  = eshost.NewRejection("overflow")
	underflow = eshost.NewRejection("underflow")
)

func unhex(tb testing.TB, text string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// message is a request to be.
type message struct {
	typeName, id string
	seq          uint64
	state        []byte
	now          int64
	commands     []part
	events       []part
}

type part struct {
	name    string
	version uint64 // of an event
	payload any    // bytes, or a value to encode
}

func payloadBytes(tb testing.TB, payload any) []byte {
	tb.Helper()
	if raw, ok := payload.([]byte); ok || payload == nil {
		return raw
	}
	plan, err := codec.PlanFor(reflect.TypeOf(payload))
	if err != nil {
		tb.Fatal(err)
	}
	v := reflect.New(reflect.TypeOf(payload))
	v.Elem().Set(reflect.ValueOf(payload))
	var enc codec.Encoder
	return enc.Append(nil, plan, unsafe.Pointer(v.Pointer()))
}

func appendPayload(dst, payload []byte) []byte {
	if payload == nil {
		return codec.AppendNil(dst)
	}
	return codec.AppendBin(dst, payload)
}

func (m message) head(places byte) []byte {
	b := codec.AppendString(codec.AppendString([]byte{0x90 | places}, m.typeName), m.id)
	return appendPayload(codec.AppendUint(b, m.seq), m.state)
}

func (m message) commandRequest(tb testing.TB) []byte {
	b := codec.AppendArrayHeader(codec.AppendInt(m.head(6), m.now), len(m.commands))
	for _, c := range m.commands {
		b = appendPayload(codec.AppendString(append(b, 0x92), c.name), payloadBytes(tb, c.payload))
	}
	return b
}

func (m message) eventRequest(tb testing.TB) []byte {
	b := codec.AppendArrayHeader(m.head(5), len(m.events))
	for _, e := range m.events {
		b = codec.AppendUint(codec.AppendString(append(b, 0x93), e.name), e.version)
		b = appendPayload(b, payloadBytes(tb, e.payload))
	}
	return b
}

func TestTheWorkedExampleIsAnsweredByteForByte(t *testing.T) {
	request := message{typeName: "counter", id: "a", now: 1763892000000, commands: []part{
		{name: "increase", payload: increase{5}}, {name: "decrease", payload: decrease{7}},
	}}.commandRequest(t)
	if len(request) != 57 {
		t.Fatalf("the request has %d bytes, want 57", len(request))
	}
	want := unhex(t, "93 00 92 93 00 c4 01 05 91 93 a9 696e63726561736564 01 c4 05 81 a2 6279 05 93 01 a9 756e646572666c6f77 c0 c4 01 05")
	if got := eshost.NewPlugin(counter).HandleCommand(request); !bytes.Equal(got, want) {
		t.Errorf("answer\n%x\nwant\n%x", got, want)
	}
}

// doors and orders are the other types that the golden requests are for.
var doors = eshost.Define[struct{ Total *int }]("door",
	eshost.Event("opened", 1, func(s struct{ Total *int }, _ eshost.None) struct{ Total *int } { return s }),
	eshost.Event("painted", math.MaxUint32, func(s struct{ Total *int }, _ string) struct{ Total *int } { return s }),
)

var orders = eshost.Define[struct{ Total int }]("order",
	eshost.Command("pay", func(*eshost.Context, struct{ Total int }, struct{}) eshost.Effect { return eshost.Effect{} }, eshost.StateReply),
	eshost.Command("cancel", func(*eshost.Context, struct{ Total int }, eshost.None) eshost.Effect { return eshost.Effect{} }, eshost.StateReply),
	eshost.Command("tick", func(*eshost.Context, struct{ Total int }, uint64) eshost.Effect { return eshost.Effect{} }, eshost.NoReply),
)

func TestGoldenRequestsAreReadInEveryForm(t *testing.T) {
	text, err := os.ReadFile("../../abi/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	type request struct {
		Name      string
		Encodings []string
	}
	var vectors struct {
		Commands []request `json:"command_requests"`
		Events   []request `json:"event_requests"`
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	check := func(r request, handle func([]byte) []byte) {
		var first []byte
		for i, encoding := range r.Encodings {
			answer := bytes.Clone(handle(unhex(t, encoding)))
			if len(answer) < 2 || answer[1] != 0 {
				t.Errorf("%s, encoding %d: nothing was done: %q", r.Name, i, answer)
			}
			if bytes.Contains(answer, []byte("\x93\x02")) {
				t.Errorf("%s, encoding %d: a fault in %q", r.Name, i, answer)
			}
			if i == 0 {
				first = answer
			} else if !bytes.Equal(answer, first) {
				t.Errorf("%s: encoding %d is answered\n%x\nbut the first\n%x", r.Name, i, answer, first)
			}
		}
	}
	plugin := eshost.NewPlugin(counter, doors, orders)
	for _, r := range vectors.Commands {
		check(r, plugin.HandleCommand)
	}
	for _, r := range vectors.Events {
		check(r, plugin.HandleEvent)
	}
	if len(vectors.Commands) < 3 || len(vectors.Events) < 3 {
		t.Error("the golden vectors lack requests")
	}
}

func TestFaults(t *testing.T) {
	plugin := eshost.NewPlugin(counter, accounts)
	one := func(name string, payload any) message {
		return message{typeName: "counter", id: "a", seq: 1, state: []byte{5}, commands: []part{{name: name, payload: payload}}}
	}
	spoilt := func(how string) message {
		m := message{typeName: "account", id: "a", commands: []part{{name: "spoil", payload: spoil{how}}}}
		return m
	}
	for name, c := range map[string]struct {
		m    message
		want string // text of the answer behind its header
	}{
		"unknown command":      {one("reset", nil), "\x93\x02\x01\xd9\x40type \"counter\" has no command \"reset\"; it has increase, decrease"},
		"payload missing":      {one("increase", nil), "\x93\x02\x02\xabby: missing"},
		"payload of another":   {one("increase", []byte("\x81\xa2to\x05")), "\x93\x02\x02\xabby: missing"},
		"negative":             {one("increase", []byte("\x81\xa2by\xff")), "by: -1, where an integer from 0 to 18446744073709551615 is wanted"},
		"empty payload":        {one("increase", []byte{}), "the input ends where a map is wanted"},
		"panic":                {spoilt("panic"), "\x93\x02\x04\xd9\x28spoilt and gave up (account_test.go:"},
		"runtime error":        {spoilt("index"), "index out of range [0] with length 0 (account_test.go:"},
		"panic with a number":  {spoilt("panic with a number"), "7 (account_test.go:"},
		"fold panics":          {spoilt("fold panics"), "the fold gave up (account_test.go:"},
		"undeclared rejection": {spoilt("reject with what is not declared"), `command "spoil" was rejected with "secret", which it does not declare; add it to its Rejects`},
		"unregistered event":   {spoilt("unregistered event"), `\x93\x02\x05`},
		"nil event":            {spoilt("nil event"), "eshost.Accept was given a nil event (account_test.go:"},
		"unencodable event":    {spoilt("event cannot be encoded"), "an event: string cannot be encoded: text that is not UTF-8; use []byte"},
		"unencodable state":    {spoilt("fold makes nonsense"), "the state after the events: string cannot be encoded"},
	} {
		t.Run(name, func(t *testing.T) {
			got := string(plugin.HandleCommand(c.m.commandRequest(t)))
			want := strings.ReplaceAll(c.want, `\x93\x02\x05`, "\x93\x02\x05")
			if !strings.HasPrefix(got, "\x93\x00\x91\x93\x02") || !strings.Contains(got, want) {
				t.Errorf("answer %q, want it to have %q", got, want)
			}
			if !strings.HasSuffix(got, "\xc0") {
				t.Errorf("answer %q has a state although nothing was accepted", got)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	plugin := eshost.NewPlugin(counter, accounts)
	state := func(typeName string, state []byte) message {
		return message{typeName: typeName, id: "a", seq: 1, state: state}
	}
	for name, c := range map[string]struct {
		m    message
		want string
	}{
		"state of another type":       {state("counter", []byte{0xa0}), "\x03\xd9\x69the state of counter does not decode: a string, where an integer from 0 to 18446744073709551615 is wanted"},
		"state that lacks a field":    {state("account", []byte{0x80}), "owners: missing"},
		"state with something behind": {state("counter", []byte{1, 2}), "bytes after the end of the value"},
		"unknown type":                {state("contour", nil), "\x01\xd9\x39the plugin has no type \"contour\"; it has counter, account"},
	} {
		t.Run(name, func(t *testing.T) {
			c.m.commands = []part{{name: "increase", payload: increase{1}}}
			if got := string(plugin.HandleCommand(c.m.commandRequest(t))); !strings.HasPrefix(got, "\x93\x01") || !strings.Contains(got, c.want) {
				t.Errorf("commands: %q, want it to have %q", got, c.want)
			}
			c.m.events = []part{{name: "increased", version: 1, payload: increased{1}}}
			got := string(plugin.HandleEvent(c.m.eventRequest(t)))
			want := strings.Replace(c.want, "\xd9", "\x00\xd9", 1)
			if !strings.HasPrefix(got, "\x94\x01") || !strings.Contains(got, want) {
				t.Errorf("events: %q, want it to have %q", got, want)
			}
		})
	}
}

func TestEventsThatCannotBeFoldedAreNamedByTheirPlace(t *testing.T) {
	plugin := eshost.NewPlugin(counter, accounts)
	good := part{name: "increased", version: 1, payload: increased{1}}
	for name, c := range map[string]struct {
		bad  part
		want string
	}{
		"unknown name":       {part{name: "reset", version: 1}, "\x94\x01\x05\x02\xd9\x3etype \"counter\" does not define event \"reset\" version 1"},
		"unknown version":    {part{name: "increased", version: 2, payload: increased{1}}, `does not define event "increased" version 2`},
		"huge version":       {part{name: "increased", version: 1<<32 + 1, payload: increased{1}}, `version 4294967297`},
		"payload of another": {part{name: "increased", version: 1, payload: []byte("\x90")}, "event \"increased\" version 1: an array, where a map is wanted"},
	} {
		t.Run(name, func(t *testing.T) {
			got := string(plugin.HandleEvent(message{typeName: "counter", id: "a", events: []part{good, good, c.bad, good}}.eventRequest(t)))
			if !strings.HasPrefix(got, "\x94\x01\x05\x02") || !strings.Contains(got, strings.TrimPrefix(c.want, "\x94\x01\x05\x02\xd9\x3e")) {
				t.Errorf("answer %q", got)
			}
		})
	}
	t.Run("fold panics", func(t *testing.T) {
		m := message{typeName: "account", id: "a", events: []part{
			{name: "opened", version: 1, payload: opened{"anna"}}, {name: "broken", version: 1, payload: broken{"panic"}},
		}}
		if got := string(plugin.HandleEvent(m.eventRequest(t))); !strings.HasPrefix(got, "\x94\x01\x04\x01") || !strings.Contains(got, "the fold gave up (account_test.go:") {
			t.Errorf("answer %q", got)
		}
	})
}

func TestWithoutEventsAFoldGivesTheInitialStateOrTheSameOne(t *testing.T) {
	plugin := eshost.NewPlugin(plains, accounts)
	for _, c := range []struct {
		m    message
		want []byte
	}{
		{message{typeName: "plain", id: "a"}, payloadBytes(t, plain{Name: "new"})},
		{message{typeName: "account", id: "a"}, payloadBytes(t, account{})},
		{message{typeName: "plain", id: "a", seq: 3, state: payloadBytes(t, plain{"x", 4})}, payloadBytes(t, plain{"x", 4})},
		{message{typeName: "plain", id: "a", seq: 3, state: []byte("\x83\xa1z\xc0\xa5count\xcc\x04\xa4name\xd9\x01x")}, payloadBytes(t, plain{"x", 4})},
	} {
		want := codec.AppendBin([]byte{0x92, 0x00}, c.want)
		if got := plugin.HandleEvent(c.m.eventRequest(t)); !bytes.Equal(got, want) {
			t.Errorf("answer %q, want %q", got, want)
		}
	}
}

func TestAMalformedRequestIsRefusedAndNothingBreaks(t *testing.T) {
	m := message{
		typeName: "counter", id: "a", seq: 1, state: []byte{5}, commands: []part{{name: "increase", payload: increase{5}}, {name: "none"}},
		events: []part{{name: "increased", version: 1, payload: increased{5}}},
	}
	plugin := eshost.NewPlugin(counter)
	for name, c := range map[string]struct {
		request []byte
		handle  func([]byte) []byte
		refused string
	}{
		"commands": {m.commandRequest(t), plugin.HandleCommand, "\x93\x01\x02"},
		"events":   {m.eventRequest(t), plugin.HandleEvent, "\x94\x01\x02\x00"},
	} {
		good := bytes.Clone(c.handle(c.request))
		for n := range c.request {
			if got := string(c.handle(c.request[:n])); !strings.HasPrefix(got, c.refused) {
				t.Errorf("%s, the first %d bytes: %q", name, n, got)
			}
		}
		if got := string(c.handle(append(bytes.Clone(c.request), 0xc0))); !strings.HasPrefix(got, c.refused) {
			t.Errorf("%s, a byte too many: %q", name, got)
		}
		if got := c.handle(c.request); !bytes.Equal(got, good) {
			t.Errorf("%s: after all that the good request is answered %q, want %q", name, got, good)
		}
	}
}

func FuzzRequests(f *testing.F) {
	m := message{typeName: "account", id: "a", commands: []part{{name: "open", payload: open{"anna"}}, {name: "spoil", payload: spoil{"accept"}}}}
	f.Add(m.commandRequest(f))
	m.events = []part{{name: "opened", version: 1, payload: opened{"anna"}}}
	f.Add(m.eventRequest(f))
	f.Fuzz(func(t *testing.T, request []byte) {
		plugin := eshost.NewPlugin(counter, accounts)
		for _, handle := range []func([]byte) []byte{plugin.HandleCommand, plugin.HandleEvent} {
			r := codec.Reader{Src: handle(request)}
			if !r.Value(codec.MaxDepth) || r.Rest() != 0 {
				t.Fatalf("malformed answer %q", r.Src)
			}
		}
	})
}
