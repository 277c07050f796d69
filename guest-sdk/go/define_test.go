package eshost_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

func keep[S, C any](*eshost.Context, S, C) eshost.Effect { return eshost.Effect{} }

func same[S, E any](s S, _ E) S { return s }

func TestADefinitionThatCannotWorkPanicsWithAReason(t *testing.T) {
	command := func(name string) eshost.Part[int] {
		return eshost.Command(name, keep[int, eshost.None], eshost.NoReply)
	}
	for name, c := range map[string]struct {
		define func()
		want   string
	}{
		"empty type name":       {func() { eshost.Define[int]("") }, `eshost: type "": a name is 1 to 64 characters: a-z first, then a-z, 0-9, '_', '.' or '-'`},
		"type of eshost's own":  {func() { eshost.Define[int]("_own") }, `type "_own"`},
		"command in upper case": {func() { command("Open") }, `command "Open"`},
		"event with a space":    {func() { eshost.Event("was opened", 1, same[int, struct{}]) }, `event "was opened"`},
		"name of 65 characters": {func() { eshost.Define[int](strings.Repeat("a", 65)) }, "a name is 1 to 64 characters"},
		"code that is empty":    {func() { eshost.NewRejection("") }, `eshost: rejection "": a code is 1 to 128 bytes of UTF-8 without control characters`},
		"code of two lines":     {func() { eshost.NewRejectionWith[int]("a\nb") }, `rejection "a\nb"`},
		"version 0":             {func() { eshost.Event("opened", 0, same[int, struct{}]) }, `event "opened": versions begin at 1`},
		"no decide":             {func() { eshost.Command[int, int]("open", nil, eshost.NoReply) }, `command "open" needs a decide and a reply`},
		"no reply":              {func() { eshost.Command[int, int, int]("open", keep, nil) }, `command "open" needs a decide and a reply; there is eshost.NoReply`},
		"no fold":               {func() { eshost.Event[int, int]("opened", 1, nil) }, `event "opened" needs a fold`},
		"two commands":          {func() { eshost.Define("t", command("open"), command("open")) }, `type "t" has two commands "open"`},
		"two events": {func() {
			eshost.Define[int]("t", eshost.Event("e", 1, same[int, int]), eshost.Event("e", 1, same[int, bool]))
		}, `type "t" has two events "e" version 1`},
		"two events of one type": {func() {
			eshost.Define[int]("t", eshost.Event("e", 1, same[int, int]), eshost.Event("e", 2, same[int, int]))
		}, `"e" version 1 and "e" version 2 are of the same Go type`},
		"state without a form":   {func() { eshost.Define[chan int]("t") }, `the state of type "t": chan int: a chan has no payload form`},
		"state that is nothing":  {func() { eshost.Define[eshost.None]("t") }, `the state of type "t" cannot be None; use an empty struct`},
		"command without a form": {func() { eshost.Command("open", keep[int, any], eshost.NoReply) }, `command "open": interface {}: an interface does not say`},
		"reply without a form":   {func() { eshost.Command("open", keep[int, int], func(int) func() { return nil }) }, `the reply of command "open": func(): a func has no payload form`},
		"event without a form":   {func() { eshost.Event("e", 1, same[int, []chan int]) }, `event "e": []chan int[]: a chan`},
		"rejection without form": {func() { eshost.NewRejectionWith[any]("no") }, `rejection "no": interface {}`},
		"rejection twice":        {func() { eshost.Command("open", keep[int, int], eshost.NoReply).Rejects(notOpen, notOpen) }, `declares the rejection "not open" twice`},
		"example that is bad":    {func() { eshost.Command("open", keep[int, string], eshost.NoReply).Example("\xff") }, `an example of command "open": string cannot be encoded`},
		"initial state that is":  {func() { eshost.Define("t", eshost.Initial("\xff")) }, `type "t": the initial state: string cannot be encoded`},
		"no initial state":       {func() { eshost.Define[mood]("t") }, `type "t": the zero state cannot be encoded, so it needs eshost.Initial`},
		"two types of one name":  {func() { eshost.NewPlugin(counter, eshost.Define[int]("counter")) }, `two types named "counter"`},
		"no type":                {func() { eshost.Serve() }, "a plugin needs at least one type"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, c.want) {
					t.Errorf("got %q, want %q", got, c.want)
				}
			}()
			c.define()
		})
	}
}

type mood string

func (mood) EnumNames() []string { return []string{"good", "bad"} }

func TestTheZeroStateNeedNotBeEncodableIfThereIsAnInitialOne(t *testing.T) {
	moods := eshost.Define[mood]("mood", eshost.Initial[mood]("good"), eshost.Event("changed", 1, same[mood, struct{}]))
	got := string(eshost.NewPlugin(moods).HandleEvent(message{typeName: "mood", id: "a"}.eventRequest(t)))
	if got != "\x92\x00\xc4\x05\xa4good" {
		t.Errorf("the initial state is %q", got)
	}
}

func TestTheManifestSaysWhatIsDefined(t *testing.T) {
	def := eshost.Define[uint8]("t",
		eshost.Command("open", keep[uint8, bool], eshost.StateReply).Rejects(notOpen, tooLarge).Example(true, false),
		eshost.Command("close", keep[uint8, eshost.None], eshost.NoReply),
		eshost.Command("lock", keep[uint8, eshost.None], eshost.NoReply).Example(eshost.None{}),
		eshost.Event("opened", 3, same[uint8, string]),
		eshost.Event("closed", 1, same[uint8, eshost.None]),
	)
	const schema = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":`
	var want []byte
	text := func(s ...string) {
		for _, s := range s {
			want = codec.AppendString(want, s)
		}
	}
	want = append(want, "\x83\xa3abi\x92\x01\x00"...)
	text("sdk", eshost.SDK, "types")
	want = append(want, 0x91, 0x84)
	text("type", "t", "state_schema", "t-098f1517f66f581d", "commands")
	const nothing = schema + `"object","properties":{}}`
	want = append(want, 0x93, 0x85)
	text("name", "open", "schema", schema+`"boolean"}`, "reply", schema+`"integer","minimum":0,"maximum":255}`, "rejections")
	want = append(want, 0x92)
	text("not open", "too large", "examples")
	want = append(want, 0x92, 0xc4, 1, 0xc3, 0xc4, 1, 0xc2, 0x82)
	text("name", "close", "schema", nothing)
	want = append(want, 0x83)
	text("name", "lock", "schema", nothing, "examples")
	want = append(want, 0x91, 0xc4, 1, 0x80)
	text("events")
	want = append(want, 0x92, 0x83)
	text("name", "opened", "version")
	want = append(want, 3)
	text("schema", schema+`"string"}`)
	want = append(want, 0x83)
	text("name", "closed", "version")
	want = append(want, 1)
	text("schema", nothing)
	if got := eshost.NewPlugin(def).Describe(); string(got) != string(want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

func TestARevisionChangesTheStateSchema(t *testing.T) {
	schema := func(parts ...eshost.Part[int]) string {
		manifest := string(eshost.NewPlugin(eshost.Define("t", parts...)).Describe())
		_, rest, _ := strings.Cut(manifest, "state_schema")
		return rest[:19]
	}
	if schema() != schema(eshost.Revision[int](0)) {
		t.Error("revision 0 is not what one has without")
	}
	if schema() == schema(eshost.Revision[int](1)) || schema(eshost.Revision[int](1)) == schema(eshost.Revision[int](2)) {
		t.Error("revisions do not differ")
	}
}

func TestATypeListsItsCommandsAndEvents(t *testing.T) {
	wantCommands := []eshost.CommandInfo{
		{Name: "increase", Type: reflect.TypeFor[increase](), Reply: reflect.TypeFor[uint64](), Rejections: []string{"overflow"}},
		{Name: "decrease", Type: reflect.TypeFor[decrease](), Reply: reflect.TypeFor[uint64](), Rejections: []string{"underflow"}},
	}
	if got := counter.Commands(); !reflect.DeepEqual(got, wantCommands) {
		t.Errorf("commands %+v", got)
	}
	wantEvents := []eshost.EventInfo{
		{Name: "increased", Version: 1, Type: reflect.TypeFor[increased]()}, {Name: "decreased", Version: 1, Type: reflect.TypeFor[decreased]()},
	}
	if got := counter.Events(); !reflect.DeepEqual(got, wantEvents) {
		t.Errorf("events %+v", got)
	}
}

func TestAnEffectTellsWhatItIs(t *testing.T) {
	if got := eshost.Accept(1, "two", 3.0).Events(); !reflect.DeepEqual(got, []any{1, "two", 3.0}) {
		t.Errorf("three events: %v", got)
	}
	if got := eshost.Accept().Events(); got != nil {
		t.Errorf("no events: %v", got)
	}
	if _, _, rejected := eshost.Accept(1).Rejected(); rejected {
		t.Error("accepted and rejected")
	}
	code, payload, rejected := tooLarge.Reject(shortage{3}).Rejected()
	if code != tooLarge.Code() || payload != (shortage{3}) || !rejected {
		t.Errorf("rejected with %q and %v, %v", code, payload, rejected)
	}
	if got := tooLarge.Reject(shortage{3}).Events(); got != nil {
		t.Errorf("a rejection has events %v", got)
	}
	if code, payload, rejected := notOpen.Reject().Rejected(); code != notOpen.Code() || payload != nil || !rejected {
		t.Errorf("rejected with %q and %v, %v", code, payload, rejected)
	}
}

func TestAnOptionalIsAValueOrNothing(t *testing.T) {
	none, some := eshost.Optional[int]{}, eshost.Some(0)
	if _, ok := none.Get(); ok || none.Or(7) != 7 {
		t.Error("the zero Optional is not absent")
	}
	if v, ok := some.Get(); v != 0 || !ok || some.Or(7) != 0 {
		t.Error("Some(0) is not a present 0")
	}
	type fields struct{ A, B eshost.Optional[int] }
	if got := string(payloadBytes(t, fields{B: some})); got != "\x81\xa1b\x00" {
		t.Errorf("written as %q", got)
	}
}
