package eshost_test

import (
	"errors"

	eshost "github.com/eshost/eshost/guest-sdk/go"
)

// account is an entity whose state shares memory in every way: a map, a slice and a pointer. Its commands misbehave in
// every way that the SDK has to make harmless.
type account struct {
	Owners map[string]uint64
	Notes  []string
	Limit  *uint64
}

type (
	open    struct{ Owner string }
	deposit struct {
		Owner  string
		Amount uint64
	}
	// spoil changes the state that it is given, then does what How says.
	spoil struct{ How string }
	fail  struct{ How string }
	look  = eshost.None
	split struct{ Owners []string }

	opened    struct{ Owner string }
	deposited struct {
		Owner  string
		Amount uint64
	}
	depositedV1 struct{ Amount uint64 }
	noted       struct{ Notes []string }
	broken      struct{ Text string }
	unknown     struct{}
)

type shortage struct{ Missing uint64 }

var (
	notOpen  = eshost.NewRejection("not open")
	tooLarge = eshost.NewRejectionWith[shortage]("too large")
	spoilt   = eshost.NewRejection("spoilt")
	secret   = eshost.NewRejection("secret")
)

var accounts = eshost.Define("account", accountParts...)

var accountParts = []eshost.Part[account]{
	eshost.Command("open", func(_ *eshost.Context, _ account, c open) eshost.Effect {
		return eshost.Accept(opened{c.Owner})
	}, eshost.NoReply),
	eshost.Command("deposit", decideDeposit, total).Rejects(notOpen, tooLarge),
	eshost.Command("look", func(*eshost.Context, account, look) eshost.Effect { return eshost.Effect{} }, eshost.StateReply),
	eshost.Command("split", func(_ *eshost.Context, a account, c split) eshost.Effect {
		var events []any
		for _, owner := range c.Owners {
			events = append(events, opened{owner})
		}
		return eshost.Accept(append(events, noted{append(a.Notes, c.Owners...)})...)
	}, func(a account) int { return len(a.Owners) }),
	eshost.Command("spoil", decideSpoil, total).Rejects(spoilt),
	eshost.Command("fail", decideFail, func(a account) uint64 {
		if len(a.Owners) > 0 && a.Owners["reply"] == 1 {
			panic("the reply gave up")
		}
		return total(a)
	}).Rejects(spoilt),
	eshost.Command("vandalize", func(*eshost.Context, account, look) eshost.Effect { return eshost.Effect{} }, func(a account) uint64 {
		spoilState(a)
		return uint64(len(a.Owners))
	}),
	eshost.Command("swallow", func(_ *eshost.Context, a account, c open) eshost.Effect {
		return eshost.Accept(opened{c.Owner}, noted{[]string{"swallowed"}})
	}, func(a account) string {
		spoilState(a)
		if a.Owners["nobody"] == 0 {
			panic("the reply gave up")
		}
		return "\xff"
	}),
	eshost.Event("opened", 1, func(a account, e opened) account {
		a.Owners[e.Owner] += 0
		return a
	}),
	eshost.Event("deposited", 1, func(a account, e depositedV1) account { return foldDeposited(a, deposited{"anna", e.Amount}) }),
	eshost.Event("deposited", 2, foldDeposited),
	eshost.Event("noted", 1, func(a account, e noted) account {
		for i := range e.Notes {
			e.Notes[i] += "!" // its own copy
		}
		a.Notes = e.Notes
		return a
	}),
	eshost.Event("broken", 1, func(a account, e broken) account {
		spoilState(a)
		switch e.Text {
		case "panic":
			panic(errors.New("the fold gave up"))
		case "nonsense":
			a.Notes = []string{"\xff"}
		}
		return a
	}),
}

func decideDeposit(_ *eshost.Context, a account, c deposit) eshost.Effect {
	balance, ok := a.Owners[c.Owner]
	switch {
	case !ok:
		return notOpen.Reject()
	case balance+c.Amount > 1000:
		return tooLarge.Reject(shortage{balance + c.Amount - 1000})
	}
	return eshost.Accept(deposited{c.Owner, c.Amount})
}

func foldDeposited(a account, e deposited) account {
	a.Owners[e.Owner] += e.Amount
	return a
}

func total(a account) (sum uint64) {
	for _, amount := range a.Owners {
		sum += amount
	}
	return sum
}

func spoilState(a account) {
	a.Owners["mallory"] = 666
	delete(a.Owners, "anna")
	for i := range a.Notes {
		a.Notes[i] = "spoilt"
	}
	if a.Limit != nil {
		*a.Limit = 666
	}
}

// decideFail fails in the same ways as decideSpoil without writing to the state.
func decideFail(_ *eshost.Context, _ account, c fail) eshost.Effect {
	if c.How == "reply" {
		return eshost.Accept(deposited{"reply", 1})
	}
	return effectOf(account{}, c.How)
}

func decideSpoil(_ *eshost.Context, a account, c spoil) eshost.Effect {
	spoilState(a)
	return effectOf(a, c.How)
}

func effectOf(a account, how string) eshost.Effect {
	switch how {
	case "reject":
		return spoilt.Reject()
	case "reject with what is not declared":
		return secret.Reject()
	case "panic":
		panic("spoilt and gave up")
	case "panic with a number":
		panic(7)
	case "index":
		_ = a.Notes[len(a.Notes)]
	case "fold panics":
		return eshost.Accept(deposited{"anna", 1}, broken{"panic"})
	case "fold makes nonsense":
		return eshost.Accept(broken{"nonsense"})
	case "event cannot be encoded":
		return eshost.Accept(deposited{"anna", 1}, broken{"\xff"})
	case "unregistered event":
		return eshost.Accept(deposited{"anna", 1}, unknown{})
	case "nil event":
		return eshost.Accept(nil)
	case "text":
		if len(a.Notes) > 0 {
			a.Notes[0] = "\xff"
		}
	case "accept":
		return eshost.Accept(deposited{"anna", 1}, deposited{"anna", 2}, deposited{"bert", 3})
	}
	return eshost.Effect{}
}
