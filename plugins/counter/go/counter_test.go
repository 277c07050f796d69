package main

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
	"github.com/eshost/eshost/guest-sdk/go/eshosttest"
)

func TestCounting(t *testing.T) {
	eshosttest.Given(t, Counter).
		When(Increase{By: 5}).Then(Increased{By: 5}).ThenReply(uint64(5)).
		When(Decrease{By: 2}).Then(Decreased{By: 2}).ThenReply(uint64(3)).
		When(Increase{By: 0}).Then(Increased{By: 0}).ThenReply(uint64(3)).
		When(Decrease{By: 3}).Then(Decreased{By: 3}).ThenReply(uint64(0))
}

func TestACounterNeverLeavesItsRange(t *testing.T) {
	eshosttest.Given(t, Counter, Increased{By: math.MaxUint64 - 1}).
		When(Increase{By: 2}).ThenRejected("overflow").
		When(Increase{By: 1}).ThenReply(uint64(math.MaxUint64)).
		When(Increase{By: 1}).ThenRejected("overflow").
		When(Decrease{By: math.MaxUint64}).ThenReply(uint64(0)).
		When(Decrease{By: 1}).ThenRejected("underflow").
		ThenState(0)
}

func TestWhatTheCounterDoesNotUnderstandIsAFault(t *testing.T) {
	eshosttest.Given(t, Counter, Increased{By: 5}).
		WhenNamed("reset", nil).ThenFault(eshosttest.UnknownCommand).
		WhenNamed("increase", nil).ThenFault(eshosttest.BadPayload).
		WhenNamed("increase", uint64(5)).ThenFault(eshosttest.BadPayload).
		WhenNamed("increase", struct{ By int }{-1}).ThenFault(eshosttest.BadPayload).
		WhenNamed("increase", struct{ By float64 }{5}).ThenFault(eshosttest.BadPayload).
		WhenNamed("increase", struct{ By, More int }{5, 1}).ThenReply(uint64(10))
}

// unhex reads bytes that are written in hexadecimal, with spaces for the eye.
func unhex(tb testing.TB, text string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestTheWorkedExampleOfTheSpecificationIsAnsweredByteForByte(t *testing.T) {
	request := unhex(t, "96 a7 636f756e746572 a1 61 00 c0 cf 0000019ab027f500 92 92 a8 696e637265617365 c4 05 81 a2 6279 05 "+
		"92 a8 6465637265617365 c4 05 81 a2 6279 07")
	want := unhex(t, "93 00 92 93 00 c4 01 05 91 93 a9 696e63726561736564 01 c4 05 81 a2 6279 05 "+
		"93 01 a9 756e646572666c6f77 c0 c4 01 05")
	if got := eshost.NewPlugin(Counter).HandleCommand(request); !bytes.Equal(got, want) {
		t.Errorf("answer\n%x\nwant\n%x", got, want)
	}
}

func TestEventsFoldToTheBareNumber(t *testing.T) {
	request := unhex(t, "95 a7 636f756e746572 a1 61 00 c0 92 93 a9 696e63726561736564 01 c4 05 81 a2 6279 05 "+
		"93 a9 646563726561736564 01 c4 05 81 a2 6279 02")
	if got := eshost.NewPlugin(Counter).HandleEvent(request); !bytes.Equal(got, unhex(t, "92 00 c4 01 03")) {
		t.Errorf("answer %x", got)
	}
}
