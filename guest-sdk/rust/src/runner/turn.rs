use alloc::{format, vec::Vec};
use core::fmt::Display;

use super::{
    event::{append_event, decode_event},
    state_of,
};
use crate::{
    Context, EventSourced, Events, Kind,
    codec::{self, Error, Reader, short, writer},
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
        self.count = 0;
        for event in events.as_slice() {
            if let Err((kind, e)) = append_event(self.emitted, self.events, event) {
                self.fault(kind, &format_args!("an event: {e}"));
                return false;
            }
            self.count += 1;
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
        short::extend(self.out, self.emitted);
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
                state = state.handle_event(decode_event(&mut outcome, self.events)?);
            }
        }
        Ok(state)
    }

    /// The state after all commands.
    pub fn into_state(self) -> (Option<S>, &'a mut Vec<u8>) {
        (self.state, self.out)
    }
}
