//! What serde skips of an event is not in the log. The plugin folds the events that a command made, so the test kit has to
//! find that another state comes of those that are read back.

mod request;

use std::panic::{UnwindSafe, catch_unwind};

use eshost::{Command, Context, EventSourced, IntoEvents, Never, Plugin, testing::given};
use request::commands;
use serde::{Deserialize, Serialize};

/// A number.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Number {
    n: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Added {
        n: u64,
        #[serde(skip)]
        more: u64,
    },
    Taken {
        n: u64,
        #[serde(skip_serializing, default)]
        less: u64,
    },
    Lost {
        #[serde(skip_serializing)]
        n: u64,
    },
    #[serde(skip_deserializing)]
    Unlisted { n: u64 },
}

impl EventSourced for Number {
    const TYPE_NAME: &'static str = "number";

    type Evt = Event;

    fn handle_event(self, evt: Event) -> Self {
        let n = match evt {
            Event::Added { n, more } => self.n + n + more,
            Event::Taken { n, less } => self.n - n - less,
            Event::Lost { n } | Event::Unlisted { n } => n,
        };
        Self { n }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Emit {
    Plain,
    Added,
    Taken,
    Lost,
    Unlisted,
}

impl Command for Emit {
    const NAME: &'static str = "emit";

    type Entity = Number;
    type Error = Never;
    type Reply = u64;

    fn handle_command(self, _ctx: &Context, _state: &Number) -> Result<impl IntoEvents<Event>, Never> {
        Ok(match self {
            Emit::Plain => vec![Event::Added { n: 1, more: 0 }],
            Emit::Added => vec![Event::Added { n: 1, more: 10 }],
            Emit::Taken => vec![Event::Taken { n: 1, less: 1 }],
            Emit::Lost => vec![Event::Lost { n: 7 }],
            Emit::Unlisted => vec![Event::Added { n: 1, more: 0 }, Event::Unlisted { n: 7 }],
        })
    }

    fn reply(state: &Number) -> u64 {
        state.n
    }
}

eshost::plugin!(Number => [Emit]);

fn emit(variant: &str) -> (&'static str, Option<Vec<u8>>) {
    let payload = [&[0xa0 | variant.len() as u8], variant.as_bytes()].concat();
    ("emit", Some(payload))
}

/// The state `{n: ...}`.
fn number(n: u8) -> Vec<u8> {
    vec![0x81, 0xa1, b'n', n]
}

fn bin(payload: &[u8]) -> Vec<u8> {
    [&[0xc4, payload.len() as u8], payload].concat()
}

/// The text of a panic.
fn panic_of<T>(f: impl FnOnce() -> T + UnwindSafe) -> String {
    match catch_unwind(f) {
        Ok(_) => "no panic".into(),
        Err(text) => *text.downcast::<String>().expect("a panic with a text"),
    }
}

#[test]
fn a_command_whose_event_has_skipped_fields_is_found() {
    for command in [Emit::Added, Emit::Taken] {
        let text = panic_of(|| given::<Number>([Event::Added { n: 5, more: 0 }]).when(command));
        assert!(text.contains("not the fold of the events as they are read back"), "{text}");
        assert!(text.contains("a field that serde skips"), "{text}");
    }
    given::<Number>([Event::Added { n: 5, more: 0 }]).when(Emit::Plain).then_reply(6);
}

#[test]
fn an_event_that_does_not_read_back_is_found() {
    let text = panic_of(|| given::<Number>([]).when(Emit::Lost));
    assert!(text.contains("could not be folded") && text.contains("missing"), "{text}");
}

#[test]
fn a_history_with_skipped_fields_is_found() {
    let text = panic_of(|| given::<Number>([Event::Added { n: 5, more: 1 }]));
    assert!(text.contains("fold to another state than as they are read back"), "{text}");
    assert!(text.contains("a field that serde skips"), "{text}");
    assert_eq!(given::<Number>([Event::Added { n: 5, more: 0 }]).state().n, 5);
}

#[test]
fn an_event_that_the_type_does_not_list_is_a_fault_that_leaves_no_trace() {
    let mut plugin = Plugin::new().with::<Number>();
    let batch = [emit("plain"), emit("unlisted"), emit("plain")];
    let answer = plugin.handle_command(&commands("number", Some(&number(5)), &batch)).to_vec();
    let shown = request::shown(&answer);
    assert!(shown.contains("\\x93\\x02\\x05"), "{shown}");
    assert!(String::from_utf8_lossy(&answer).contains("\"unlisted\" is emitted, but cannot be read"), "{shown}");
    assert!(answer.ends_with(&bin(&number(7))), "{shown}");
}
