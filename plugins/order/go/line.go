package main

import (
	"slices"

	eshost "github.com/eshost/eshost/guest-sdk/go"
)

const (
	maxLines    = 200
	maxWeightKg = 1_000_000
)

// Line is so many pieces of one article.
type Line struct {
	Sku       string
	Title     string
	Quantity  uint32
	UnitCents uint64
	WeightKg  float64 // of one piece
	Note      eshost.Optional[string]
}

// AddLine asks for a line.
type AddLine Line

// ChangeQuantity asks for so many pieces of an article instead; for 0, to remove its line.
type ChangeQuantity struct {
	Sku      string
	Quantity uint32
}

// LineAdded says that a line was added.
type LineAdded Line

// LineAddedV1 is what was said before lines had a weight.
type LineAddedV1 struct {
	Sku       string
	Title     string
	Quantity  uint32
	UnitCents uint64
}

// QuantityChanged says how many pieces there are now.
type QuantityChanged struct {
	Sku      string
	Quantity uint32
}

// LineRemoved says that a line was removed.
type LineRemoved struct{ Sku string }

// DuplicateLine names an article that has a line already.
type DuplicateLine struct{ Sku string }

// UnknownLine names an article that has none.
type UnknownLine struct{ Sku string }

var (
	duplicateLine = eshost.NewRejectionWith[DuplicateLine]("duplicate_line")
	unknownLine   = eshost.NewRejectionWith[UnknownLine]("unknown_line")
)

var exampleLines = []AddLine{
	{Sku: "tea-assam-250", Title: "Assam, second flush, 250 g", Quantity: 2, UnitCents: 1290, WeightKg: 0.27},
	{Sku: "pot-blue", Title: "Teapot, blue, 1.2 l", Quantity: 1, UnitCents: 3450, WeightKg: 0.98, Note: eshost.Some("gift wrap")},
	{Sku: "pot-blue", Title: "Teapot, blue, 1.2 l", Quantity: 1, UnitCents: 3450, WeightKg: 0.98},
	{Sku: "moon", Title: "The moon", Quantity: 1, UnitCents: 1 << 63, WeightKg: 1},
	{Sku: "nothing", Title: "Nothing at all", UnitCents: 1},
}

var exampleQuantities = []ChangeQuantity{{"tea-assam-250", 5}, {"pot-blue", 1}, {"cup-red", 1}, {"", 1}, {"pot-blue", 0}}

func (c AddLine) check(f *fields) {
	f.text("sku", c.Sku)
	f.text("title", c.Title)
	f.hold("quantity", c.Quantity > 0)
	f.hold("weight_kg", 0 <= c.WeightKg && c.WeightKg <= maxWeightKg)
	f.optionalText("note", c.Note)
}

func addLine(_ *eshost.Context, o Order, c AddLine) eshost.Effect {
	switch {
	case o.line(c.Sku) >= 0:
		return duplicateLine.Reject(DuplicateLine{c.Sku})
	case len(o.Lines) >= maxLines:
		return tooMany.Reject(TooMany{"lines", maxLines})
	}
	cost, ok := Line(c).cost()
	if !ok || refuseTotal(int64(o.TotalCents), int64(cost)) != nil {
		return overflow.Reject()
	}
	return eshost.Accept(LineAdded(c))
}

func (c ChangeQuantity) check(f *fields) { f.text("sku", c.Sku) }

func changeQuantity(_ *eshost.Context, o Order, c ChangeQuantity) eshost.Effect {
	i := o.line(c.Sku)
	if i < 0 {
		return unknownLine.Reject(UnknownLine{c.Sku})
	}
	line := o.Lines[i]
	if c.Quantity == line.Quantity {
		return eshost.Accept()
	}
	before, _ := line.cost()
	line.Quantity = c.Quantity
	after, ok := line.cost()
	if !ok {
		return overflow.Reject()
	}
	if refused := refuseTotal(int64(o.TotalCents-before), int64(after)); refused != nil {
		return *refused
	}
	if c.Quantity == 0 {
		return eshost.Accept(LineRemoved{c.Sku})
	}
	return eshost.Accept(QuantityChanged(c))
}

func lineAddedV1(o Order, e LineAddedV1) Order {
	return lineAdded(o, LineAdded{Sku: e.Sku, Title: e.Title, Quantity: e.Quantity, UnitCents: e.UnitCents})
}

func lineAdded(o Order, e LineAdded) Order {
	o.Lines = append(o.Lines, Line(e))
	cost, _ := Line(e).cost()
	o.TotalCents += cost
	return o
}

func quantityChanged(o Order, e QuantityChanged) Order {
	if i := o.line(e.Sku); i >= 0 {
		before, _ := o.Lines[i].cost()
		o.Lines[i].Quantity = e.Quantity
		after, _ := o.Lines[i].cost()
		o.TotalCents += after - before
	}
	return o
}

func lineRemoved(o Order, e LineRemoved) Order {
	if i := o.line(e.Sku); i >= 0 {
		cost, _ := o.Lines[i].cost()
		o.Lines = slices.Delete(o.Lines, i, i+1)
		o.TotalCents -= cost
	}
	return o
}

// line is the place of an article's line, or -1.
func (o Order) line(sku string) int {
	return slices.IndexFunc(o.Lines, func(l Line) bool { return l.Sku == sku })
}
