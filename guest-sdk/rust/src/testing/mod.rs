//! Tests the types of a plugin natively, with no WebAssembly in sight: given these events, when this command comes, then
//! these events and this reply.
//!
//! ```
//! # use eshost::{Command, Context, EventSourced, IntoEvents};
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
//! # struct Counter(u64);
//! # #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! # #[serde(rename_all = "snake_case")]
//! # enum Event { Decreased { by: u64 }, Increased { by: u64 } }
//! # impl EventSourced for Counter {
//! #     const TYPE_NAME: &'static str = "counter";
//! #     type Evt = Event;
//! #     fn handle_event(self, evt: Event) -> Self {
//! #         match evt { Event::Decreased { by } => Self(self.0 - by), Event::Increased { by } => Self(self.0 + by) }
//! #     }
//! # }
//! # #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! # struct Decrease { by: u64 }
//! # #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! # #[serde(rename = "underflow")]
//! # struct Underflow;
//! # impl Command for Decrease {
//! #     const NAME: &'static str = "decrease";
//! #     type Entity = Counter;
//! #     type Error = Underflow;
//! #     type Reply = u64;
//! #     fn handle_command(self, _: &Context, state: &Counter) -> Result<impl IntoEvents<Event>, Underflow> {
//! #         if state.0 < self.by { Err(Underflow) } else { Ok(Event::Decreased { by: self.by }) }
//! #     }
//! #     fn reply(state: &Counter) -> u64 { state.0 }
//! # }
//! # eshost::plugin!(Counter => [Decrease]);
//! use eshost::testing::given;
//!
//! given::<Counter>([Event::Increased { by: 5 }])
//!     .when(Decrease { by: 2 }).then([Event::Decreased { by: 2 }]).then_reply(3)
//!     .when(Decrease { by: 4 }).then_rejected(Underflow);
//! ```
//!
//! What runs is the plugin's real message loop, bytes in and bytes out. Beside what a test asks for, each step checks what
//! a host relies on: that decisions and folds give the same bytes each time and on each instance, that a batch of commands
//! gives what its commands give one by one, that the state after a command is the fold of the events, in one call or in
//! many, and that states and events are read as they were written. What does not hold panics, at the line of the step.

mod outcome;
mod scenario;
mod wire;

pub use self::{
    outcome::{Outcome, Panic},
    scenario::{Scenario, given},
};
