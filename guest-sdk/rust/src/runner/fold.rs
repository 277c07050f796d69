use alloc::vec::Vec;

use serde::Deserialize;

use super::{
    BAD_REQUEST, Entity, Runner,
    event::{Unreadable, read_event},
    refuse, state_of,
};
use crate::{
    Kind,
    codec::{self, NamedContent, Reader},
};

impl<S: Entity> Runner<S> {
    /// Folds a batch of events.
    pub(super) fn fold(&mut self, mut request: Reader<'_>, out: &mut Vec<u8>) {
        let malformed = |out: &mut Vec<u8>| refuse(out, Kind::BadPayload, Some(0), &BAD_REQUEST);
        let head = (request.raw_str(), request.uint(), request.payload(), request.array());
        let (Some(_), Some(_), Some(base), Some(count)) = head else {
            return malformed(out);
        };
        let mut state: S = match state_of(base) {
            Ok(state) => state,
            Err(e) => return refuse(out, Kind::BadState, Some(0), &format_args!("the state of {}: {e}", S::TYPE_NAME)),
        };
        for index in 0..count {
            let (variant, payload) = match read_event(&mut request, &self.events) {
                Ok(event) => event,
                Err(Unreadable::Request) => return malformed(out),
                Err(unknown) => return refuse(out, Kind::BadEvent, Some(index), &unknown),
            };
            match S::Evt::deserialize(NamedContent { variant, payload }) {
                Ok(event) => state = state.handle_event(event),
                Err(e) => return refuse(out, Kind::BadEvent, Some(index), &format_args!("event \"{variant}\": {e}")),
            }
        }
        if !request.rest().is_empty() {
            return malformed(out);
        }
        out.clear();
        out.extend_from_slice(&[0x92, 0x00]);
        if let Err(e) = codec::append_payload(out, &state) {
            refuse(out, Kind::BadEvent, Some(count.saturating_sub(1)), &format_args!("the state after the event: {e}"));
        }
    }
}
