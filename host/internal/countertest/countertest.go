// Package countertest has what tests ask a counter plugin, in whatever language
// it is written, and what it must answer.
package countertest

import (
	"encoding/hex"
	"strings"

	"github.com/eshost/eshost/abi"
)

// NowMillis is the time of all commands: that of the worked example.
const NowMillis = 1763892000000

// by is the payload {by: 5}.
var by = []byte{0x81, 0xa2, 'b', 'y', 5}

// Increases is a request of n commands to a counter that stands at 7.
func Increases(n int) []byte {
	r := abi.CommandRequest{Type: "counter", ID: "a", Seq: 5, State: []byte{7}, Now: NowMillis}
	for range n {
		r.Commands = append(r.Commands, abi.Command{Name: "increase", Payload: by})
	}
	return abi.AppendCommandRequest(nil, &r)
}

// Increased is a request to fold n events into the same counter.
func Increased(n int) []byte {
	r := abi.EventRequest{Type: "counter", ID: "a", Seq: 5, State: []byte{7}}
	for range n {
		r.Events = append(r.Events, abi.Event{Name: "increased", Version: 1, Payload: by})
	}
	return abi.AppendEventRequest(nil, &r)
}

// The worked example of ABI.md: a request and its answer, and an event of it
// with the state that it gives.
var (
	ExampleRequest = unhex("96 a7 636f756e746572 a1 61 00 c0 cf 0000019ab027f500 92 92 a8 696e637265617365 c4 05 81 a2 6279 05 92 a8 6465637265617365 c4 05 81 a2 6279 07")
	ExampleAnswer  = unhex("93 00 92 93 00 c4 01 05 91 93 a9 696e63726561736564 01 c4 05 81 a2 6279 05 93 01 a9 756e646572666c6f77 c0 c4 01 05")
	ExampleFold    = unhex("95 a7 636f756e746572 a1 61 00 c0 91 93 a9 696e63726561736564 01 c4 05 81 a2 6279 05")
	ExampleState   = unhex("92 00 c4 01 05")
)

func unhex(text string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}
