// Order is a plugin for eshost: orders that are filled, placed, paid, shipped and delivered. Its rules and its wire form
// are those of the README one folder up, which the order has in every language.
package main

import (
	"slices"

	eshost "github.com/eshost/eshost/guest-sdk/go"
)

// Order is the state of an order.
type Order struct {
	Status       Status
	Lines        []Line
	Adjustments  []Adjustment
	Shipping     eshost.Optional[Address]
	Billing      eshost.Optional[Address]
	Notes        map[string]string
	TotalCents   uint64
	PaidCents    uint64
	Payments     []Payment
	Reference    eshost.Optional[string]
	PlacedAt     eshost.Optional[int64]
	PaidAt       eshost.Optional[int64]
	Shipment     eshost.Optional[Shipment]
	Delivery     eshost.Optional[Delivery]
	Cancellation eshost.Optional[Ending]
}

// Status is how far an order has come.
type Status uint8

// The statuses of an order; Open is that of a new one.
const (
	Open Status = iota
	Placed
	Paid
	Shipped
	Delivered
	Cancelled
)

// EnumNames are the statuses as payloads have them.
func (Status) EnumNames() []string {
	return []string{"open", "placed", "paid", "shipped", "delivered", "cancelled"}
}

// Summary is what most commands reply with.
type Summary struct {
	Status     Status
	Lines      uint32
	TotalCents uint64
	DueCents   uint64
}

// Forbidden says in which status a command was not allowed.
type Forbidden struct{ Status Status }

var forbidden = eshost.NewRejectionWith[Forbidden]("forbidden")

// Orders is the entity type.
var Orders = eshost.Define("order",
	eshost.ReadOnly[Order](),

	eshost.Command("add_line", allowed(addLine, Open), summary).
		Rejects(forbidden, invalid, duplicateLine, tooMany, overflow).Example(exampleLines...),
	eshost.Command("change_quantity", allowed(changeQuantity, Open), summary).
		Rejects(forbidden, invalid, unknownLine, overflow, negativeTotal).Example(exampleQuantities...),
	eshost.Command("adjust", allowed(adjust, Open), summary).
		Rejects(forbidden, invalid, tooMany, overflow, negativeTotal).Example(exampleAdjustments...),
	eshost.Command("set_addresses", allowed(setAddresses, Open, Placed, Paid), eshost.NoReply).
		Rejects(forbidden, invalid).Example(exampleAddresses...),
	eshost.Command("annotate", allowed(annotate, Open, Placed, Paid, Shipped, Delivered), eshost.NoReply).
		Rejects(forbidden, invalid, tooMany).Example(exampleNotes...),
	eshost.Command("place", allowed(place, Open), summary).
		Rejects(forbidden, invalid, empty, addressMissing).Example(examplePlaces...),
	eshost.Command("pay", allowed(pay, Placed), summary).
		Rejects(forbidden, invalid, insufficient, overpaid).Example(examplePayments...),
	eshost.Command("ship", allowed(ship, Paid), shipmentReply).
		Rejects(forbidden, invalid).Example(exampleShipments...),
	eshost.Command("deliver", allowed(deliver, Shipped), summary).
		Rejects(forbidden, invalid).Example(exampleDeliveries...),
	eshost.Command("cancel", allowed(cancel, Open, Placed, Paid), summary).
		Rejects(forbidden, invalid).Example(exampleCancellations...),
	eshost.Command("show", show, eshost.StateReply).Example(eshost.None{}),

	eshost.Event("line_added", 1, lineAddedV1),
	eshost.Event("line_added", 2, lineAdded),
	eshost.Event("quantity_changed", 1, quantityChanged),
	eshost.Event("line_removed", 1, lineRemoved),
	eshost.Event("adjusted", 1, adjusted),
	eshost.Event("address_set", 1, addressSet),
	eshost.Event("note_set", 1, noteSet),
	eshost.Event("note_removed", 1, noteRemoved),
	eshost.Event("placed", 1, placed),
	eshost.Event("payment_received", 1, paymentReceived),
	eshost.Event("change_given", 1, changeGiven),
	eshost.Event("paid", 1, paid),
	eshost.Event("shipped", 1, shipped),
	eshost.Event("delivered", 1, delivered),
	eshost.Event("refunded", 1, refunded),
	eshost.Event("cancelled", 1, cancelled),
)

// allowed makes a decide that is asked only in the given statuses and only about commands whose fields are right.
func allowed[C checked](decide func(*eshost.Context, Order, C) eshost.Effect, statuses ...Status) func(*eshost.Context, Order, C) eshost.Effect {
	return func(ctx *eshost.Context, o Order, c C) eshost.Effect {
		if !slices.Contains(statuses, o.Status) {
			return forbidden.Reject(Forbidden{o.Status})
		}
		var f fields
		if c.check(&f); f.wrong != "" {
			return invalid.Reject(Invalid{f.wrong})
		}
		return decide(ctx, o, c)
	}
}

// show asks for the whole state.
func show(*eshost.Context, Order, eshost.None) eshost.Effect { return eshost.Accept() }

func summary(o Order) Summary {
	return Summary{Status: o.Status, Lines: uint32(len(o.Lines)), TotalCents: o.TotalCents, DueCents: o.due()}
}
