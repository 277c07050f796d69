package main

import (
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
	"github.com/eshost/eshost/guest-sdk/go/eshosttest"
)

const now = 1767225600000 // when eshosttest begins

var (
	tea  = Line{Sku: "tea", Title: "Assam", Quantity: 2, UnitCents: 1290, WeightKg: 0.25}
	pot  = Line{Sku: "pot", Title: "Teapot", Quantity: 1, UnitCents: 3450, WeightKg: 1.1, Note: eshost.Some("gift wrap")}
	home = Address{Name: "Ada", Lines: []string{"12 St James's Square"}, PostalCode: "SW1Y 4JH", City: "London", Country: "GB"}
)

// history is an order up to a status on the straight way to delivery, over 60.30.
func history(until Status) []any {
	all := []any{LineAdded(tea), LineAdded(pot), AddressSet{ForShipping, home}}
	steps := [][]any{
		{PlacedEvent{TotalCents: 6030, At: 10}},
		{PaymentReceived{Method: Method{Cash: &eshost.None{}}, Cents: 6030, At: 20}, PaidEvent{20}},
		{ShippedEvent{Carrier: "RM", Tracking: "1", WeightKg: 1.6, At: 30}},
		{DeliveredEvent{At: 40}},
	}
	if until == Cancelled {
		return append(all, CancelledEvent{"no", 5})
	}
	for _, step := range steps[:until] {
		all = append(all, step...)
	}
	return all
}

func given(t *testing.T, until Status) *eshosttest.Scenario[Order] {
	return eshosttest.Given(t, Orders, history(until)...)
}

func TestAnOrderGoesFromOpenToDelivered(t *testing.T) {
	proof := eshost.Some([]byte{1, 2, 3})
	eshosttest.Given(t, Orders).
		When(AddLine(tea)).Then(LineAdded(tea)).ThenReply(Summary{Open, 1, 2580, 2580}).
		When(AddLine(pot)).Then(LineAdded(pot)).ThenReply(Summary{Open, 2, 6030, 6030}).
		When(SetAddresses{Shipping: eshost.Some(home)}).Then(AddressSet{ForShipping, home}).
		When(Place{eshost.Some("PO 1")}).Then(PlacedEvent{6030, now, eshost.Some("PO 1")}).ThenReply(Summary{Placed, 2, 6030, 6030}).
		When(Pay{Method{Transfer: &Transfer{Iban: "GB33"}}, 6000}).
		Then(PaymentReceived{Method{Transfer: &Transfer{Iban: "GB33"}}, 6000, now}).ThenReply(Summary{Placed, 2, 6030, 30}).
		At(now+1).
		When(Pay{Method{Cash: &eshost.None{}}, 50}).
		Then(PaymentReceived{Method{Cash: &eshost.None{}}, 50, now + 1}, ChangeGiven{20}, PaidEvent{now + 1}).
		ThenReply(Summary{Paid, 2, 6030, 0}).
		When(Ship{"RM", "4711"}).Then(ShippedEvent{"RM", "4711", 1.6, now + 1}).ThenReply(Shipment{"RM", "4711", 1.6, now + 1}).
		When(Deliver{Proof: proof}).Then(DeliveredEvent{At: now + 1, Proof: proof}).ThenReply(Summary{Delivered, 2, 6030, 0}).
		When(eshost.None{}).Then().ThenReply(Order{
		Status: Delivered, Lines: []Line{tea, pot}, Shipping: eshost.Some(home), TotalCents: 6030, PaidCents: 6030,
		Payments: []Payment{
			{Method{Transfer: &Transfer{Iban: "GB33"}}, 6000, now},
			{Method{Cash: &eshost.None{}}, 30, now + 1},
		},
		Reference: eshost.Some("PO 1"), PlacedAt: eshost.Some(int64(now)), PaidAt: eshost.Some(int64(now + 1)),
		Shipment: eshost.Some(Shipment{"RM", "4711", 1.6, now + 1}), Delivery: eshost.Some(Delivery{At: now + 1, Proof: proof}),
	})
}

func TestANewOrderIsOpenAndEmpty(t *testing.T) {
	eshosttest.Given(t, Orders).When(eshost.None{}).Then().ThenReply(Order{}).ThenState(Order{})
}

func TestACommandInTheWrongStatusIsForbiddenWhateverElseIsWrong(t *testing.T) {
	commands := []struct {
		command any
		allowed []Status
	}{
		{AddLine{}, []Status{Open}},
		{ChangeQuantity{}, []Status{Open}},
		{Adjust{}, []Status{Open}},
		{SetAddresses{Shipping: eshost.Some(Address{})}, []Status{Open, Placed, Paid}},
		{Annotate{Remove: []string{""}}, []Status{Open, Placed, Paid, Shipped, Delivered}},
		{Place{eshost.Some("")}, []Status{Open}},
		{Pay{Method: Method{Cash: &eshost.None{}}}, []Status{Placed}},
		{Ship{}, []Status{Paid}},
		{Deliver{SignedBy: eshost.Some("")}, []Status{Shipped}},
		{Cancel{}, []Status{Open, Placed, Paid}},
	}
	for status := Open; status <= Cancelled; status++ {
		for _, c := range commands {
			outcome := given(t, status).When(c.command)
			allowed := false
			for _, s := range c.allowed {
				allowed = allowed || s == status
			}
			if allowed {
				outcome.ThenRejected("invalid")
			} else {
				outcome.ThenRejected("forbidden", Forbidden{status})
			}
		}
	}
}

func TestTheExamplesAreAcceptedInTurnWithRejectionsInBetween(t *testing.T) {
	s := eshosttest.Given(t, Orders)
	s.When(exampleLines[0]).Then(LineAdded(exampleLines[0]))
	s.When(exampleLines[1]).Then(LineAdded(exampleLines[1]))
	s.When(exampleLines[2]).ThenRejected("duplicate_line", DuplicateLine{"pot-blue"})
	s.When(exampleLines[3]).ThenRejected("overflow")
	s.When(exampleLines[4]).ThenRejected("invalid", Invalid{"quantity"})
	s.When(exampleQuantities[0]).Then(QuantityChanged{"tea-assam-250", 5})
	s.When(exampleQuantities[1]).Then()
	s.When(exampleQuantities[2]).ThenRejected("unknown_line", UnknownLine{"cup-red"})
	s.When(exampleQuantities[3]).ThenRejected("invalid", Invalid{"sku"})
	s.When(exampleQuantities[4]).Then(LineRemoved{"pot-blue"})
	s.When(exampleLines[1]).Then(LineAdded(exampleLines[1]))
	s.When(exampleAdjustments[0]).Then(Adjusted(exampleAdjustments[0]))
	s.When(exampleAdjustments[1]).Then(Adjusted(exampleAdjustments[1]))
	s.When(exampleAdjustments[2]).ThenRejected("negative_total", NegativeTotal{5*1290 + 3450 - 500 + 990 - 4_000_000})
	s.When(examplePlaces[0]).ThenRejected("address_missing", AddressMissing{ForShipping})
	s.When(exampleAddresses[0]).Then(AddressSet{ForShipping, exampleAddresses[0].Shipping.Or(Address{})})
	s.When(exampleAddresses[1]).Then(AddressSet{ForBilling, exampleAddresses[1].Billing.Or(Address{})})
	s.When(exampleAddresses[2]).ThenRejected("invalid", Invalid{"shipping.city"})
	s.When(exampleNotes[0]).Then(NoteSet{"Zeit", "nach 17 Uhr"}, NoteSet{"door", "ring twice"}, NoteSet{"gift", "yes"})
	s.When(exampleNotes[1]).Then(NoteRemoved{"gift"}, NoteRemoved{"door"}, NoteSet{"door", "knock"})
	s.When(exampleNotes[2]).ThenRejected("invalid", Invalid{"set"})
	s.When(examplePlaces[2]).ThenRejected("invalid", Invalid{"reference"})
	s.When(examplePlaces[0]).ThenReply(Summary{Placed, 2, 10390, 10390})
	s.When(examplePayments[0]).ThenReply(Summary{Placed, 2, 10390, 7390})
	s.When(examplePayments[1]).ThenRejected("insufficient", Offer{7390, 100})
	s.When(examplePayments[2]).ThenRejected("overpaid", Offer{7390, 1 << 40})
	s.When(examplePayments[3]).ThenRejected("invalid", Invalid{"method.card.last4"})
	s.When(examplePayments[4]).ThenReply(Summary{Paid, 2, 10390, 0})
	s.When(exampleShipments[0]).ThenReply(Shipment{"Royal Mail", "RM 4711 0815 GB", 5*0.27 + 0.98, now})
	s.When(exampleDeliveries[0]).ThenReply(Summary{Delivered, 2, 10390, 0})
	s.When(exampleCancellations[0]).ThenRejected("forbidden", Forbidden{Delivered})
}
