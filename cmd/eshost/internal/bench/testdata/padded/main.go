// Command padded is a plugin for measuring: a counter that carries a state of any size.
package main

import eshost "github.com/eshost/eshost/guest-sdk/go"

// State is the number, and bytes that are only carried along.
type State struct {
	Value   uint64
	Padding []byte
}

// Increase asks to add By.
type Increase struct{ By uint64 }

// Decrease asks to subtract By.
type Decrease struct{ By uint64 }

// Pad asks for so many bytes of padding.
type Pad struct{ Bytes uint64 }

// Increased says that By was added.
type Increased struct{ By uint64 }

// Decreased says that By was subtracted.
type Decreased struct{ By uint64 }

// Padded says that the padding is so many bytes now.
type Padded struct{ Bytes uint64 }

// most is the largest padding.
const most = 8 << 20

var (
	underflow = eshost.NewRejection("underflow")
	tooLarge  = eshost.NewRejection("too-large")
)

// The name is long and rare, so that whoever needs many plugins can put other names of
// that length into the compiled file.
var padded = eshost.Define[State]("padded-counter-00000",
	eshost.Command("increase", increase, value),
	eshost.Command("decrease", decrease, value).Rejects(underflow),
	eshost.Command("pad", pad, value).Rejects(tooLarge),
	eshost.Event("increased", 1, func(s State, e Increased) State { s.Value += e.By; return s }),
	eshost.Event("decreased", 1, func(s State, e Decreased) State { s.Value -= e.By; return s }),
	eshost.Event("padded", 1, func(s State, e Padded) State { s.Padding = make([]byte, e.Bytes); return s }),
)

func value(s State) uint64 { return s.Value }

func increase(_ *eshost.Context, _ State, c Increase) eshost.Effect {
	return eshost.Accept(Increased{By: c.By})
}

func decrease(_ *eshost.Context, s State, c Decrease) eshost.Effect {
	if c.By > s.Value {
		return underflow.Reject()
	}
	return eshost.Accept(Decreased{By: c.By})
}

func pad(_ *eshost.Context, _ State, c Pad) eshost.Effect {
	if c.Bytes > most {
		return tooLarge.Reject()
	}
	return eshost.Accept(Padded{Bytes: c.Bytes})
}

func init() { eshost.Serve(padded) }

// main is never called: a plugin is loaded, not run.
func main() {}
