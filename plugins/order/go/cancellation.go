package main

import eshost "github.com/eshost/eshost/guest-sdk/go"

// Ending is why and when an order was cancelled.
type Ending struct {
	Reason string
	At     int64
}

// Cancel asks to end an order that was not shipped.
type Cancel struct{ Reason string }

// Refunded says that a payment went back.
type Refunded struct {
	Method Method
	Cents  uint64
}

// CancelledEvent says that the order has ended.
type CancelledEvent Ending

var exampleCancellations = []Cancel{{"changed my mind"}, {""}}

func (c Cancel) check(f *fields) { f.text("reason", c.Reason) }

func cancel(ctx *eshost.Context, o Order, c Cancel) eshost.Effect {
	var events []any
	for _, p := range o.Payments {
		if p.Cents > 0 {
			events = append(events, Refunded{p.Method, p.Cents})
		}
	}
	return eshost.Accept(append(events, CancelledEvent{Reason: c.Reason, At: ctx.NowMillis()})...)
}

func refunded(o Order, e Refunded) Order {
	o.PaidCents -= e.Cents
	return o
}

func cancelled(o Order, e CancelledEvent) Order {
	o.Status, o.Cancellation = Cancelled, eshost.Some(Ending(e))
	return o
}
