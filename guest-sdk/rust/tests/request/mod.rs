//! Requests and answers as bytes, written without the SDK's own codec.

#![allow(dead_code)]

/// Bytes that are written in hexadecimal, with spaces for the eye.
pub fn unhex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap()).collect()
}

pub fn str(s: &str) -> Vec<u8> {
    [&[0xd9, u8::try_from(s.len()).unwrap()], s.as_bytes()].concat()
}

/// The place of a payload.
pub fn bin(payload: Option<&[u8]>) -> Vec<u8> {
    match payload {
        Some(payload) => [&[0xc6], &u32::try_from(payload.len()).unwrap().to_be_bytes()[..], payload].concat(),
        None => vec![0xc0],
    }
}

pub fn uint(n: u64) -> Vec<u8> {
    [&[0xcf], &n.to_be_bytes()[..]].concat()
}

fn array(elements: &[Vec<u8>]) -> Vec<u8> {
    [&[0xdc], &u16::try_from(elements.len()).unwrap().to_be_bytes()[..], &elements.concat()].concat()
}

pub fn commands(type_name: &str, state: Option<&[u8]>, all: &[(&str, Option<Vec<u8>>)]) -> Vec<u8> {
    let all: Vec<Vec<u8>> = all.iter().map(|(name, payload)| array(&[str(name), bin(payload.as_deref())])).collect();
    let seq = if state.is_some() { 7 } else { 0 };
    array(&[str(type_name), str("a"), uint(seq), bin(state), uint(1_763_892_000_000), array(&all)])
}

pub fn events(type_name: &str, state: Option<&[u8]>, all: &[(&str, u64, Option<Vec<u8>>)]) -> Vec<u8> {
    let event = |(name, version, payload): &(&str, u64, Option<Vec<u8>>)| {
        array(&[str(name), uint(*version), bin(payload.as_deref())])
    };
    let all: Vec<Vec<u8>> = all.iter().map(event).collect();
    let seq = if state.is_some() { 7 } else { 0 };
    array(&[str(type_name), str("a"), uint(seq), bin(state), array(&all)])
}

/// The bytes as text: what is not printable is escaped.
pub fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
