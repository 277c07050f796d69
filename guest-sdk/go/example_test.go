package eshost_test

import (
	"fmt"

	eshost "github.com/eshost/eshost/guest-sdk/go"
)

// Door is the state of a door.
type Door struct {
	Open  bool
	Count uint32 // how often it was opened
}

type (
	OpenDoor   struct{ Who string }
	DoorOpened struct{ Who string }
	DoorClosed struct{}
)

var alreadyOpen = eshost.NewRejectionWith[DoorIs]("already_open")

// DoorIs tells the caller how things are.
type DoorIs struct{ Count uint32 }

// Doors is the entity type.
var Doors = eshost.Define[Door]("door",
	eshost.Command("open", openDoor, func(d Door) uint32 { return d.Count }).
		Rejects(alreadyOpen).
		Example(OpenDoor{Who: "anna"}),
	eshost.Command("close", closeDoor, eshost.NoReply),
	eshost.Event("opened", 1, doorOpened),
	eshost.Event("closed", 1, doorClosed),
)

func openDoor(_ *eshost.Context, d Door, c OpenDoor) eshost.Effect {
	if d.Open {
		return alreadyOpen.Reject(DoorIs{Count: d.Count})
	}
	return eshost.Accept(DoorOpened{Who: c.Who})
}

// closeDoor has nothing to do when the door is closed already, which is no reason to reject.
func closeDoor(_ *eshost.Context, d Door, _ eshost.None) eshost.Effect {
	if !d.Open {
		return eshost.Accept()
	}
	return eshost.Accept(DoorClosed{})
}

func doorOpened(d Door, _ DoorOpened) Door {
	d.Open = true
	d.Count++
	return d
}

func doorClosed(d Door, _ DoorClosed) Door {
	d.Open = false
	return d
}

func ExampleDefine() {
	for _, command := range Doors.Commands() {
		fmt.Println(Doors.Name(), command.Name, command.Type, command.Reply, command.Rejections)
	}
	for _, event := range Doors.Events() {
		fmt.Println(Doors.Name(), event.Name, event.Version, event.Type)
	}
	// Output:
	// door open eshost_test.OpenDoor uint32 [already_open]
	// door close codec.None codec.None []
	// door opened 1 eshost_test.DoorOpened
	// door closed 1 eshost_test.DoorClosed
}

// Handlers are ordinary functions, which can be called.
func ExampleEffect() {
	fmt.Println(openDoor(nil, Door{}, OpenDoor{Who: "anna"}).Events())
	fmt.Println(openDoor(nil, Door{Open: true, Count: 3}, OpenDoor{Who: "anna"}).Rejected())
	fmt.Println(closeDoor(nil, Door{}, eshost.None{}).Events())
	// Output:
	// [{anna}]
	// already_open {3} true
	// []
}

// An old version of an event is folded by what the new one does.
func ExampleEvent() {
	type MovedV1 struct{ East int64 }
	type Moved struct{ East, North int64 }
	type Position struct{ East, North int64 }
	moved := func(p Position, e Moved) Position { return Position{p.East + e.East, p.North + e.North} }
	def := eshost.Define[Position]("robot",
		eshost.Event("moved", 1, func(p Position, e MovedV1) Position { return moved(p, Moved{East: e.East}) }),
		eshost.Event("moved", 2, moved),
	)
	fmt.Println(len(def.Events()))
	// Output: 2
}

// A reason to reject is declared once, and its code is what callers test for.
func ExampleNewRejectionWith() {
	code, payload, _ := alreadyOpen.Reject(DoorIs{Count: 7}).Rejected()
	fmt.Println(code, payload)
	// Output: already_open {7}
}

func ExampleOptional() {
	type Rename struct {
		Name  string
		Title eshost.Optional[string]
	}
	c := Rename{Name: "anna", Title: eshost.Some("Dr.")}
	title, given := c.Title.Get()
	fmt.Println(title, given, Rename{}.Title.Or("none"))
	// Output: Dr. true none
}

// A plugin is bytes in, bytes out. This is the request of the ABI's worked example, with a request to open the door.
func ExampleNewPlugin() {
	plugin := eshost.NewPlugin(Doors)
	fmt.Printf("%q\n", plugin.HandleCommand([]byte("\x96\xa4door\xa1a\x00\xc0\x00\x91\x92\xa4open\xc4\x0a\x81\xa3who\xa4anna")))
	// Output: "\x93\x00\x91\x93\x00\xc4\x01\x01\x91\x93\xa6opened\x01\xc4\n\x81\xa3who\xa4anna\xc4\x0e\x82\xa4openåcount\x01"
}
