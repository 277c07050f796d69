//! A plugin for eshost: entities that hold a number, which can be increased and decreased but never leaves the range of
//! 64 bits.

use eshost::{Command, Context, EventSourced, IntoEvents};
use serde::{Deserialize, Serialize};

/// The state of a counter is the number.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter(pub u64);

/// What happens to a counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Increased { by: u64 },
    Decreased { by: u64 },
}

impl EventSourced for Counter {
    const TYPE_NAME: &'static str = "counter";

    type Evt = Event;

    fn handle_event(self, evt: Event) -> Self {
        match evt {
            Event::Increased { by } => Self(self.0.wrapping_add(by)),
            Event::Decreased { by } => Self(self.0.wrapping_sub(by)),
        }
    }
}

/// Asks to add to the number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Increase {
    pub by: u64,
}

/// There is no room for so much more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "overflow")]
pub struct Overflow;

impl Command for Increase {
    const NAME: &'static str = "increase";

    type Entity = Counter;
    type Error = Overflow;
    type Reply = u64;

    fn handle_command(self, _ctx: &Context, state: &Counter) -> Result<impl IntoEvents<Event>, Overflow> {
        if u64::MAX - state.0 < self.by { Err(Overflow) } else { Ok(Event::Increased { by: self.by }) }
    }

    fn reply(state: &Counter) -> u64 {
        state.0
    }

    fn examples() -> Vec<Self> {
        vec![Self { by: 5 }, Self { by: u64::MAX }]
    }
}

/// Asks to subtract from the number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decrease {
    pub by: u64,
}

/// There is not so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "underflow")]
pub struct Underflow;

impl Command for Decrease {
    const NAME: &'static str = "decrease";

    type Entity = Counter;
    type Error = Underflow;
    type Reply = u64;

    fn handle_command(self, _ctx: &Context, state: &Counter) -> Result<impl IntoEvents<Event>, Underflow> {
        if state.0 < self.by { Err(Underflow) } else { Ok(Event::Decreased { by: self.by }) }
    }

    fn reply(state: &Counter) -> u64 {
        state.0
    }

    fn examples() -> Vec<Self> {
        vec![Self { by: 2 }, Self { by: u64::MAX }]
    }
}

eshost::plugin!(Counter => [Increase, Decrease]);
