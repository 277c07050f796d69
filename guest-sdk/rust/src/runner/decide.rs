use alloc::vec::Vec;

use super::{BAD_REQUEST, Entity, Runner, refuse, state_of, turn::Turn};
use crate::{
    Context, Kind, Schema,
    codec::{self, Reader, short, writer},
};

impl<S: Entity> Runner<S> {
    /// Decides a batch of commands.
    pub(super) fn decide(&mut self, request: Reader<'_>, out: &mut Vec<u8>) {
        if !self.decide_all(request, out, false) {
            // The state after all of them cannot be encoded. Whose fault that is, is found out by looking at each.
            self.decide_all(request, out, true);
        }
    }

    /// Makes the answer. Gives false if its state cannot be encoded.
    fn decide_all(&mut self, mut request: Reader<'_>, out: &mut Vec<u8>, watches: bool) -> bool {
        let head = (request.raw_str(), request.uint(), request.payload(), request.int(), request.array());
        let (Some(id), Some(seq), Some(base), Some(now), Some(count)) = head else {
            refuse(out, Kind::BadPayload, None, &BAD_REQUEST);
            return true;
        };
        let state: S = match state_of(base) {
            Ok(state) => state,
            Err(e) => {
                refuse(out, Kind::BadState, None, &format_args!("the state of {}: {e}", S::TYPE_NAME));
                return true;
            }
        };
        let watches = watches || count > 1 && !self.is_total();
        out.clear();
        out.extend_from_slice(&[0x93, 0x00]);
        writer::ARRAY.open(out, count);
        let ctx = Context { type_name: S::TYPE_NAME, id, seq, now, command: "", payload: &[] };
        let mut turn = Turn::new(ctx, out, state, &self.events, &mut self.emitted, base, watches);
        for index in 0..count {
            let (Some(2), Some(name), Some(payload)) = (request.array(), request.raw_str(), request.payload()) else {
                refuse(turn.out, Kind::BadPayload, None, &BAD_REQUEST);
                return true;
            };
            turn.next(index);
            let Some(command) = S::COMMANDS.iter().find(|command| short::equal(command.name.as_bytes(), name)) else {
                turn.fault(Kind::UnknownCommand, &"there is no command of this name");
                continue;
            };
            turn.ctx.command = command.name;
            turn.ctx.payload = payload.unwrap_or_default();
            (command.decide)(&mut turn, payload);
        }
        let changed = turn.ctx.seq != seq;
        let (state, out) = turn.into_state();
        if !request.rest().is_empty() {
            refuse(out, Kind::BadPayload, None, &BAD_REQUEST);
        } else if !changed {
            writer::nil(out);
        } else if let Some(state) = state {
            return codec::append_payload(out, &state).is_ok();
        }
        true
    }

    /// Whether every state can be encoded. With a type that contains itself, or whose encoding is not known, it may be that
    /// one cannot be and a later one of the same batch can.
    fn is_total(&mut self) -> bool {
        *self.total.get_or_insert_with(|| Schema::traced::<S>().is_ok_and(|schema| schema.total))
    }
}
