use eshost::testing::given;
use order::{Deliver, Delivery, Event, Line, Order, Refusal, Ship, Shipment, Status};

use crate::{NOW, given_order, line};

#[test]
fn a_proof_has_a_limit() {
    let proof = |size: usize| Some(vec![0; size].into());
    given_order(Status::Shipped)
        .when(Deliver { signed_by: None, proof: proof(4097) })
        .then_rejected(Refusal::Invalid { field: "proof".into() })
        .when(Deliver { signed_by: Some("Ada".into()), proof: proof(4096) })
        .then([Event::Delivered(Delivery { at: NOW, signed_by: Some("Ada".into()), proof: proof(4096) })]);
}

#[test]
fn the_weight_is_a_sum_from_zero_on() {
    let ship = || Ship { carrier: "RM".into(), tracking: "1".into() };
    let shipped =
        |weight_kg| Event::Shipped(Shipment { carrier: "RM".into(), tracking: "1".into(), weight_kg, at: NOW });
    let added = |sku, weight_kg| Event::LineAdded(Line { weight_kg, ..line(sku, 3, 0) });
    given::<Order>([added("a", -0.0), Event::Paid { at: 1 }]).when(ship()).then([shipped(0.0)]);
    given::<Order>([added("a", 0.1), added("b", 0.7), Event::Paid { at: 1 }])
        .when(ship())
        .then([shipped(3.0 * 0.1 + 3.0 * 0.7)]);
}
