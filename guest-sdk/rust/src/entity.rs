use alloc::vec::Vec;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Context, IntoEvents, Schema};

/// A type of entity: its state, and how an event changes it.
///
/// A new entity has the default state. An entity that was not used for a while is made again by folding its events, so
/// everything about it must be in them.
pub trait EventSourced: Default + Serialize + DeserializeOwned + 'static {
    /// The name of the type: 1 to 64 characters, a-z first, then a-z, 0-9, `_`, `.` or `-`. Those that begin with `_` are
    /// eshost's own.
    const TYPE_NAME: &'static str;

    /// Numbers the meaning of the state. Raise it when folds come to other states than before although the type stays the
    /// same: snapshots of another revision are not used, and the events are folded again.
    const REVISION: u32 = 0;

    /// What can happen to the entity: an enum with one variant for each event. A variant's name on the wire is the name of
    /// the event, and its content is the payload. Versions after the first are named behind an `@`:
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// #[derive(Serialize, Deserialize)]
    /// #[serde(rename_all = "snake_case")]
    /// enum Event {
    ///     #[serde(rename = "moved")]
    ///     MovedV1 { x: i64, y: i64 },
    ///     #[serde(rename = "moved@2")]
    ///     Moved { x: f64, y: f64 },
    ///     Stopped,
    /// }
    /// ```
    ///
    /// Events are forever: one that was ever emitted must stay as long as it is in a log. A field that may be absent, an
    /// `Option` or one with `#[serde(default)]`, can be added without a new version.
    type Evt: Serialize + DeserializeOwned + 'static;

    /// Gives the state after an event. It cannot refuse: the event has happened.
    fn handle_event(self, evt: Self::Evt) -> Self;

    /// The schema of the state; a snapshot of a state with another one is not used. To be given by hand only for types
    /// that cannot be traced, and then it must change whenever the encoding of the state does.
    fn state_schema() -> Schema {
        Schema::of::<Self>()
    }

    /// The schema of an event's payload, for those that cannot be traced.
    fn event_schema(_name: &str, _version: u32) -> Option<Schema> {
        None
    }
}

/// A command for an entity: a type that is what the command asks for, and the rule that decides about it.
pub trait Command: Serialize + DeserializeOwned + 'static {
    /// The name of the command; the rule is that of [`EventSourced::TYPE_NAME`].
    const NAME: &'static str;

    /// The type of entity that the command is for.
    type Entity: EventSourced;

    /// Why the command may be rejected: an enum whose variants' names are the codes and their contents the payloads, or a
    /// struct for the only reason there is. [`Never`] if there is none.
    type Error: Serialize + DeserializeOwned + 'static;

    /// What the caller is told. `()`, or an `Option` that is `None`, is no more than that the command was accepted.
    type Reply: Serialize + DeserializeOwned + 'static;

    /// Decides what the command does to the state it meets: either these events happen, all or none, or it is rejected.
    /// Without events the command is accepted, and nothing is stored.
    fn handle_command(
        self,
        ctx: &Context<'_>,
        state: &Self::Entity,
    ) -> Result<impl IntoEvents<<Self::Entity as EventSourced>::Evt>, Self::Error>;

    /// Makes the reply, from the state after the command's own events.
    fn reply(state: &Self::Entity) -> Self::Reply;

    /// Examples for the plugin's description. Tools show them, and feed a plugin with them to check it, in this order:
    /// the best ones are accepted one after the other by a new entity, with one or two that are rejected in between.
    fn examples() -> Vec<Self> {
        Vec::new()
    }

    /// The schema of the command; to be given by hand only for types that cannot be traced.
    fn schema() -> Schema {
        Schema::of::<Self>()
    }

    /// The schema of the reply; to be given by hand only for types that cannot be traced.
    fn reply_schema() -> Schema {
        Schema::of::<Self::Reply>()
    }
}

/// The error of a command that is never rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Never {}
