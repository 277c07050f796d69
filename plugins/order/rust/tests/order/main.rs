//! The rules of the order, natively.

mod address;
mod line;
mod note;
mod payment;
mod shipment;
mod status;

use eshost::testing::{Scenario, given};
use order::{
    AddLine, Address, Cancel, Deliver, Delivery, Ending, Event, Line, Method, Order, Pay, Payment, Place, Role,
    SetAddresses, Ship, Shipment, Show, Status, Summary, Transfer,
};

/// When the kit begins.
const NOW: i64 = 1_767_225_600_000;

const STATUSES: [Status; 6] =
    [Status::Open, Status::Placed, Status::Paid, Status::Shipped, Status::Delivered, Status::Cancelled];

fn line(sku: &str, quantity: u32, unit_cents: u64) -> Line {
    Line { sku: sku.into(), title: "x".into(), quantity, unit_cents, weight_kg: 0.0, note: None }
}

fn tea() -> Line {
    Line { title: "Assam".into(), weight_kg: 0.25, ..line("tea", 2, 1290) }
}

fn pot() -> Line {
    Line { title: "Teapot".into(), weight_kg: 1.1, note: Some("gift wrap".into()), ..line("pot", 1, 3450) }
}

fn home() -> Address {
    Address {
        name: "Ada".into(),
        lines: vec!["12 St James's Square".into()],
        postal_code: "SW1Y 4JH".into(),
        city: "London".into(),
        country: "GB".into(),
        phone: None,
    }
}

fn home_set() -> Event {
    Event::AddressSet { role: Role::Shipping, address: home() }
}

fn transfer() -> Method {
    Method::Transfer(Transfer { iban: "GB33".into(), reference: None })
}

fn summary(status: Status, lines: u32, total_cents: u64, due_cents: u64) -> Summary {
    Summary { status, lines, total_cents, due_cents }
}

/// What happens to an order until it has a status, over 60.30.
fn history(until: Status) -> Vec<Event> {
    let mut events = vec![Event::LineAdded(tea()), Event::LineAdded(pot()), home_set()];
    if until == Status::Cancelled {
        events.push(Event::Cancelled(Ending { reason: "no".into(), at: 5 }));
        return events;
    }
    let steps = [
        (Status::Placed, Event::Placed { total_cents: 6030, at: 10, reference: None }),
        (Status::Paid, Event::PaymentReceived(Payment { method: Method::Cash, cents: 6030, at: 20 })),
        (Status::Paid, Event::Paid { at: 20 }),
        (
            Status::Shipped,
            Event::Shipped(Shipment { carrier: "RM".into(), tracking: "1".into(), weight_kg: 1.6, at: 30 }),
        ),
        (Status::Delivered, Event::Delivered(Delivery { at: 40, signed_by: None, proof: None })),
    ];
    events.extend(steps.into_iter().filter(|(status, _)| *status as u8 <= until as u8).map(|(_, event)| event));
    events
}

fn given_order(until: Status) -> Scenario<Order> {
    given(history(until))
}

#[test]
fn an_order_goes_from_open_to_delivered() {
    let shipment = |at| Shipment { carrier: "RM".into(), tracking: "4711".into(), weight_kg: 1.6, at };
    let delivery = |at| Delivery { at, signed_by: None, proof: Some([1, 2, 3].into()) };
    let payment = |method, cents, at| Payment { method, cents, at };
    given::<Order>([])
        .when(AddLine(tea()))
        .then([Event::LineAdded(tea())])
        .then_reply(summary(Status::Open, 1, 2580, 2580))
        .when(AddLine(pot()))
        .then([Event::LineAdded(pot())])
        .then_reply(summary(Status::Open, 2, 6030, 6030))
        .when(SetAddresses { shipping: Some(home()), billing: None })
        .then([home_set()])
        .then_reply(())
        .when(Place { reference: Some("PO 1".into()) })
        .then([Event::Placed { total_cents: 6030, at: NOW, reference: Some("PO 1".into()) }])
        .then_reply(summary(Status::Placed, 2, 6030, 6030))
        .when(Pay { method: transfer(), cents: 6000 })
        .then([Event::PaymentReceived(payment(transfer(), 6000, NOW))])
        .then_reply(summary(Status::Placed, 2, 6030, 30))
        .at(NOW + 1)
        .when(Pay { method: Method::Cash, cents: 50 })
        .then([
            Event::PaymentReceived(payment(Method::Cash, 50, NOW + 1)),
            Event::ChangeGiven { cents: 20 },
            Event::Paid { at: NOW + 1 },
        ])
        .then_reply(summary(Status::Paid, 2, 6030, 0))
        .when(Ship { carrier: "RM".into(), tracking: "4711".into() })
        .then([Event::Shipped(shipment(NOW + 1))])
        .then_reply(Some(shipment(NOW + 1)))
        .when(Deliver { signed_by: None, proof: Some([1, 2, 3].into()) })
        .then([Event::Delivered(delivery(NOW + 1))])
        .then_reply(summary(Status::Delivered, 2, 6030, 0))
        .when(Show)
        .then([])
        .then_reply(Order {
            status: Status::Delivered,
            lines: vec![tea(), pot()],
            shipping: Some(home()),
            total_cents: 6030,
            paid_cents: 6030,
            payments: vec![payment(transfer(), 6000, NOW), payment(Method::Cash, 30, NOW + 1)],
            reference: Some("PO 1".into()),
            placed_at: Some(NOW),
            paid_at: Some(NOW + 1),
            shipment: Some(shipment(NOW + 1)),
            delivery: Some(delivery(NOW + 1)),
            ..Order::default()
        });
}

#[test]
fn a_new_order_is_open_and_empty() {
    given::<Order>([]).when(Show).then([]).then_reply(Order::default()).then_state(Order::default());
}

#[test]
fn cancelling_gives_every_payment_back() {
    let received = |method, cents, at| Event::PaymentReceived(Payment { method, cents, at });
    let mut events = history(Status::Placed);
    events.extend([
        received(transfer(), 30, 11),
        received(Method::Cash, 5, 12),
        Event::ChangeGiven { cents: 5 },
        received(payment::card(), 6000, 13),
        Event::Paid { at: 13 },
    ]);
    let cancelled = || Event::Cancelled(Ending { reason: "no".into(), at: NOW });
    given::<Order>(events)
        .when(Cancel { reason: "no".into() })
        .then([
            Event::Refunded { method: transfer(), cents: 30 },
            Event::Refunded { method: payment::card(), cents: 6000 },
            cancelled(),
        ])
        .then_reply(summary(Status::Cancelled, 2, 6030, 6030));
    given::<Order>([]).when(Cancel { reason: "no".into() }).then([cancelled()]);
}
