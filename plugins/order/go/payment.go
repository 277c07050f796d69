package main

import eshost "github.com/eshost/eshost/guest-sdk/go"

const maxPayments = 16

// Method is how something is paid.
type Method struct {
	eshost.OneOf
	Cash     *eshost.None
	Card     *Card
	Transfer *Transfer
}

// Card is a card that was charged.
type Card struct {
	Brand         string
	Last4         string
	Authorization eshost.Optional[string]
}

// Transfer is money from an account.
type Transfer struct {
	Iban      string
	Reference eshost.Optional[string]
}

// Payment is money that came, less the change.
type Payment struct {
	Method Method
	Cents  uint64
	At     int64
}

// Pay brings money.
type Pay struct {
	Method Method
	Cents  uint64
}

// PaymentReceived says that money came.
type PaymentReceived Payment

// ChangeGiven says that some of the last payment went back.
type ChangeGiven struct{ Cents uint64 }

// PaidEvent says that nothing is due any more.
type PaidEvent struct{ At int64 }

// Offer is a payment that does not fit.
type Offer struct{ DueCents, OfferedCents uint64 }

var (
	insufficient = eshost.NewRejectionWith[Offer]("insufficient")
	overpaid     = eshost.NewRejectionWith[Offer]("overpaid")
)

var examplePayments = []Pay{
	{Method: Method{Transfer: &Transfer{Iban: "GB33BUKB20201555555555", Reference: eshost.Some("first half")}}, Cents: 3000},
	{Method: Method{Card: &Card{Brand: "visa", Last4: "4242", Authorization: eshost.Some("A1B2C3")}}, Cents: 100},
	{Method: Method{Transfer: &Transfer{Iban: "GB33BUKB20201555555555"}}, Cents: 1 << 40},
	{Method: Method{Card: &Card{Brand: "visa", Last4: "42"}}, Cents: 100},
	{Method: Method{Cash: &eshost.None{}}, Cents: 50_000},
}

func (c Card) check(f *fields) {
	f.text("brand", c.Brand)
	f.hold("last4", isDigits(c.Last4, 4))
	f.optionalText("authorization", c.Authorization)
}

func (t Transfer) check(f *fields) {
	f.text("iban", t.Iban)
	f.optionalText("reference", t.Reference)
}

func (m Method) check(f *fields) {
	switch {
	case m.Card != nil:
		f.inner("card", m.Card)
	case m.Transfer != nil:
		f.inner("transfer", m.Transfer)
	}
}

func (c Pay) check(f *fields) {
	f.inner("method", c.Method)
	f.hold("cents", 1 <= c.Cents && c.Cents <= maxCents)
}

func pay(ctx *eshost.Context, o Order, c Pay) eshost.Effect {
	due := o.due()
	offer := Offer{DueCents: due, OfferedCents: c.Cents}
	switch {
	case c.Cents > due && c.Method.Cash == nil:
		return overpaid.Reject(offer)
	case c.Cents < due && (c.Method.Card != nil || len(o.Payments) >= maxPayments-1):
		return insufficient.Reject(offer)
	}
	events := []any{PaymentReceived{Method: c.Method, Cents: c.Cents, At: ctx.NowMillis()}}
	if c.Cents > due {
		events = append(events, ChangeGiven{c.Cents - due})
	}
	if c.Cents >= due {
		events = append(events, PaidEvent{ctx.NowMillis()})
	}
	return eshost.Accept(events...)
}

func paymentReceived(o Order, e PaymentReceived) Order {
	o.Payments = append(o.Payments, Payment(e))
	o.PaidCents += e.Cents
	return o
}

func changeGiven(o Order, e ChangeGiven) Order {
	if n := len(o.Payments); n > 0 {
		o.Payments[n-1].Cents -= e.Cents
	}
	o.PaidCents -= e.Cents
	return o
}

func paid(o Order, e PaidEvent) Order {
	o.Status, o.PaidAt = Paid, eshost.Some(e.At)
	return o
}
