package abi_test

import (
	"fmt"

	"github.com/eshost/eshost/abi"
)

// What a host sends to a guest, and what it makes of the answer.
func Example() {
	payload, err := abi.AppendFromJSON(nil, []byte(`{"by": 5}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	request := abi.AppendCommandRequest(nil, &abi.CommandRequest{
		Type: "counter", ID: "a", Now: 1763892000000,
		Commands: []abi.Command{{Name: "increase", Payload: payload}},
	})
	fmt.Printf("request of %d bytes\n", len(request))

	var answer abi.CommandAnswer
	message := []byte("\x93\x00\x91\x93\x00\xc4\x01\x05\x91\x93\xa9increased\x01\xc4\x05\x81\xa2by\x05\xc4\x01\x05")
	if err := answer.Decode(message, &abi.Limits{Outcomes: 1}); err != nil {
		fmt.Println(err)
		return
	}
	for i, outcome := range answer.Outcomes {
		fmt.Println(outcome.Status)
		for _, event := range answer.EventsOf(i) {
			text, err := abi.AppendJSON(nil, event.Payload)
			fmt.Printf("%s %d %s %v\n", event.Name, event.Version, text, err)
		}
	}
	// Output:
	// request of 40 bytes
	// accepted
	// increased 1 {"by":5} <nil>
}

func ExampleManifest_Validate() {
	m := abi.Manifest{Major: 1, SDK: "by hand", Types: []abi.EntityType{{
		Name:     "Counter",
		Commands: []abi.CommandSpec{{Name: "increase"}},
		Events:   []abi.EventSpec{{Name: "increased"}},
	}}}
	fmt.Println(m.Validate())
	// Output:
	// manifest: types[0].type: "Counter" is not a name: 1 to 64 characters: a-z first, then a-z, 0-9, '_', '.' or '-'
	// manifest: types[0].events[0].version: 0, versions begin at 1
}

func ExampleCheckPayload() {
	fmt.Println(abi.CheckPayload([]byte("\x81\xa2by\x05")))
	fmt.Println(abi.CheckPayload([]byte("\x81\xa2by")))
	// Output:
	// <nil>
	// ends in the middle of a value (at byte 4)
}
