package eshosttest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
	"github.com/eshost/eshost/guest-sdk/go/eshosttest"
)

// Cart is a type with a good command and several that break a law.
type Cart struct{ Items map[string]uint64 }

type (
	Add      struct{ Item string }
	Misuse   struct{ How string }
	Added    struct{ Item string }
	Listed   struct{ Items []string }
	Counted  struct{ N uint64 }
	Unlisted struct{}
)

var (
	full   = eshost.NewRejectionWith[uint64]("full")
	closed = eshost.NewRejection("closed")
	calls  uint64 // what no handler may have
)

var carts = eshost.Define[Cart]("cart",
	eshost.Command("add", func(_ *eshost.Context, c Cart, a Add) eshost.Effect {
		if len(c.Items) == 3 {
			return full.Reject(3)
		}
		return eshost.Accept(Added(a))
	}, func(c Cart) uint64 { return uint64(len(c.Items)) }).Rejects(full, closed),
	eshost.Command("misuse", func(_ *eshost.Context, c Cart, m Misuse) eshost.Effect {
		switch m.How {
		case "map order":
			var items []string
			for item := range c.Items {
				items = append(items, item)
			}
			return eshost.Accept(Listed{items})
		case "variable":
			calls++
			return eshost.Accept(Counted{calls})
		case "panic":
			panic("gave up")
		}
		return eshost.Effect{}
	}, eshost.NoReply),
	eshost.Event("added", 1, func(c Cart, e Added) Cart {
		c.Items[e.Item]++
		return c
	}),
	eshost.Event("listed", 1, func(c Cart, _ Listed) Cart { return c }),
	eshost.Event("counted", 1, func(c Cart, e Counted) Cart {
		calls++
		c.Items["calls"] = calls
		return c
	}),
)

func TestAScenarioThatHolds(t *testing.T) {
	eshosttest.Given(t, carts, Added{"pen"}).
		When(Add{"ink"}).Then(Added{"ink"}).ThenReply(uint64(2)).
		ThenState(Cart{map[string]uint64{"ink": 1, "pen": 1}}).
		When(Add{"pad"}).Then(Added{"pad"}).
		When(Add{"cap"}).ThenRejected("full", uint64(3)).ThenRejected("full").
		WhenNamed("add", Misuse{}).ThenFault(eshosttest.BadPayload).
		WhenNamed("remove", nil).ThenFault(eshosttest.UnknownCommand).
		When(Misuse{"panic"}).ThenFault(eshosttest.Panicked).
		When(Misuse{}).Then().ThenReply(eshost.None{})
}

// Basket has pointers, and values that are too long for one line.
type Basket struct {
	Owner *string
	Lines []Line
	Notes map[string]string
}

type Line struct {
	Title    string
	Quantity uint64
}

var baskets = eshost.Define[Basket]("basket",
	eshost.Command("clear", func(*eshost.Context, Basket, eshost.None) eshost.Effect { return eshost.Accept() }, eshost.StateReply),
	eshost.Command("close", func(*eshost.Context, Basket, eshost.None) eshost.Effect { return eshost.Accept(eshost.None{}) }, eshost.NoReply),
	eshost.Event("filled", 1, func(_ Basket, e Basket) Basket { return e }),
	eshost.Event("closed", 1, func(b Basket, _ eshost.None) Basket { return b }),
)

func basketOf(owner string, quantities ...uint64) Basket {
	b := Basket{Owner: &owner, Notes: map[string]string{"gift": "with a card, please"}}
	for _, n := range quantities {
		b.Lines = append(b.Lines, Line{"Assam, 250 g", n})
	}
	return b
}

// recorder notes failures instead of failing.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatal(args ...any) { r.Fatalf("%s", fmt.Sprint(args...)) }

// eight items: in how many orders they come is enough for seven decisions never to agree by chance.
var eight = []any{Added{"a"}, Added{"b"}, Added{"c"}, Added{"d"}, Added{"e"}, Added{"f"}, Added{"g"}, Added{"h"}}

func TestAScenarioThatDoesNotHoldFails(t *testing.T) {
	given := func(t testing.TB) *eshosttest.Scenario[Cart] {
		return eshosttest.Given(t, carts, Added{"pen"}, Added{"ink"})
	}
	for name, c := range map[string]struct {
		run  func(t testing.TB)
		want string
	}{
		"event not emitted":     {func(t testing.TB) { given(t).When(Add{"x"}).Then() }, `add {"item":"x"}: emitted [added version 1 {"item":"x"}], want no events`},
		"another event":         {func(t testing.TB) { given(t).When(Add{"x"}).Then(Added{"y"}) }, `want [added version 1 {"item":"y"}]`},
		"one event too many":    {func(t testing.TB) { given(t).When(Add{"x"}).Then(Added{"x"}, Added{"x"}) }, `emitted [added version 1 {"item":"x"}], want [added`},
		"another reply":         {func(t testing.TB) { given(t).When(Add{"x"}).ThenReply(uint64(2)) }, "replied 3, want 2"},
		"reply of another type": {func(t testing.TB) { given(t).When(Add{"x"}).ThenReply(3) }, "replies with a uint64, not with a int"},
		"another state":         {func(t testing.TB) { given(t).When(Misuse{}).ThenState(Cart{}) }, `misuse {"how":""}: the state is {"items":{"ink":1,"pen":1}}, want {"items":{}}`},
		"not rejected":          {func(t testing.TB) { given(t).When(Add{"x"}).ThenRejected("full") }, `accepted, replied 3 and emitted [added version 1 {"item":"x"}], want it rejected with "full"`},
		"another code":          {func(t testing.TB) { given(t).When(Add{"x"}).When(Add{"y"}).ThenRejected("closed") }, `rejected with "full", want "closed"`},
		"another payload":       {func(t testing.TB) { given(t).When(Add{"x"}).When(Add{"y"}).ThenRejected("full", uint64(4)) }, `rejected with "full" 3, want 4`},
		"not accepted":          {func(t testing.TB) { given(t).When(Add{"x"}).When(Add{"y"}).Then() }, `rejected with "full" 3, want it accepted`},
		"no reply of a fault":   {func(t testing.TB) { given(t).When(Misuse{"panic"}).ThenReply(eshost.None{}) }, "a fault of kind 4 (gave up"},
		"no fault":              {func(t testing.TB) { given(t).When(Add{"x"}).ThenFault(eshosttest.Panicked) }, "}], want a fault of kind 4"},
		"order of a map":        {func(t testing.TB) { eshosttest.Given(t, carts, eight...).When(Misuse{"map order"}) }, `command misuse {"how":"map order"} is not decided the same each time`},
		"variable": {
			func(t testing.TB) { given(t).When(Misuse{"variable"}) },
			"not decided the same each time, as happens with the order of a map or a variable that outlives a call:\n\taccepted, and emitted [counted version 1 {\"n\":",
		},
		"variable in the state": {func(t testing.TB) { given(t).When(Misuse{"variable"}) }, `}]; the state is {"items":{"calls":`},
		"variable in a fold":    {func(t testing.TB) { eshosttest.Given(t, carts, Counted{1}) }, "folding the same events twice gives different states:\n\t{\"items\":{\"calls\":"},
		"unknown command":       {func(t testing.TB) { given(t).When(7) }, "0 commands of type cart are defined with a int"},
		"unknown event":         {func(t testing.TB) { eshosttest.Given(t, carts, Unlisted{}) }, "type cart has no event of Go type eshosttest_test.Unlisted"},
		"event without a form":  {func(t testing.TB) { eshosttest.Given(t, carts, Added{"\xff"}) }, "cannot be a payload"},

		"a value behind a pointer": {func(t testing.TB) {
			eshosttest.Given(t, baskets, Basket{Owner: new("anna")}).WhenNamed("clear", nil).ThenReply(Basket{})
		}, `clear: replied {"owner":"anna","lines":[],"notes":{}}, want {"lines":[],"notes":{}}`},
		"long values": {
			func(t testing.TB) {
				eshosttest.Given(t, baskets, basketOf("anna", 1, 2)).WhenNamed("clear", nil).ThenState(basketOf("anna", 1, 3))
			},
			`clear: the state is
	{"owner":"anna","lines":[{"title":"Assam, 250 g","quantity":1},{"title":"Assam, 250 g","quantity":2}],"notes":{"gift":"with a card, please"}}
want
	{"owner":"anna","lines":[{"title":"Assam, 250 g","quantity":1},{"title":"Assam, 250 g","quantity":3}],"notes":{"gift":"with a card, please"}}
they differ at lines[1].quantity`,
		},
		"a field that is missing": {func(t testing.TB) {
			eshosttest.Given(t, baskets, basketOf("anna", 1)).WhenNamed("clear", nil).ThenState(Basket{Notes: basketOf("").Notes, Lines: basketOf("", 1).Lines})
		}, "they differ at owner"},
		"an element too many": {func(t testing.TB) {
			eshosttest.Given(t, baskets, basketOf("anna", 1, 2)).WhenNamed("clear", nil).ThenState(basketOf("anna", 1))
		}, "they differ at lines[1]"},
		"nothing as a payload": {func(t testing.TB) { eshosttest.Given(t, baskets).WhenNamed("close", nil).Then() }, "close: emitted [closed version 1], want no events"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &recorder{TB: t}
			done := make(chan struct{})
			go func() {
				defer close(done)
				c.run(r)
			}()
			<-done
			if !strings.Contains(strings.Join(r.failures, "\n"), c.want) {
				t.Errorf("the failures are %q, want one with %q", r.failures, c.want)
			}
		})
	}
}
