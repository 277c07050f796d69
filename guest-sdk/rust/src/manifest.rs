use alloc::{format, vec::Vec};

use crate::{
    Command, Entity, Schema, codec,
    codec::writer::{self, ARRAY, MAP},
    names::{EventName, check_code, check_name},
    schema,
};

/// What a plugin's description says it was built with.
pub const SDK: &str = concat!("eshost-rust ", env!("CARGO_PKG_VERSION"));

/// Appends the head of a manifest of so many types.
pub fn open(out: &mut Vec<u8>, types: usize) {
    MAP.open(out, 3);
    writer::str(out, "abi");
    out.extend_from_slice(&[0x92, 1, 0]);
    text(out, "sdk", SDK);
    writer::str(out, "types");
    ARRAY.open(out, types);
}

/// Appends a type.
pub fn describe<S: Entity>(events: &[EventName], out: &mut Vec<u8>) {
    MAP.open(out, 4);
    text(out, "type", S::TYPE_NAME);
    text(out, "state_schema", &format!("{}-{}", S::TYPE_NAME, S::state_schema().layout(S::REVISION)));
    writer::str(out, "commands");
    ARRAY.open(out, S::COMMANDS.len());
    for (i, command) in S::COMMANDS.iter().enumerate() {
        check_name("a command", command.name);
        let twice = S::COMMANDS[..i].iter().any(|other| other.name == command.name);
        assert!(!twice, "eshost: type {:?} has two commands {:?}", S::TYPE_NAME, command.name);
        (command.describe)(out);
    }
    writer::str(out, "events");
    ARRAY.open(out, events.len());
    for (i, event) in events.iter().enumerate() {
        let twice = events[..i].iter().any(|other| (other.name, other.version) == (event.name, event.version));
        assert!(!twice, "eshost: type {:?} has two events {:?} version {}", S::TYPE_NAME, event.name, event.version);
        describe_event::<S>(i, event, out);
    }
}

fn describe_event<S: Entity>(index: usize, event: &EventName, out: &mut Vec<u8>) {
    let schema = S::event_schema(event.name, event.version).unwrap_or_else(|| {
        Schema::of_variant::<S::Evt>(index).unwrap_or_else(|reason| {
            panic!("eshost: the schema of event {:?} of type {:?}: {reason}", event.variant, S::TYPE_NAME)
        })
    });
    let schema = schema.text();
    MAP.open(out, if schema.is_empty() { 2 } else { 3 });
    text(out, "name", event.name);
    writer::str(out, "version");
    writer::uint(out, event.version.into());
    optional(out, "schema", schema);
}

/// Appends a command.
pub fn describe_command<C: Command>(out: &mut Vec<u8>) {
    let (schema, reply) = (C::schema(), C::reply_schema());
    let (rejections, examples) = (schema::names::<C::Error>(), encoded(C::NAME, &C::examples()));
    let there = [schema.text().is_empty(), reply.text().is_empty(), rejections.is_empty(), examples.is_empty()];
    MAP.open(out, 1 + there.iter().filter(|empty| !**empty).count());
    text(out, "name", C::NAME);
    optional(out, "schema", schema.text());
    optional(out, "reply", reply.text());
    if !rejections.is_empty() {
        writer::str(out, "rejections");
        ARRAY.open(out, rejections.len());
        for code in rejections {
            check_code(C::NAME, code);
            writer::str(out, code);
        }
    }
    if !examples.is_empty() {
        writer::str(out, "examples");
        ARRAY.open(out, examples.len());
        examples.iter().for_each(|example| writer::bin(out, example));
    }
}

fn encoded<C: Command>(name: &str, examples: &[C]) -> Vec<Vec<u8>> {
    let encode = |example: &C| match codec::encode(example) {
        Ok(payload) => payload.unwrap_or_else(|| panic!("eshost: an example of command {name:?} has no payload")),
        Err(e) => panic!("eshost: an example of command {name:?}: {e}"),
    };
    examples.iter().map(encode).collect()
}

fn text(out: &mut Vec<u8>, key: &str, value: &str) {
    writer::str(out, key);
    writer::str(out, value);
}

fn optional(out: &mut Vec<u8>, key: &str, value: &str) {
    if !value.is_empty() {
        text(out, key, value);
    }
}
