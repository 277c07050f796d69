package main

import eshost "github.com/eshost/eshost/guest-sdk/go"

const maxProofBytes = 4096

// Shipment is goods on their way.
type Shipment struct {
	Carrier  string
	Tracking string
	WeightKg float64
	At       int64
}

// Delivery is the end of that way.
type Delivery struct {
	At       int64
	SignedBy eshost.Optional[string]
	Proof    eshost.Optional[[]byte]
}

// Ship says that the goods are with a carrier.
type Ship struct{ Carrier, Tracking string }

// Deliver says that they have arrived.
type Deliver struct {
	SignedBy eshost.Optional[string]
	Proof    eshost.Optional[[]byte]
}

// ShippedEvent says that the goods are on their way.
type ShippedEvent Shipment

// DeliveredEvent says that they have arrived.
type DeliveredEvent Delivery

var exampleShipments = []Ship{{"Royal Mail", "RM 4711 0815 GB"}, {"Royal Mail", ""}}

var exampleDeliveries = []Deliver{{SignedBy: eshost.Some("A. Byron"), Proof: eshost.Some([]byte{0x89, 'P', 'N', 'G'})}, {SignedBy: eshost.Some("")}}

func (c Ship) check(f *fields) {
	f.text("carrier", c.Carrier)
	f.text("tracking", c.Tracking)
}

func ship(ctx *eshost.Context, o Order, c Ship) eshost.Effect {
	return eshost.Accept(ShippedEvent{Carrier: c.Carrier, Tracking: c.Tracking, WeightKg: o.weightKg(), At: ctx.NowMillis()})
}

// weightKg is the weight of all lines.
func (o Order) weightKg() (sum float64) {
	for _, l := range o.Lines {
		// Without the conversion a processor may add a product that was never rounded.
		sum += float64(float64(l.Quantity) * l.WeightKg)
	}
	return sum
}

func shipped(o Order, e ShippedEvent) Order {
	o.Status, o.Shipment = Shipped, eshost.Some(Shipment(e))
	return o
}

func shipmentReply(o Order) Shipment { return o.Shipment.Or(Shipment{}) }

func (c Deliver) check(f *fields) {
	f.optionalText("signed_by", c.SignedBy)
	f.hold("proof", len(c.Proof.Or(nil)) <= maxProofBytes)
}

func deliver(ctx *eshost.Context, _ Order, c Deliver) eshost.Effect {
	return eshost.Accept(DeliveredEvent{At: ctx.NowMillis(), SignedBy: c.SignedBy, Proof: c.Proof})
}

func delivered(o Order, e DeliveredEvent) Order {
	o.Status, o.Delivery = Delivered, eshost.Some(Delivery(e))
	return o
}
