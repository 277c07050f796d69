//! The test kit finds what it is there to find.

use std::{
    panic::catch_unwind,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use eshost::{Command, Context, EventSourced, IntoEvents, Kind, Never, testing::given};
use serde::{Deserialize, Serialize};

/// A number, and one that is forgotten.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Number {
    n: u64,
    #[serde(skip)]
    hidden: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Added { n: u64 },
    Hidden,
    Random,
    Fatal,
}

static MEMORY: AtomicU64 = AtomicU64::new(0);

impl EventSourced for Number {
    const TYPE_NAME: &'static str = "number";

    type Evt = Event;

    fn handle_event(mut self, evt: Event) -> Self {
        match evt {
            Event::Added { n } => self.n += n + self.hidden,
            Event::Hidden => self.hidden = 1,
            Event::Random => self.n += MEMORY.fetch_add(1, Relaxed),
            Event::Fatal => panic!("a fold that cannot be"),
        }
        self
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "odd")]
struct Odd {
    n: u64,
}

/// Emits so many events.
#[derive(Debug, Serialize, Deserialize)]
enum Do {
    Add(u64),
    Hide,
    Random,
    Remember,
    Hurry,
    Fatal,
}

impl Command for Do {
    const NAME: &'static str = "do";

    type Entity = Number;
    type Error = Odd;
    type Reply = u64;

    fn handle_command(self, ctx: &Context, _state: &Number) -> Result<impl IntoEvents<Event>, Odd> {
        Ok(match self {
            Do::Add(n) if n % 2 == 1 => return Err(Odd { n }),
            Do::Add(n) => Event::Added { n },
            Do::Hide => Event::Hidden,
            Do::Random => Event::Random,
            Do::Remember => Event::Added { n: MEMORY.fetch_add(1, Relaxed) },
            Do::Hurry => Event::Added { n: ctx.seq() },
            Do::Fatal => Event::Fatal,
        })
    }

    fn reply(state: &Number) -> u64 {
        state.n
    }
}

/// Is never rejected.
#[derive(Debug, Serialize, Deserialize)]
struct Ask;

impl Command for Ask {
    const NAME: &'static str = "ask";

    type Entity = Number;
    type Error = Never;
    type Reply = u64;

    fn handle_command(self, _ctx: &Context, _state: &Number) -> Result<impl IntoEvents<Event>, Never> {
        Ok(None)
    }

    fn reply(state: &Number) -> u64 {
        state.n
    }
}

eshost::plugin!(Number => [Do, Ask]);

/// The text of the panic that the steps end in.
fn finding(steps: fn()) -> String {
    let reason = catch_unwind(steps).expect_err("the kit found nothing");
    let text = reason.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| reason.downcast_ref::<String>().cloned()).unwrap()
}

#[test]
fn what_a_host_relies_on_is_checked_with_each_step() {
    let again = || drop(given::<Number>([]).when(Do::Remember));
    assert!(finding(again).contains("command do is not decided the same each time"));
    let folds = || drop(given::<Number>([Event::Random]));
    assert!(finding(folds).contains("folding the same events twice gives different states"));
    let steps = || drop(given::<Number>([Event::Hidden, Event::Added { n: 1 }]));
    assert!(finding(steps).contains("folding event by event gives another state than all at once"));
    let batch = || drop(given::<Number>([]).when(Do::Hide).when(Do::Add(2)));
    assert!(finding(batch).contains("command 2 of a batch"));
}

#[test]
fn what_a_test_asks_for_is_checked() {
    for (steps, want) in [
        ((|| drop(given::<Number>([]).when(Do::Add(2)).then([]))) as fn(), "Add(2): emitted [Added { n: 2 }], want []"),
        (|| drop(given::<Number>([]).when(Do::Add(1)).then([])), "Add(1): Rejected { code: \"odd\""),
        (|| drop(given::<Number>([]).when(Do::Add(2)).then_reply(3)), "Add(2): replied Some(2), want 3"),
        (|| drop(given::<Number>([]).when(Do::Add(1)).then_reply(3)), "want the reply 3"),
        (|| drop(given::<Number>([]).when(Do::Add(1)).then_rejected(Odd { n: 3 })), "want it rejected: Odd { n: 3 }"),
        (|| drop(given::<Number>([]).when(Do::Add(2)).then_rejected(Odd { n: 2 })), "want it rejected: Odd { n: 2 }"),
        (|| drop(given::<Number>([]).when(Do::Add(1)).then_code("even")), "want it rejected with \"even\""),
        (|| drop(given::<Number>([]).when(Do::Add(2)).then_state(Number::default())), "the state is Number { n: 2"),
        (|| drop(given::<Number>([]).when(Do::Add(2)).then_fault(Kind::BadPayload)), "want a fault: BadPayload"),
        (|| drop(given::<Number>([]).when_panics(Do::Add(2))), "do: Accepted"),
        (
            || drop(given::<Number>([]).when_panics(Do::Fatal).then_text("nothing")),
            "it panicked with \"a fold that cannot be\"",
        ),
    ] {
        let got = finding(steps);
        assert!(got.contains(want), "{got}\nwant {want}");
    }
}

#[test]
fn what_holds_passes() {
    given::<Number>([Event::Added { n: 40 }])
        .when(Do::Hurry)
        .then([Event::Added { n: 1 }])
        .then_reply(41)
        .when(Do::Add(7))
        .then_rejected(Odd { n: 7 })
        .when_named("do", 5)
        .then_fault(Kind::BadPayload)
        .when_named("add", ())
        .then_fault(Kind::UnknownCommand)
        .when_panics(Do::Fatal)
        .then_text("a fold that cannot be")
        .when(Ask)
        .then([])
        .then_reply(41)
        .then_state(Number { n: 41, hidden: 0 });
}
