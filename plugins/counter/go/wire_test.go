package main

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
)

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
