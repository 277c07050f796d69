use alloc::{string::String, vec::Vec};

use serde::Serialize;

use crate::{
    Entity, Plugin,
    codec::{self, Named, Reader, writer},
    names::{EventName, event_names},
};

#[derive(Debug, Clone, PartialEq)]
pub struct WireCommand {
    pub name: String,
    pub payload: Option<Vec<u8>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct WireEvent {
    pub name: String,
    pub version: u64,
    pub payload: Option<Vec<u8>>,
}

/// What became of a command, as the wire has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Wire {
    Accepted { reply: Option<Vec<u8>>, events: Vec<WireEvent> },
    Rejected { code: String, payload: Option<Vec<u8>> },
    Fault { kind: u64, message: String },
}

/// The answer to commands.
pub struct Answer {
    pub raw: Vec<u8>,
    /// Each with its bytes.
    pub outcomes: Vec<(Wire, Vec<u8>)>,
    pub state: Option<Vec<u8>>,
}

/// Where an entity stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Point {
    pub seq: u64,
    pub state: Option<Vec<u8>>,
}

pub fn plugin<S: Entity>() -> Plugin {
    Plugin::new().with::<S>()
}

fn append_payload(out: &mut Vec<u8>, payload: Option<&Vec<u8>>) {
    match payload {
        Some(payload) => writer::bin(out, payload),
        None => writer::nil(out),
    }
}

fn head<S: Entity>(places: usize, id: &str, at: &Point) -> Vec<u8> {
    let mut out = Vec::new();
    writer::ARRAY.open(&mut out, places);
    writer::str(&mut out, S::TYPE_NAME);
    writer::str(&mut out, id);
    writer::uint(&mut out, at.seq);
    append_payload(&mut out, at.state.as_ref());
    out
}

/// Has the plugin decide commands.
#[track_caller]
pub fn decide<S: Entity>(plugin: &mut Plugin, id: &str, now: i64, at: &Point, commands: &[WireCommand]) -> Answer {
    let mut request = head::<S>(6, id, at);
    writer::int(&mut request, now);
    writer::ARRAY.open(&mut request, commands.len());
    for command in commands {
        writer::ARRAY.open(&mut request, 2);
        writer::str(&mut request, &command.name);
        append_payload(&mut request, command.payload.as_ref());
    }
    let raw = plugin.handle_command(&request).to_vec();
    let mut reader = Reader::new(&raw);
    assert_eq!(reader.array(), Some(3), "malformed answer {raw:x?}");
    if reader.uint() != Some(0) {
        panic!("nothing was decided: kind {:?}, {:?}", reader.uint(), reader.str());
    }
    read_answer(reader, &raw).unwrap_or_else(|| panic!("malformed answer {raw:x?}"))
}

fn read_answer(mut reader: Reader<'_>, raw: &[u8]) -> Option<Answer> {
    let mut outcomes = Vec::new();
    for _ in 0..reader.array()? {
        let from = reader.rest();
        let outcome = read_outcome(&mut reader)?;
        outcomes.push((outcome, from[..from.len() - reader.rest().len()].to_vec()));
    }
    let state = reader.payload()?.map(Vec::from);
    reader.rest().is_empty().then(|| Answer { raw: raw.to_vec(), outcomes, state })
}

fn read_outcome(reader: &mut Reader<'_>) -> Option<Wire> {
    reader.array().filter(|places| *places == 3)?;
    Some(match reader.uint()? {
        0 => {
            let reply = reader.payload()?.map(Vec::from);
            let mut events = Vec::new();
            for _ in 0..reader.array()? {
                events.push(read_event(reader)?);
            }
            Wire::Accepted { reply, events }
        }
        1 => Wire::Rejected { code: reader.str()?.into(), payload: reader.payload()?.map(Vec::from) },
        _ => Wire::Fault { kind: reader.uint()?, message: reader.str()?.into() },
    })
}

fn read_event(reader: &mut Reader<'_>) -> Option<WireEvent> {
    reader.array().filter(|places| *places == 3)?;
    Some(WireEvent { name: reader.str()?.into(), version: reader.uint()?, payload: reader.payload()?.map(Vec::from) })
}

/// Has the plugin fold events.
#[track_caller]
pub fn fold<S: Entity>(plugin: &mut Plugin, id: &str, at: &Point, events: &[WireEvent]) -> Vec<u8> {
    let mut request = head::<S>(5, id, at);
    writer::ARRAY.open(&mut request, events.len());
    for event in events {
        writer::ARRAY.open(&mut request, 3);
        writer::str(&mut request, &event.name);
        writer::uint(&mut request, event.version);
        append_payload(&mut request, event.payload.as_ref());
    }
    let raw = plugin.handle_event(&request);
    let mut reader = Reader::new(raw);
    reader.array();
    if reader.uint() != Some(0) {
        let (kind, index, message) = (reader.uint(), reader.uint(), reader.str());
        panic!("event {index:?} of {} could not be folded: kind {kind:?}, {message:?}", events.len());
    }
    match reader.payload() {
        Some(Some(state)) => state.to_vec(),
        _ => panic!("malformed answer {raw:x?}"),
    }
}

/// Encodes an event as a request has it.
#[track_caller]
pub fn encode_event<S: Entity>(event: &S::Evt) -> WireEvent {
    let names: Vec<EventName> = event_names::<S::Evt>(S::TYPE_NAME);
    let mut out = Vec::new();
    let head = |out: &mut Vec<u8>, _, variant: &'static str| match names.iter().find(|name| name.variant == variant) {
        Some(name) => {
            out.extend_from_slice(&name.token);
            Ok(())
        }
        None => panic!("{variant:?} cannot be read as an event"),
    };
    if let Err(e) = event.serialize(Named { out: &mut out, head }) {
        panic!("an event cannot be encoded: {e}");
    }
    read_event(&mut Reader::new(&out)).unwrap_or_else(|| panic!("malformed event {out:x?}"))
}

/// Encodes a value as a payload.
#[track_caller]
pub fn encode<T: Serialize + ?Sized>(value: &T, what: &str) -> Option<Vec<u8>> {
    codec::encode(value).unwrap_or_else(|e| panic!("{what} cannot be encoded: {e}"))
}

/// Encodes a rejection: its code and payload.
#[track_caller]
pub fn encode_rejection<E: Serialize>(rejection: &E) -> (String, Option<Vec<u8>>) {
    let mut out = Vec::new();
    let head = |out: &mut Vec<u8>, _, code: &str| {
        writer::str(out, code);
        Ok(())
    };
    if let Err(e) = rejection.serialize(Named { out: &mut out, head }) {
        panic!("the rejection cannot be encoded: {e}");
    }
    let mut reader = Reader::new(&out);
    let (code, payload) = (reader.str().unwrap_or_default(), reader.payload().flatten());
    (code.into(), payload.map(Vec::from))
}
