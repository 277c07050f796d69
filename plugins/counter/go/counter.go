// Counter is a plugin for eshost: entities that hold a number, which can be increased and decreased but never leaves
// the range of 64 bits.
package main

import (
	"math"

	eshost "github.com/eshost/eshost/guest-sdk/go"
)

// Increase asks to add By.
type Increase struct{ By uint64 }

// Decrease asks to subtract By.
type Decrease struct{ By uint64 }

// Increased says that By was added.
type Increased struct{ By uint64 }

// Decreased says that By was subtracted.
type Decreased struct{ By uint64 }

var (
	overflow  = eshost.NewRejection("overflow")
	underflow = eshost.NewRejection("underflow")
)

// Counter is the entity type. Its state is the number, and so is every reply.
var Counter = eshost.Define[uint64]("counter",
	eshost.Command("increase", increase, eshost.StateReply).Rejects(overflow).
		Example(Increase{By: 5}, Increase{By: math.MaxUint64}),
	eshost.Command("decrease", decrease, eshost.StateReply).Rejects(underflow).
		Example(Decrease{By: 2}, Decrease{By: math.MaxUint64}),
	eshost.Event("increased", 1, increased),
	eshost.Event("decreased", 1, decreased),
)

func increase(_ *eshost.Context, value uint64, c Increase) eshost.Effect {
	if c.By > math.MaxUint64-value {
		return overflow.Reject()
	}
	return eshost.Accept(Increased{By: c.By})
}

func decrease(_ *eshost.Context, value uint64, c Decrease) eshost.Effect {
	if c.By > value {
		return underflow.Reject()
	}
	return eshost.Accept(Decreased{By: c.By})
}

func increased(value uint64, e Increased) uint64 { return value + e.By }

func decreased(value uint64, e Decreased) uint64 { return value - e.By }
