//! What counts of an event is what was written of it.

mod request;

use eshost::{Command, Context, EventSourced, IntoEvents, Never, Plugin};
use request::{commands, events};
use serde::{Deserialize, Serialize};

/// A number, and what is not there for those who recover it.
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
            Emit::Added => vec![Event::Added { n: 1, more: 10 }],
            Emit::Taken => vec![Event::Taken { n: 1, less: 1 }],
            Emit::Lost => vec![Event::Added { n: 1, more: 0 }, Event::Lost { n: 7 }],
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

#[test]
fn the_state_after_a_command_is_the_one_that_is_recovered() {
    let mut plugin = Plugin::new().with::<Number>();
    for (command, event, want) in [("added", "added", 6), ("taken", "taken", 4)] {
        let answer = plugin.handle_command(&commands("number", Some(&number(5)), &[emit(command)])).to_vec();
        assert!(answer.ends_with(&bin(&number(want))), "{command}: {}", request::shown(&answer));
        assert!(answer.starts_with(&[0x93, 0, 0x91, 0x93, 0, 0xc4, 1, want]), "{command}: the reply");
        let history = [(event, 1, Some(number(1)))];
        let recovered = plugin.handle_event(&events("number", Some(&number(5)), &history));
        assert!(recovered.ends_with(&bin(&number(want))), "{command}: {}", request::shown(recovered));
    }
}

#[test]
fn an_event_that_cannot_be_folded_is_a_fault_that_leaves_no_trace() {
    let mut plugin = Plugin::new().with::<Number>();
    for (command, text) in [("lost", "missing"), ("unlisted", "\"unlisted\" is emitted, but cannot be read")] {
        let batch = [emit("added"), emit(command), emit("added")];
        let answer = plugin.handle_command(&commands("number", Some(&number(5)), &batch)).to_vec();
        let shown = request::shown(&answer);
        assert!(shown.contains("\\x93\\x02\\x05"), "{command}: {shown}");
        assert!(String::from_utf8_lossy(&answer).contains(text), "{command}: {shown}");
        assert!(answer.ends_with(&bin(&number(7))), "{command}: {shown}");
    }
}
