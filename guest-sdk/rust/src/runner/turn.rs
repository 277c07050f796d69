use alloc::{format, vec::Vec};
use core::fmt::Display;

use serde::{Deserialize, Serialize};

use super::state_of;
use crate::{
    Context, EventSourced, Events, Kind,
    codec::{self, Error, Named, NamedContent, Reader, writer},
    names::{EventName, cut},
};

/// The commands of one request in turn, up to the one at hand.
pub struct Turn<'a, S: EventSourced> {
    pub ctx: Context<'a>,
    pub out: &'a mut Vec<u8>,
    /// There is one except while events are being folded.
    state: Option<S>,
    events: &'a [EventName],
    /// Encoded events of the command at hand, and their number.
    emitted: &'a mut Vec<u8>,
    count: usize,
    /// The state that the request came with.
    base: Option<&'a [u8]>,
    /// Where the outcomes begin in the output, and that of the command at hand.
    first: usize,
    start: usize,
    /// How many outcomes there are before it.
    outcomes: usize,
    /// Encode the state after each command, as it may be one that cannot be.
    watches: bool,
}

impl<'a, S: EventSourced> Turn<'a, S> {
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        ctx: Context<'a>,
        out: &'a mut Vec<u8>,
        state: S,
        events: &'a [EventName],
        emitted: &'a mut Vec<u8>,
        base: Option<&'a [u8]>,
        watches: bool,
    ) -> Self {
        let first = out.len();
        let state = Some(state);
        Turn { ctx, out, state, events, emitted, count: 0, base, first, start: first, outcomes: 0, watches }
    }

    /// Begins with the next command.
    #[inline]
    pub fn next(&mut self, index: usize) {
        self.start = self.out.len();
        self.outcomes = index;
    }

    #[inline]
    pub fn state(&self) -> &S {
        self.state.as_ref().expect("a handler has panicked before; this plugin must not be used any more")
    }

    /// Folds the events of a command that is accepted. Gives false if that made a fault of it.
    #[inline]
    pub fn accept(&mut self, events: Events<S::Evt>) -> bool {
        self.emitted.clear();
        let all = events.as_slice();
        self.count = all.len();
        for event in all {
            if let Err(e) = append_event(self.emitted, self.events, event) {
                self.fault(Kind::Panicked, &format_args!("an event: {e}"));
                return false;
            }
        }
        if self.count == 0 {
            return true;
        }
        self.state = self.state.take().map(|state| events.fold(state, S::handle_event));
        if self.watches {
            if let Err(e) = codec::encode(self.state()) {
                self.undo(Kind::Panicked, &format_args!("the state after the events: {e}"));
                return false;
            }
        }
        true
    }

    /// Adds the events to the outcome, behind the reply.
    #[inline]
    pub fn settle(&mut self) {
        writer::ARRAY.open(self.out, self.count);
        self.out.extend_from_slice(self.emitted);
        self.ctx.seq += self.count as u64;
    }

    /// Makes the outcome of the command at hand a fault.
    #[cold]
    #[inline(never)]
    pub fn fault(&mut self, kind: Kind, message: &dyn Display) {
        self.out.truncate(self.start);
        self.out.extend_from_slice(&[0x93, 0x02]);
        writer::uint(self.out, kind as u64);
        writer::str(self.out, &cut(format!("{message}")));
    }

    /// Makes the outcome a fault although the events are folded already: makes the state again what it was, from that of
    /// the request and what was accepted since.
    #[cold]
    #[inline(never)]
    pub fn undo(&mut self, kind: Kind, message: &dyn Display) {
        if self.count > 0 {
            self.out.truncate(self.start);
            match self.former() {
                Ok(state) => self.state = Some(state),
                Err(e) => panic!("eshost: what was read or written before is not read again: {e}"),
            }
        }
        self.fault(kind, message);
    }

    fn former(&self) -> Result<S, Error> {
        let malformed = || Error::new("malformed outcomes");
        let mut state: S = state_of(self.base)?;
        let mut reader = Reader::new(&self.out[self.first..]);
        for _ in 0..self.outcomes {
            let mut outcome = reader;
            reader.skip(codec::MAX_DEPTH).ok_or_else(malformed)?;
            if (outcome.array(), outcome.uint()) != (Some(3), Some(0)) {
                continue;
            }
            outcome.payload().ok_or_else(malformed)?;
            for _ in 0..outcome.array().ok_or_else(malformed)? {
                let (variant, payload) = read_event(&mut outcome, self.events).map_err(Error::new)?;
                state = state.handle_event(S::Evt::deserialize(NamedContent { variant, payload })?);
            }
        }
        Ok(state)
    }

    /// The state after all commands.
    pub fn into_state(self) -> (Option<S>, &'a mut Vec<u8>) {
        (self.state, self.out)
    }
}

/// Appends an event of three places.
#[inline]
fn append_event<E: Serialize>(out: &mut Vec<u8>, names: &[EventName], event: &E) -> Result<(), Error> {
    let head = |out: &mut Vec<u8>, index: usize, variant: &'static str| {
        let at_index = names.get(index).filter(|name| name.variant == variant);
        let name = at_index.or_else(|| names.iter().find(|name| name.variant == variant));
        let Some(name) = name else {
            return Err(Error::new(format!("\"{variant}\" is emitted, but cannot be read")));
        };
        out.extend_from_slice(&name.token);
        Ok(())
    };
    event.serialize(Named { out, head })
}

/// Why an event cannot be read.
pub enum Unreadable {
    /// The request is malformed.
    Request,
    /// There is no such event.
    Unknown,
}

impl Display for Unreadable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Unreadable::Request => super::BAD_REQUEST,
            Unreadable::Unknown => "the type has no event of this name and version",
        })
    }
}

/// Reads an event of three places: its variant and the payload.
#[inline]
pub fn read_event<'a>(
    reader: &mut Reader<'a>,
    names: &[EventName],
) -> Result<(&'static str, Option<&'a [u8]>), Unreadable> {
    let known = names.iter().find(|known| reader.take_prefix(&known.token));
    let variant = match known {
        Some(known) => Some(known.variant),
        None => {
            let places = reader.array();
            let (Some(3), Some(name), Some(version)) = (places, reader.raw_str(), reader.uint()) else {
                return Err(Unreadable::Request);
            };
            let same = |known: &&EventName| known.name.as_bytes() == name && u64::from(known.version) == version;
            names.iter().find(same).map(|known| known.variant)
        }
    };
    let payload = reader.payload().ok_or(Unreadable::Request)?;
    variant.map(|variant| (variant, payload)).ok_or(Unreadable::Unknown)
}
