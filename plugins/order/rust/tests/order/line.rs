use eshost::testing::given;
use order::{
    AddLine, AddLineError, Adjust, AdjustError, Adjustment, Annotate, AnnotateError, ChangeQuantity,
    ChangeQuantityError, Event, Line, Order, Show, Status,
};

use crate::{given_order, home, line, pot, summary, tea};

fn change(sku: &str, quantity: u32) -> ChangeQuantity {
    ChangeQuantity { sku: sku.into(), quantity }
}

fn adjustment(cents: i64) -> Adjustment {
    Adjustment { reason: "x".into(), cents }
}

#[test]
fn the_fields_of_a_line_are_checked_in_order() {
    let long = "x".repeat(513);
    let untitled = |quantity| Line { title: "".into(), ..line("a", quantity, 0) };
    for (field, wrong) in [
        ("sku", Line { sku: "".into(), ..untitled(0) }),
        ("sku", line(&long, 0, 0)),
        ("title", untitled(0)),
        ("title", Line { title: long.clone(), ..untitled(0) }),
        ("quantity", Line { weight_kg: -1.0, ..line("a", 0, 0) }),
        ("weight_kg", Line { weight_kg: f64::NAN, note: Some("".into()), ..line("a", 1, 0) }),
        ("note", Line { weight_kg: 1e6, note: Some("".into()), ..line("a", 1, 0) }),
    ] {
        given::<Order>([]).when(AddLine(wrong)).then_rejected(AddLineError::Invalid { field: field.into() });
    }
    for weight_kg in [-1e-300, f64::INFINITY, f64::NEG_INFINITY, 1e6 + 1e-9] {
        given::<Order>([])
            .when(AddLine(Line { weight_kg, ..line("a", 1, 0) }))
            .then_rejected(AddLineError::Invalid { field: "weight_kg".into() });
    }
    let least = Line { title: long[..512].into(), weight_kg: -0.0, ..line("a", 1, 0) };
    given::<Order>([]).when(AddLine(least.clone())).then([Event::LineAdded(least)]).then_reply(summary(
        Status::Open,
        1,
        0,
        0,
    ));
}

#[test]
fn a_line_of_the_first_version_has_no_weight() {
    given::<Order>([Event::LineAddedV1 { sku: "tea".into(), title: "x".into(), quantity: 2, unit_cents: 1290 }])
        .when(Show)
        .then_state(Order { lines: vec![line("tea", 2, 1290)], total_cents: 2580, ..Order::default() });
}

#[test]
fn a_total_stays_in_its_range() {
    const MOST: i64 = i64::MAX;
    given::<Order>([Event::LineAdded(line("dear", 1, MOST as u64))])
        .when(AddLine(line("cheap", 1, 1)))
        .then_rejected(AddLineError::Overflow)
        .when(Adjust(adjustment(1)))
        .then_rejected(AdjustError::Overflow)
        .when(change("dear", 2))
        .then_rejected(ChangeQuantityError::Overflow)
        .when(change("dear", u32::MAX))
        .then_rejected(ChangeQuantityError::Overflow)
        .when(Adjust(adjustment(-MOST)))
        .then([Event::Adjusted(adjustment(-MOST))])
        .then_reply(summary(Status::Open, 1, 0, 0))
        .when(Adjust(adjustment(i64::MIN)))
        .then_rejected(AdjustError::NegativeTotal { total_cents: i64::MIN })
        .when(change("dear", 0))
        .then_rejected(ChangeQuantityError::NegativeTotal { total_cents: -MOST })
        .when(AddLine(line("cheap", 1, 1)))
        .then_reply(summary(Status::Open, 2, 1, 1))
        .when(Adjust(adjustment(MOST)))
        .then_rejected(AdjustError::Overflow)
        .when(Adjust(adjustment(MOST - 1)))
        .then_reply(summary(Status::Open, 2, MOST as u64, MOST as u64))
        .when(change("cheap", 2))
        .then_rejected(ChangeQuantityError::Overflow)
        .when(AddLine(line("x", 2, 1 << 63)))
        .then_rejected(AddLineError::Overflow)
        .when(change("cheap", 0))
        .then([Event::LineRemoved { sku: "cheap".into() }])
        .then_reply(summary(Status::Open, 1, MOST as u64 - 1, MOST as u64 - 1));
}

#[test]
fn quantities_change_and_lines_go() {
    given_order(Status::Open)
        .when(change("cup", 0))
        .then_rejected(ChangeQuantityError::UnknownLine { sku: "cup".into() })
        .when(change("tea", 2))
        .then([])
        .when(change("tea", 1))
        .then([Event::QuantityChanged { sku: "tea".into(), quantity: 1 }])
        .then_reply(summary(Status::Open, 2, 4740, 4740))
        .when(change("tea", 0))
        .then([Event::LineRemoved { sku: "tea".into() }])
        .then_reply(summary(Status::Open, 1, 3450, 3450))
        .when(AddLine(tea()))
        .then_state(Order { lines: vec![pot(), tea()], shipping: Some(home()), total_cents: 6030, ..Order::default() });
}

#[test]
fn events_about_what_is_not_there_leave_the_lists_alone() {
    given::<Order>([
        Event::LineRemoved { sku: "tea".into() },
        Event::QuantityChanged { sku: "tea".into(), quantity: 5 },
        Event::NoteRemoved { key: "gift".into() },
        Event::ChangeGiven { cents: 5 },
        Event::LineAdded(line("moon", u32::MAX, u64::MAX)),
    ])
    .when(Show)
    .then_state(Order {
        lines: vec![line("moon", u32::MAX, u64::MAX)],
        paid_cents: 5_u64.wrapping_neg(),
        total_cents: u64::from(u32::MAX).wrapping_neg(),
        ..Order::default()
    });
}

#[test]
fn there_is_room_for_so_many_lines_adjustments_and_notes() {
    let number = |i: i32| i.to_string();
    let note = |i| Event::NoteSet { key: number(i), value: "x".into() };
    let lines = (0..200).map(|i| Event::LineAdded(line(&number(i), 1, 0)));
    let adjustments = (0..200).map(|_| Event::Adjusted(adjustment(1)));
    let too_many = || AnnotateError::TooMany { what: "notes".into(), limit: 32 };
    let new = || [("new".to_string(), "".to_string())].into();
    given::<Order>(lines.chain(adjustments).chain((0..32).map(note)))
        .when(AddLine(tea()))
        .then_rejected(AddLineError::TooMany { what: "lines".into(), limit: 200 })
        .when(AddLine(line("7", 1, 0)))
        .then_rejected(AddLineError::DuplicateLine { sku: "7".into() })
        .when(Adjust(adjustment(1)))
        .then_rejected(AdjustError::TooMany { what: "adjustments".into(), limit: 200 })
        .when(Annotate { remove: vec![], set: new() })
        .then_rejected(too_many())
        .when(Annotate { remove: vec![], set: (0..32).map(|i| (number(i), "x".into())).collect() })
        .then([])
        .when(Annotate { remove: vec!["3".into(), "3".into()], set: new() })
        .then([Event::NoteRemoved { key: "3".into() }, Event::NoteSet { key: "new".into(), value: "".into() }]);
}
