package main

import (
	"math"
	"math/bits"

	eshost "github.com/eshost/eshost/guest-sdk/go"
)

const (
	maxCents       = math.MaxInt64 // of a total and of the cost of a line
	maxAdjustments = 200
)

// Adjustment is a fee, or a discount if its cents are negative.
type Adjustment struct {
	Reason string
	Cents  int64
}

// Adjust asks to add to the total, or to take from it.
type Adjust Adjustment

// Adjusted says that the total was changed by an adjustment.
type Adjusted Adjustment

// NegativeTotal says what a total would have been.
type NegativeTotal struct{ TotalCents int64 }

var (
	overflow      = eshost.NewRejection("overflow")
	negativeTotal = eshost.NewRejectionWith[NegativeTotal]("negative_total")
)

var exampleAdjustments = []Adjust{{"voucher 4711", -500}, {"express", 990}, {"too good", -4_000_000}, {"", 1}}

func (c Adjust) check(f *fields) {
	f.text("reason", c.Reason)
	f.hold("cents", c.Cents != 0)
}

func adjust(_ *eshost.Context, o Order, c Adjust) eshost.Effect {
	if len(o.Adjustments) >= maxAdjustments {
		return tooMany.Reject(TooMany{"adjustments", maxAdjustments})
	}
	if refused := refuseTotal(int64(o.TotalCents), c.Cents); refused != nil {
		return *refused
	}
	return eshost.Accept(Adjusted(c))
}

func adjusted(o Order, e Adjusted) Order {
	o.Adjustments = append(o.Adjustments, Adjustment(e))
	o.TotalCents += uint64(e.Cents)
	return o
}

// refuseTotal gives the rejection of a total of rest + more, or nil if there may be such a total. That sum must not
// be below the least int64.
func refuseTotal(rest, more int64) *eshost.Effect {
	var refused eshost.Effect
	switch {
	case rest > 0 && more > maxCents-rest:
		refused = overflow.Reject()
	case rest+more < 0:
		refused = negativeTotal.Reject(NegativeTotal{rest + more})
	default:
		return nil
	}
	return &refused
}

// cost is what a line costs; not ok if it is more than may be.
func (l Line) cost() (cents uint64, ok bool) {
	high, cents := bits.Mul64(uint64(l.Quantity), l.UnitCents)
	return cents, high == 0 && cents <= maxCents
}

// due is what remains to be paid.
func (o Order) due() uint64 { return o.TotalCents - min(o.PaidCents, o.TotalCents) }
