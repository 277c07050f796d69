use eshost::testing::given;
use order::{Annotate, AnnotateError, Event, Order};

fn annotate(remove: &[&str], set: &[(&str, &str)]) -> Annotate {
    Annotate {
        remove: remove.iter().map(|&key| key.into()).collect(),
        set: set.iter().map(|&(key, value)| (key.into(), value.into())).collect(),
    }
}

fn set(key: &str, value: &str) -> Event {
    Event::NoteSet { key: key.into(), value: value.into() }
}

fn removed(key: &str) -> Event {
    Event::NoteRemoved { key: key.into() }
}

#[test]
fn notes_are_removed_and_then_set_in_the_order_of_their_keys() {
    given::<Order>([])
        .when(annotate(&[], &[("gift", "yes"), ("door", "ring"), ("Zeit", "17")]))
        .then([set("Zeit", "17"), set("door", "ring"), set("gift", "yes")])
        .then_reply(())
        .when(annotate(&["gift", "door", "gift", "unknown"], &[("door", "ring"), ("Zeit", "17")]))
        .then([removed("gift"), removed("door"), set("door", "ring")])
        .when(annotate(&[], &[]))
        .then([]);
}

#[test]
fn a_note_has_a_key_and_may_be_empty() {
    let long = "x".repeat(513);
    for (field, wrong) in [
        ("remove", annotate(&["a", ""], &[("", "")])),
        ("remove", annotate(&[&long], &[])),
        ("set", annotate(&[], &[("a", ""), ("", "")])),
        ("set", annotate(&[], &[(&long, "")])),
        ("set", annotate(&[], &[("a", &long)])),
    ] {
        given::<Order>([]).when(wrong).then_rejected(AnnotateError::Invalid { field: field.into() });
    }
    let longest = &long[..512];
    given::<Order>([])
        .when(annotate(&[longest], &[(longest, longest), ("a", "")]))
        .then([set("a", ""), set(longest, longest)]);
}
