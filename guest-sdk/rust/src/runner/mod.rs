//! The message loop of one type of entity.

mod command;
mod decide;
mod event;
mod fold;
mod turn;

use alloc::vec::Vec;
use core::marker::PhantomData;

pub use self::command::CommandEntry;
use crate::{
    EventSourced, Kind,
    codec::{self, Reader, writer},
    manifest::TypeInfo,
    names::{EventName, check_name, cut, event_names},
};

/// A type of entity and its commands: what [`plugin!`](crate::plugin) makes of them.
pub trait Entity: EventSourced {
    #[doc(hidden)]
    const COMMANDS: &'static [CommandEntry<Self>];
}

/// A runner whatever its state.
pub trait Runs {
    fn type_name(&self) -> &'static str;
    fn describe(&self, out: &mut Vec<u8>);
    /// Answers a command request, of which the type has been read.
    fn handle_command(&mut self, request: Reader<'_>, out: &mut Vec<u8>);
    /// Answers an event request, of which the type has been read.
    fn handle_event(&mut self, request: Reader<'_>, out: &mut Vec<u8>);
}

/// Answers the requests for entities of one type, one after the other. A command gets the state to read and its events
/// are folded only when it is accepted, so there is nothing to undo when it is not.
pub struct Runner<S> {
    events: Vec<EventName>,
    /// Encoded events of the command at hand.
    emitted: Vec<u8>,
    /// Every state can be encoded, as far as is known.
    total: Option<bool>,
    state: PhantomData<fn() -> S>,
}

/// What is said to a request that no host sends.
pub const BAD_REQUEST: &str = "the request does not decode; the host and the SDK disagree about the ABI";

impl<S: Entity> Runner<S> {
    pub fn new() -> Self {
        check_name("a type", S::TYPE_NAME);
        Runner { events: event_names::<S::Evt>(S::TYPE_NAME), emitted: Vec::new(), total: None, state: PhantomData }
    }
}

impl<S: Entity> Runs for Runner<S> {
    fn type_name(&self) -> &'static str {
        S::TYPE_NAME
    }

    fn describe(&self, out: &mut Vec<u8>) {
        TypeInfo::of::<S>(&self.events).describe(out);
    }

    fn handle_command(&mut self, request: Reader<'_>, out: &mut Vec<u8>) {
        self.decide(request, out);
    }

    fn handle_event(&mut self, request: Reader<'_>, out: &mut Vec<u8>) {
        self.fold(request, out);
    }
}

/// The state that a request came with.
fn state_of<S: EventSourced>(base: Option<&[u8]>) -> Result<S, codec::Error> {
    match base {
        None => Ok(S::default()),
        Some(_) => codec::decode(base),
    }
}

/// Makes the answer that nothing was decided or folded; `index` is that of the event at fault.
#[cold]
#[inline(never)]
pub fn refuse(out: &mut Vec<u8>, kind: Kind, index: Option<usize>, message: &dyn core::fmt::Display) {
    out.clear();
    writer::ARRAY.open(out, if index.is_some() { 4 } else { 3 });
    writer::uint(out, 1);
    writer::uint(out, kind as u64);
    if let Some(index) = index {
        writer::uint(out, index as u64);
    }
    writer::str(out, &cut(alloc::format!("{message}")));
}
