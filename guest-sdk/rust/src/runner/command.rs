use alloc::vec::Vec;

use serde::Serialize;

use super::turn::Turn;
use crate::{
    Command, EventSourced, IntoEvents, Kind,
    codec::{self, Named, writer},
    manifest::CommandInfo,
};

/// A command as its entity's type knows it.
pub struct CommandEntry<S: EventSourced> {
    pub(crate) name: &'static str,
    pub(super) decide: fn(&mut Turn<'_, S>, Option<&[u8]>),
    pub(crate) info: fn() -> CommandInfo,
}

impl<S: EventSourced> CommandEntry<S> {
    /// The entry of a command.
    pub const fn of<C: Command<Entity = S>>() -> Self {
        CommandEntry { name: C::NAME, decide: decide::<C>, info: CommandInfo::of::<C> }
    }
}

/// Decides one command and adds its outcome.
fn decide<C: Command>(turn: &mut Turn<'_, C::Entity>, payload: Option<&[u8]>) {
    let command = match codec::decode::<C>(payload) {
        Ok(command) => command,
        Err(e) => return turn.fault(Kind::BadPayload, &e),
    };
    match command.handle_command(&turn.ctx, turn.state()).map(IntoEvents::into_events) {
        Ok(events) => {
            if turn.accept(events) {
                reply::<C>(turn);
            }
        }
        Err(rejection) => {
            turn.out.extend_from_slice(&[0x93, 0x01]);
            let head = |out: &mut Vec<u8>, _, code: &str| {
                writer::str(out, code);
                Ok(())
            };
            if let Err(e) = rejection.serialize(Named { out: turn.out, head }) {
                turn.fault(Kind::Panicked, &format_args!("the payload of the rejection: {e}"));
            }
        }
    }
}

/// Adds the outcome of a command that was accepted and whose events are folded.
fn reply<C: Command>(turn: &mut Turn<'_, C::Entity>) {
    let reply = C::reply(turn.state());
    turn.out.extend_from_slice(&[0x93, 0x00]);
    match codec::append_payload(turn.out, &reply) {
        Ok(()) => turn.settle(),
        Err(e) => turn.undo(Kind::Panicked, &format_args!("the reply: {e}")),
    }
}
