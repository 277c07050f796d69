use alloc::{format, string::String, vec::Vec};

use serde::de::DeserializeOwned;

use crate::{codec::writer, schema};

/// How an event is called on the wire.
#[derive(Debug)]
pub struct EventName {
    /// The name of the variant, such as `moved@2`.
    pub variant: &'static str,
    pub name: &'static str,
    pub version: u32,
    /// The beginning of an encoded event: the head of its three places, the name and the version.
    pub token: Vec<u8>,
}

/// The events of an enum, in order.
///
/// # Panics
///
/// If a variant's name is none for an event.
pub fn event_names<E: DeserializeOwned>(type_name: &str) -> Vec<EventName> {
    schema::names::<E>().into_iter().map(|variant| EventName::new(type_name, variant)).collect()
}

impl EventName {
    fn new(type_name: &str, variant: &'static str) -> Self {
        let (name, version) = variant.split_once('@').unwrap_or((variant, "1"));
        let what = format!("an event of type \"{type_name}\", the variant \"{variant}\",");
        check_name(&what, name);
        let version = match version.parse::<u32>() {
            Ok(number) if number > 0 && !version.starts_with(['0', '+']) => number,
            _ => panic!("eshost: {what}: the version behind the @ is a number from 1 up"),
        };
        let mut token = Vec::from([0x93]);
        writer::str(&mut token, name);
        writer::uint(&mut token, version.into());
        EventName { variant, name, version, token }
    }
}

/// Panics if this cannot name a type, a command or an event.
pub fn check_name(what: &str, name: &str) {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"_.-".contains(&c);
    let ok = (1..=64).contains(&name.len()) && name.as_bytes()[0].is_ascii_lowercase() && name.bytes().all(plain);
    assert!(
        ok,
        "eshost: {what} is named \"{name}\": a name is 1 to 64 characters, a-z first, then a-z, 0-9, '_', '.' or '-'; \
         #[serde(rename_all = \"snake_case\")] makes such names of variants"
    );
}

/// Panics if this cannot be the code of a rejection.
pub fn check_code(command: &str, code: &str) {
    let ok = (1..=128).contains(&code.len()) && !code.chars().any(char::is_control);
    assert!(
        ok,
        "eshost: a rejection of command \"{command}\" has the code \"{code}\": a code is 1 to 128 bytes without control characters"
    );
}

/// Shortens the message of a fault.
pub fn cut(mut message: String) -> String {
    const MAX_BYTES: usize = 1024;
    if message.len() > MAX_BYTES {
        let end = (0..=MAX_BYTES).rev().find(|&i| message.is_char_boundary(i)).unwrap_or(0);
        message.truncate(end);
    }
    message
}
