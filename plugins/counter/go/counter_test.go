package main

import (
	"math"
	"testing"

	"github.com/eshost/eshost/guest-sdk/go/eshosttest"
)

func TestCounting(t *testing.T) {
	eshosttest.Given(t, Counter).
		When(Increase{By: 5}).Then(Increased{By: 5}).ThenReply(uint64(5)).
		When(Decrease{By: 2}).Then(Decreased{By: 2}).ThenReply(uint64(3)).
		When(Increase{By: 0}).Then(Increased{By: 0}).ThenReply(uint64(3)).
		When(Decrease{By: 3}).Then(Decreased{By: 3}).ThenReply(uint64(0))
}

func TestItNeverLeavesItsRange(t *testing.T) {
	eshosttest.Given(t, Counter, Increased{By: math.MaxUint64 - 1}).
		When(Increase{By: 2}).ThenRejected("overflow").
		When(Increase{By: 1}).ThenReply(uint64(math.MaxUint64)).
		When(Increase{By: 1}).ThenRejected("overflow").
		When(Decrease{By: math.MaxUint64}).ThenReply(uint64(0)).
		When(Decrease{By: 1}).ThenRejected("underflow").
		ThenState(0)
}

func TestWhatItDoesNotUnderstandIsAFault(t *testing.T) {
	eshosttest.Given(t, Counter, Increased{By: 5}).
		WhenNamed("reset", nil).ThenFault(eshosttest.UnknownCommand).
		WhenNamed("increase", nil).ThenFault(eshosttest.BadPayload).
		WhenNamed("increase", uint64(5)).ThenFault(eshosttest.BadPayload).
		WhenNamed("increase", struct{ By int }{-1}).ThenFault(eshosttest.BadPayload).
		WhenNamed("increase", struct{ By float64 }{5}).ThenFault(eshosttest.BadPayload).
		WhenNamed("increase", struct{ By, More int }{5, 1}).ThenReply(uint64(10))
}
