package eshosttest_test

import (
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
	"github.com/eshost/eshost/guest-sdk/go/eshosttest"
)

type Step struct{ By int64 }

type Stepped struct{ By int64 }

// Walker has a position for its state.
var Walker = eshost.Define[int64]("walker",
	eshost.Command("step", func(_ *eshost.Context, _ int64, c Step) eshost.Effect {
		return eshost.Accept(Stepped(c))
	}, eshost.StateReply),
	eshost.Event("stepped", 1, func(position int64, e Stepped) int64 { return position + e.By }),
)

// In a test, t is the test's own; this example stands outside of one.
func ExampleGiven() {
	var t testing.TB = new(testing.T)
	eshosttest.Given(t, Walker, Stepped{By: 2}, Stepped{By: 3}).
		When(Step{By: -4}).
		Then(Stepped{By: -4}).
		ThenReply(int64(1))
	// Output:
}
