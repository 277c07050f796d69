use counter::*;

use eshost::{Kind, testing::given};
use serde::Serialize;

#[test]
fn counting() {
    given::<Counter>([])
        .when(Increase { by: 5 })
        .then([Event::Increased { by: 5 }])
        .then_reply(5)
        .when(Decrease { by: 2 })
        .then([Event::Decreased { by: 2 }])
        .then_reply(3)
        .when(Increase { by: 0 })
        .then([Event::Increased { by: 0 }])
        .then_reply(3)
        .when(Decrease { by: 3 })
        .then([Event::Decreased { by: 3 }])
        .then_reply(0);
}

#[test]
fn it_never_leaves_its_range() {
    given::<Counter>([Event::Increased { by: u64::MAX - 1 }])
        .when(Increase { by: 2 })
        .then_rejected(Overflow)
        .when(Increase { by: 1 })
        .then_reply(u64::MAX)
        .when(Increase { by: 1 })
        .then_rejected(Overflow)
        .when(Decrease { by: u64::MAX })
        .then_reply(0)
        .when(Decrease { by: 1 })
        .then_rejected(Underflow)
        .then_state(Counter(0));
}

#[test]
fn what_it_does_not_understand_is_a_fault() {
    #[derive(Debug, Serialize)]
    struct By<T> {
        by: T,
    }

    given::<Counter>([Event::Increased { by: 5 }])
        .when_named("reset", ())
        .then_fault(Kind::UnknownCommand)
        .when_named("increase", ())
        .then_fault(Kind::BadPayload)
        .when_named("increase", 5)
        .then_fault(Kind::BadPayload)
        .when_named("increase", By { by: -1 })
        .then_fault(Kind::BadPayload)
        .when_named("increase", By { by: 5.0 })
        .then_fault(Kind::BadPayload)
        .then_state(Counter(5));
}
