use eshost::{Kind, testing::given};
use order::{AddLine, Card, Event, Method, Order, Pay, PayError, Payment, Place, PlaceError, Role, Status, Transfer};
use serde::Serialize;

use crate::{NOW, given_order, history, home, home_set, line, summary, transfer};

pub fn card() -> Method {
    Method::Card(Card { brand: "visa".into(), last4: "4242".into(), authorization: None })
}

fn received(method: Method, cents: u64) -> Event {
    Event::PaymentReceived(Payment { method, cents, at: NOW })
}

#[test]
fn a_card_covers_exactly_what_is_due() {
    let pay = |method, cents| Pay { method, cents };
    let overpaid = || PayError::Overpaid { due_cents: 6030, offered_cents: 6031 };
    given_order(Status::Placed)
        .when(pay(card(), 6029))
        .then_rejected(PayError::Insufficient { due_cents: 6030, offered_cents: 6029 })
        .when(pay(card(), 6031))
        .then_rejected(overpaid())
        .when(pay(transfer(), 6031))
        .then_rejected(overpaid())
        .when(pay(card(), 6030))
        .then([received(card(), 6030), Event::Paid { at: NOW }]);
}

#[test]
fn the_sixteenth_payment_covers_the_rest() {
    const MOST: u64 = i64::MAX as u64;
    let earlier = Payment { method: Method::Cash, cents: 1, at: 11 };
    let mut events = history(Status::Placed);
    events.extend(vec![Event::PaymentReceived(earlier); 15]);
    given::<Order>(events)
        .when(Pay { method: Method::Cash, cents: 1 })
        .then_rejected(PayError::Insufficient { due_cents: 6015, offered_cents: 1 })
        .when(Pay { method: Method::Cash, cents: MOST })
        .then([received(Method::Cash, MOST), Event::ChangeGiven { cents: MOST - 6015 }, Event::Paid { at: NOW }]);
}

#[test]
fn the_fields_of_a_payment_are_checked() {
    let card = |brand: &str, last4: &str, authorization: Option<&str>| {
        Method::Card(Card { brand: brand.into(), last4: last4.into(), authorization: authorization.map(Into::into) })
    };
    let transfer = |iban: &str, reference: Option<&str>| {
        Method::Transfer(Transfer { iban: iban.into(), reference: reference.map(Into::into) })
    };
    for (field, method, cents) in [
        ("method.card.brand", card("", "", None), 0),
        ("method.card.last4", card("visa", "٤٢", None), 0),
        ("method.card.last4", card("visa", "42424", None), 0),
        ("method.card.authorization", card("visa", "4242", Some("")), 0),
        ("method.transfer.iban", transfer("", None), 0),
        ("method.transfer.reference", transfer("GB33", Some("")), 0),
        ("cents", Method::Cash, 0),
        ("cents", Method::Cash, i64::MAX as u64 + 1),
    ] {
        given_order(Status::Placed)
            .when(Pay { method, cents })
            .then_rejected(PayError::Invalid { field: field.into() });
    }
}

#[test]
fn a_card_without_content_is_no_method() {
    #[derive(Debug, Serialize)]
    struct Bare {
        method: &'static str,
        cents: u64,
    }
    given_order(Status::Placed).when_named("pay", Bare { method: "card", cents: 1 }).then_fault(Kind::BadPayload);
}

#[test]
fn an_order_with_nothing_to_pay_is_paid_when_it_is_placed() {
    let leaflet = || line("leaflet", 1, 0);
    given::<Order>([Event::LineAdded(leaflet()), home_set()])
        .when(Place::default())
        .then([Event::Placed { total_cents: 0, at: NOW, reference: None }, Event::Paid { at: NOW }])
        .then_reply(summary(Status::Paid, 1, 0, 0));
    given::<Order>([Event::AddressSet { role: Role::Billing, address: home() }])
        .when(Place::default())
        .then_rejected(PlaceError::Empty)
        .when(AddLine(leaflet()))
        .when(Place::default())
        .then_rejected(PlaceError::AddressMissing { role: Role::Shipping });
}
