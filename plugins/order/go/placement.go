package main

import eshost "github.com/eshost/eshost/guest-sdk/go"

// Place asks for what is in the order. The reference is the customer's own.
type Place struct{ Reference eshost.Optional[string] }

// PlacedEvent says that the order was placed.
type PlacedEvent struct {
	TotalCents uint64
	At         int64
	Reference  eshost.Optional[string]
}

// AddressMissing says which address is needed.
type AddressMissing struct{ Role Role }

var (
	empty          = eshost.NewRejection("empty")
	addressMissing = eshost.NewRejectionWith[AddressMissing]("address_missing")
)

var examplePlaces = []Place{{Reference: eshost.Some("PO-2026-0815")}, {}, {Reference: eshost.Some("")}}

func (c Place) check(f *fields) { f.optionalText("reference", c.Reference) }

func place(ctx *eshost.Context, o Order, c Place) eshost.Effect {
	if len(o.Lines) == 0 {
		return empty.Reject()
	}
	if _, ok := o.Shipping.Get(); !ok {
		return addressMissing.Reject(AddressMissing{ForShipping})
	}
	placed := PlacedEvent{TotalCents: o.TotalCents, At: ctx.NowMillis(), Reference: c.Reference}
	if o.TotalCents == 0 {
		return eshost.Accept(placed, PaidEvent{ctx.NowMillis()})
	}
	return eshost.Accept(placed)
}

func placed(o Order, e PlacedEvent) Order {
	o.Status, o.PlacedAt, o.Reference = Placed, eshost.Some(e.At), e.Reference
	return o
}
