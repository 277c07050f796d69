package main

import (
	"math"
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
	"github.com/eshost/eshost/guest-sdk/go/eshosttest"
)

var (
	cash     = Method{Cash: &eshost.None{}}
	card     = Method{Card: &Card{Brand: "visa", Last4: "4242"}}
	transfer = Method{Transfer: &Transfer{Iban: "GB33"}}
)

func TestACardCoversExactlyWhatIsDue(t *testing.T) {
	given(t, Placed).
		When(Pay{card, 6029}).ThenRejected("insufficient", Offer{6030, 6029}).
		When(Pay{card, 6031}).ThenRejected("overpaid", Offer{6030, 6031}).
		When(Pay{transfer, 6031}).ThenRejected("overpaid", Offer{6030, 6031}).
		When(Pay{card, 6030}).Then(PaymentReceived{card, 6030, now}, PaidEvent{now})
}

func TestTheSixteenthPaymentCoversTheRest(t *testing.T) {
	events := history(Placed)
	for range 15 {
		events = append(events, PaymentReceived{cash, 1, 11})
	}
	eshosttest.Given(t, Orders, events...).
		When(Pay{cash, 1}).ThenRejected("insufficient", Offer{6015, 1}).
		When(Pay{cash, math.MaxInt64}).Then(PaymentReceived{cash, math.MaxInt64, now}, ChangeGiven{math.MaxInt64 - 6015}, PaidEvent{now})
}

func TestTheFieldsOfAPaymentAreChecked(t *testing.T) {
	for field, c := range map[string]Pay{
		"method.card.brand":         {Method{Card: &Card{}}, 0},
		"method.card.last4":         {Method{Card: &Card{Brand: "visa", Last4: "٤٢"}}, 0},
		"method.card.authorization": {Method{Card: &Card{"visa", "4242", eshost.Some("")}}, 0},
		"method.transfer.iban":      {Method{Transfer: &Transfer{}}, 0},
		"method.transfer.reference": {Method{Transfer: &Transfer{"GB33", eshost.Some("")}}, 0},
		"cents":                     {cash, math.MaxInt64 + 1},
	} {
		given(t, Placed).When(c).ThenRejected("invalid", Invalid{field})
	}
	given(t, Placed).WhenNamed("pay", struct {
		Method string
		Cents  int
	}{"card", 1}).ThenFault(eshosttest.BadPayload)
}

func TestAnOrderWithNothingToPayIsPaidWhenItIsPlaced(t *testing.T) {
	free := LineAdded{Sku: "leaflet", Title: "A leaflet", Quantity: 1}
	eshosttest.Given(t, Orders, free, AddressSet{ForShipping, home}).
		When(Place{}).Then(PlacedEvent{At: now}, PaidEvent{now}).ThenReply(Summary{Paid, 1, 0, 0})
	eshosttest.Given(t, Orders, AddressSet{ForBilling, home}).
		When(Place{}).ThenRejected("empty").
		When(AddLine(free)).
		When(Place{}).ThenRejected("address_missing", AddressMissing{ForShipping})
}

func TestCancellingGivesEveryPaymentBack(t *testing.T) {
	eshosttest.Given(t, Orders, append(history(Placed), PaymentReceived{transfer, 30, 11}, PaymentReceived{cash, 5, 12}, ChangeGiven{5},
		PaymentReceived{card, 6000, 13}, PaidEvent{13})...).
		When(Cancel{"no"}).Then(Refunded{transfer, 30}, Refunded{card, 6000}, CancelledEvent{"no", now}).
		ThenReply(Summary{Cancelled, 2, 6030, 6030})
	eshosttest.Given(t, Orders).When(Cancel{"no"}).Then(CancelledEvent{"no", now})
}
