package eshost_test

import (
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
	"github.com/eshost/eshost/guest-sdk/go/eshosttest"
)

// The kit compares every step with the same commands in one batch, so these tests hold in batches too.

func givenAccount(t *testing.T) *eshosttest.Scenario[account] {
	return eshosttest.Given(t, accounts, opened{"anna"}, opened{"bert"}, deposited{"anna", 10}, noted{[]string{"hello"}})
}

var untouched = account{Owners: map[string]uint64{"anna": 10, "bert": 0}, Notes: []string{"hello!"}}

func TestACommandThatIsRefusedLeavesNoTraceEvenIfItChangedTheState(t *testing.T) {
	for how, check := range map[string]func(*eshosttest.Outcome[account]){
		"reject":                           func(o *eshosttest.Outcome[account]) { o.ThenRejected("spoilt") },
		"reject with what is not declared": func(o *eshosttest.Outcome[account]) { o.ThenFault(eshosttest.Panicked) },
		"panic":                            func(o *eshosttest.Outcome[account]) { o.ThenFault(eshosttest.Panicked) },
		"panic with a number":              func(o *eshosttest.Outcome[account]) { o.ThenFault(eshosttest.Panicked) },
		"index":                            func(o *eshosttest.Outcome[account]) { o.ThenFault(eshosttest.Panicked) },
		"fold panics":                      func(o *eshosttest.Outcome[account]) { o.ThenFault(eshosttest.Panicked) },
		"fold makes nonsense":              func(o *eshosttest.Outcome[account]) { o.ThenFault(eshosttest.Panicked) },
		"event cannot be encoded":          func(o *eshosttest.Outcome[account]) { o.ThenFault(eshosttest.Panicked) },
		"unregistered event":               func(o *eshosttest.Outcome[account]) { o.ThenFault(eshosttest.BadEvent) },
		"nil event":                        func(o *eshosttest.Outcome[account]) { o.ThenFault(eshosttest.Panicked) },
		"text":                             func(o *eshosttest.Outcome[account]) { o.Then().ThenReply(uint64(10)) },
		"nothing":                          func(o *eshosttest.Outcome[account]) { o.Then().ThenReply(uint64(10)) },
	} {
		t.Run(how, func(t *testing.T) {
			first := givenAccount(t).When(spoil{how})
			check(first)
			first.ThenState(untouched).
				WhenNamed("look", nil).Then().ThenReply(untouched).
				When(deposit{"anna", 5}).Then(deposited{"anna", 5}).ThenReply(uint64(15))

			// Also behind a command that was accepted in the same batch.
			second := givenAccount(t).When(deposit{"bert", 1}).When(spoil{how})
			if how != "nothing" && how != "text" {
				check(second)
			}
			second.WhenNamed("look", nil).ThenReply(account{
				Owners: map[string]uint64{"anna": 10, "bert": 1}, Notes: []string{"hello!"},
			})
		})
	}
}

func TestWhatADecideDoesToItsStateIsUndoneWhenItIsAccepted(t *testing.T) {
	givenAccount(t).
		When(spoil{"accept"}).
		Then(deposited{"anna", 1}, deposited{"anna", 2}, deposited{"bert", 3}).
		ThenReply(uint64(16)).
		ThenState(account{Owners: map[string]uint64{"anna": 13, "bert": 3}, Notes: []string{"hello!"}}).
		WhenNamed("look", nil).ThenReply(account{Owners: map[string]uint64{"anna": 13, "bert": 3}, Notes: []string{"hello!"}})
}

func TestWhatAReplyDoesToTheStateIsUndone(t *testing.T) {
	givenAccount(t).
		WhenNamed("vandalize", nil).Then().ThenReply(uint64(2)).
		WhenNamed("look", nil).ThenReply(untouched)
}

func TestACommandWhoseReplyPanicsLeavesNoTrace(t *testing.T) {
	givenAccount(t).
		When(deposit{"bert", 1}).ThenReply(uint64(11)).
		WhenNamed("swallow", open{"carl"}).ThenFault(eshosttest.Panicked).
		WhenNamed("swallow", open{"dora"}).ThenFault(eshosttest.Panicked).
		WhenNamed("look", nil).ThenReply(account{Owners: map[string]uint64{"anna": 10, "bert": 1}, Notes: []string{"hello!"}})

	eshosttest.Given(t, plains).
		When(rename{"ab"}).ThenReply(uint64(2)).
		When(rename{"reply"}).ThenFault(eshosttest.Panicked).
		When(rename{"abc"}).ThenReply(uint64(5)).ThenState(plain{"abc", 5})
}

func TestAnEventThatSharesTheStatesMemoryIsFoldedAsItIsWritten(t *testing.T) {
	givenAccount(t).
		When(split{[]string{"carl", "dora"}}).
		Then(opened{"carl"}, opened{"dora"}, noted{[]string{"hello!", "carl", "dora"}}).
		ThenReply(4).
		ThenState(account{
			Owners: map[string]uint64{"anna": 10, "bert": 0, "carl": 0, "dora": 0},
			Notes:  []string{"hello!!", "carl!", "dora!"},
		})
}

func TestAnOldVersionOfAnEventIsFolded(t *testing.T) {
	s := eshosttest.Given(t, accounts, opened{"anna"}, depositedV1{7}, deposited{"anna", 1})
	if got := s.State().Owners["anna"]; got != 8 {
		t.Errorf("the balance is %d, want 8", got)
	}
}

func TestARejectionCarriesItsPayload(t *testing.T) {
	givenAccount(t).
		When(deposit{"anna", 995}).ThenRejected("too large", shortage{5}).
		When(deposit{"zoe", 1}).ThenRejected("not open")
}

func TestMapsOfANewEntityAreNotNil(t *testing.T) {
	eshosttest.Given(t, accounts).
		WhenNamed("open", open{"anna"}).Then(opened{"anna"}).ThenReply(eshost.None{}).
		When(deposit{"anna", 1}).ThenReply(uint64(1))
}

// plain is a state that shares nothing, but that can still be one that cannot be encoded.
type plain struct {
	Name  string
	Count uint64
}

type (
	rename  struct{ Name string }
	renamed struct{ Name string }
	counted struct{ By uint64 }
	pair    struct{ Bad bool }
)

var plains = eshost.Define[plain]("plain",
	eshost.Initial(plain{Name: "new"}),
	eshost.Command("rename", func(_ *eshost.Context, s plain, c rename) eshost.Effect {
		return eshost.Accept(counted{uint64(len(c.Name))}, renamed{c.Name})
	}, func(s plain) uint64 {
		if s.Name == "reply" {
			panic("the reply gave up")
		}
		return s.Count
	}),
	eshost.Command("pair", func(_ *eshost.Context, s plain, c pair) eshost.Effect {
		if c.Bad {
			return eshost.Accept(counted{5}, unknown{})
		}
		return eshost.Accept(counted{5}, counted{6})
	}, eshost.StateReply),
	eshost.Event("renamed", 1, func(s plain, e renamed) plain {
		s.Name = e.Name
		if e.Name == "nonsense" {
			s.Name = "\xff"
		}
		return s
	}),
	eshost.Event("counted", 1, func(s plain, e counted) plain {
		s.Count += e.By
		return s
	}),
)

func TestACommandWhoseStateCannotBeEncodedIsTheOneThatFaults(t *testing.T) {
	eshosttest.Given(t, plains).
		When(rename{"ab"}).ThenReply(uint64(2)).
		When(rename{"nonsense"}).ThenFault(eshosttest.Panicked).
		When(rename{"abc"}).ThenReply(uint64(5)).ThenState(plain{"abc", 5})
}

func TestSeveralEventsAreFoldedTogetherOrNotAtAll(t *testing.T) {
	eshosttest.Given(t, plains).
		When(pair{}).Then(counted{5}, counted{6}).ThenReply(plain{"new", 11}).
		When(pair{Bad: true}).ThenFault(eshosttest.BadEvent).
		When(pair{}).ThenReply(plain{"new", 22})
}
