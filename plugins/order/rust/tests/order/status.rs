use std::fmt::Debug;

use eshost::{Command, testing::given};
use order::{
    AddLine, AddLineError, Address, Adjust, Adjustment, Annotate, Cancel, ChangeQuantity, ChangeQuantityError, Deliver,
    Method, Order, Pay, PayError, Place, PlaceError, Refusal, Role, SetAddresses, Ship, Shipment, Status,
};

use crate::{NOW, STATUSES, given_order, line, summary};

/// Checks that a command whose fields are wrong is only told so where it is allowed.
fn allowed<C: Command<Entity = Order> + Debug>(wrong: impl Fn() -> C, allowed: &[Status]) {
    for status in STATUSES {
        let code = if allowed.contains(&status) { "invalid" } else { "forbidden" };
        given_order(status).when(wrong()).then_code(code);
    }
}

#[test]
fn a_command_in_the_wrong_status_is_forbidden_whatever_else_is_wrong() {
    use Status::*;
    let nowhere = || Address {
        name: "".into(),
        lines: vec![],
        postal_code: "".into(),
        city: "".into(),
        country: "".into(),
        phone: None,
    };
    allowed(|| AddLine(line("", 0, 0)), &[Open]);
    allowed(|| ChangeQuantity { sku: "".into(), quantity: 0 }, &[Open]);
    allowed(|| Adjust(Adjustment { reason: "".into(), cents: 0 }), &[Open]);
    allowed(|| SetAddresses { shipping: Some(nowhere()), billing: None }, &[Open, Placed, Paid]);
    allowed(|| Annotate { remove: vec!["".into()], ..Annotate::default() }, &[Open, Placed, Paid, Shipped, Delivered]);
    allowed(|| Place { reference: Some("".into()) }, &[Open]);
    allowed(|| Pay { method: Method::Cash, cents: 0 }, &[Placed]);
    allowed(|| Ship { carrier: "".into(), tracking: "".into() }, &[Paid]);
    allowed(|| Deliver { signed_by: Some("".into()), proof: None }, &[Shipped]);
    allowed(|| Cancel { reason: "".into() }, &[Open, Placed, Paid]);
}

#[test]
fn a_rejection_says_in_which_status_the_order_is() {
    given_order(Status::Shipped)
        .when(Cancel { reason: "no".into() })
        .then_rejected(Refusal::Forbidden { status: Status::Shipped })
        .when(AddLine(line("a", 1, 1)))
        .then_rejected(AddLineError::Forbidden { status: Status::Shipped })
        .when(ChangeQuantity { sku: "tea".into(), quantity: 1 })
        .then_rejected(ChangeQuantityError::Forbidden { status: Status::Shipped })
        .when(Place::default())
        .then_rejected(PlaceError::Forbidden { status: Status::Shipped })
        .when(Pay { method: Method::Cash, cents: 1 })
        .then_rejected(PayError::Forbidden { status: Status::Shipped });
}

/// Sends an example of a command.
macro_rules! example {
    ($scenario:expr, $command:ty, $index:literal) => {
        $scenario.when(<$command>::examples().swap_remove($index))
    };
}

#[test]
fn the_examples_are_accepted_in_turn_with_rejections_in_between() {
    let s = given::<Order>([]);
    let s = example!(s, AddLine, 0).then_reply(summary(Status::Open, 1, 2580, 2580));
    let s = example!(s, AddLine, 1).then_reply(summary(Status::Open, 2, 6030, 6030));
    let s = example!(s, AddLine, 2).then_rejected(AddLineError::DuplicateLine { sku: "pot-blue".into() });
    let s = example!(s, AddLine, 3).then_rejected(AddLineError::Overflow);
    let s = example!(s, AddLine, 4).then_rejected(AddLineError::Invalid { field: "quantity".into() });
    let s = example!(s, ChangeQuantity, 0).then_reply(summary(Status::Open, 2, 9900, 9900));
    let s = example!(s, ChangeQuantity, 1).then([]);
    let s = example!(s, ChangeQuantity, 2).then_rejected(ChangeQuantityError::UnknownLine { sku: "cup-red".into() });
    let s = example!(s, ChangeQuantity, 3).then_rejected(ChangeQuantityError::Invalid { field: "sku".into() });
    let s = example!(s, ChangeQuantity, 4).then_reply(summary(Status::Open, 1, 6450, 6450));
    let s = example!(s, AddLine, 1).then_reply(summary(Status::Open, 2, 9900, 9900));
    let s = example!(s, Adjust, 0).then_reply(summary(Status::Open, 2, 9400, 9400));
    let s = example!(s, Adjust, 1).then_reply(summary(Status::Open, 2, 10390, 10390));
    let s = example!(s, Adjust, 2).then_code("negative_total");
    let s = example!(s, Adjust, 3).then_code("invalid");
    let s = example!(s, Place, 0).then_rejected(PlaceError::AddressMissing { role: Role::Shipping });
    let s = example!(s, SetAddresses, 0).then_reply(());
    let s = example!(s, SetAddresses, 1).then_reply(());
    let s = example!(s, SetAddresses, 2).then_rejected(Refusal::Invalid { field: "shipping.city".into() });
    let s = example!(s, SetAddresses, 3).then([]);
    let s = example!(s, Annotate, 0).then_reply(());
    let s = example!(s, Annotate, 1).then_reply(());
    let s = example!(s, Annotate, 2).then_code("invalid");
    let s = example!(s, Place, 2).then_rejected(PlaceError::Invalid { field: "reference".into() });
    let s = example!(s, Place, 0).then_reply(summary(Status::Placed, 2, 10390, 10390));
    let s = example!(s, Pay, 0).then_reply(summary(Status::Placed, 2, 10390, 7390));
    let s = example!(s, Pay, 1).then_rejected(PayError::Insufficient { due_cents: 7390, offered_cents: 100 });
    let s = example!(s, Pay, 2).then_rejected(PayError::Overpaid { due_cents: 7390, offered_cents: 1 << 40 });
    let s = example!(s, Pay, 3).then_rejected(PayError::Invalid { field: "method.card.last4".into() });
    let s = example!(s, Pay, 4).then_reply(summary(Status::Paid, 2, 10390, 0));
    let s = example!(s, Ship, 1).then_rejected(Refusal::Invalid { field: "tracking".into() });
    let s = example!(s, Ship, 0).then_reply(Some(Shipment {
        carrier: "Royal Mail".into(),
        tracking: "RM 4711 0815 GB".into(),
        weight_kg: 5.0 * 0.27 + 0.98,
        at: NOW,
    }));
    let s = example!(s, Deliver, 1).then_rejected(Refusal::Invalid { field: "signed_by".into() });
    let s = example!(s, Deliver, 0).then_reply(summary(Status::Delivered, 2, 10390, 0));
    example!(s, Cancel, 0).then_rejected(Refusal::Forbidden { status: Status::Delivered });
}
