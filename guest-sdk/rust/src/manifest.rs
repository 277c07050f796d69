use alloc::{format, string::String, vec::Vec};

use crate::{
    Command, Entity, Schema,
    codec::{
        self, Error,
        writer::{self, ARRAY, MAP},
    },
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

/// What there is to say about a type.
pub struct TypeInfo<'a> {
    pub name: &'static str,
    pub state_schema: String,
    pub commands: Vec<CommandInfo>,
    pub events: &'a [EventName],
    pub event_schemas: Vec<Schema>,
}

/// What there is to say about a command.
pub struct CommandInfo {
    name: &'static str,
    schema: Schema,
    reply: Schema,
    rejections: Vec<&'static str>,
    examples: Vec<Result<Option<Vec<u8>>, Error>>,
}

impl<'a> TypeInfo<'a> {
    pub fn of<S: Entity>(events: &'a [EventName]) -> Self {
        let schema = |(i, event): (usize, &EventName)| {
            let by_hand = S::event_schema(event.name, event.version);
            by_hand.unwrap_or_else(|| Schema::of_variant(schema::ask::<S::Evt>, i, event.variant))
        };
        TypeInfo {
            name: S::TYPE_NAME,
            state_schema: S::state_schema().layout(S::REVISION),
            commands: S::COMMANDS.iter().map(|command| (command.info)()).collect(),
            events,
            event_schemas: events.iter().enumerate().map(schema).collect(),
        }
    }

    /// Appends the type.
    pub fn describe(&self, out: &mut Vec<u8>) {
        MAP.open(out, 4);
        text(out, "type", self.name);
        text(out, "state_schema", &format!("{}-{}", self.name, self.state_schema));
        writer::str(out, "commands");
        ARRAY.open(out, self.commands.len());
        for (i, command) in self.commands.iter().enumerate() {
            check_name("a command", command.name);
            let twice = self.commands[..i].iter().any(|other| other.name == command.name);
            assert!(!twice, "eshost: type \"{}\" has two commands \"{}\"", self.name, command.name);
            command.describe(out);
        }
        writer::str(out, "events");
        ARRAY.open(out, self.events.len());
        for (i, (event, schema)) in self.events.iter().zip(&self.event_schemas).enumerate() {
            let twice = self.events[..i].iter().any(|other| (other.name, other.version) == (event.name, event.version));
            assert!(
                !twice,
                "eshost: type \"{}\" has two events \"{}\" version {}",
                self.name, event.name, event.version
            );
            MAP.open(out, if schema.text().is_empty() { 2 } else { 3 });
            text(out, "name", event.name);
            writer::str(out, "version");
            writer::uint(out, event.version.into());
            optional(out, "schema", schema.text());
        }
    }
}

impl CommandInfo {
    pub fn of<C: Command>() -> Self {
        CommandInfo {
            name: C::NAME,
            schema: C::schema(),
            reply: C::reply_schema(),
            rejections: schema::names::<C::Error>(),
            examples: C::examples().iter().map(codec::encode).collect(),
        }
    }

    /// Appends the command.
    fn describe(&self, out: &mut Vec<u8>) {
        let (schema, reply) = (self.schema.text(), self.reply.text());
        let empty = [schema.is_empty(), reply.is_empty(), self.rejections.is_empty(), self.examples.is_empty()];
        MAP.open(out, 1 + empty.iter().filter(|empty| !**empty).count());
        text(out, "name", self.name);
        optional(out, "schema", schema);
        optional(out, "reply", reply);
        if !self.rejections.is_empty() {
            writer::str(out, "rejections");
            ARRAY.open(out, self.rejections.len());
            for code in &self.rejections {
                check_code(self.name, code);
                writer::str(out, code);
            }
        }
        if !self.examples.is_empty() {
            writer::str(out, "examples");
            ARRAY.open(out, self.examples.len());
        }
        for example in &self.examples {
            match example {
                Ok(Some(payload)) => writer::bin(out, payload),
                Ok(None) => panic!("eshost: an example of command \"{}\" has no payload", self.name),
                Err(e) => panic!("eshost: an example of command \"{}\": {e}", self.name),
            }
        }
    }
}

#[inline(never)]
fn text(out: &mut Vec<u8>, key: &str, value: &str) {
    writer::str(out, key);
    writer::str(out, value);
}

fn optional(out: &mut Vec<u8>, key: &str, value: &str) {
    if !value.is_empty() {
        text(out, key, value);
    }
}
