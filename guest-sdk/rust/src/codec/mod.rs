//! Payloads: author's values as canonical msgpack, and back, strictly.

mod compound;
mod decoder;
mod deserializer;
mod elements;
mod encoder;
mod entries;
mod error;
mod fields;
mod key;
mod named;
mod place;
mod reader;
pub mod short;
mod variant;
#[cfg(test)]
mod vectors;
pub mod writer;

use alloc::vec::Vec;

use serde::{Serialize, de::DeserializeOwned};

use self::encoder::{Encoder, Place};
pub use self::{
    decoder::Decoder,
    error::{Cause, Error},
    named::{Named, NamedContent},
    reader::{MAX_DEPTH, Reader},
};

/// Appends the place of a payload: a `bin` that holds the value, or nil if the value is `None` or `()`. If that fails,
/// nothing is appended.
#[inline]
pub fn append_payload<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> Result<(), Error> {
    let start = writer::open_bin(out);
    match value.serialize(Encoder { out, depth: 0, place: Place::Top }) {
        Ok(true) => {
            writer::close_bin(out, start);
            Ok(())
        }
        Ok(false) => {
            out.truncate(start - 2);
            writer::nil(out);
            Ok(())
        }
        Err(e) => {
            out.truncate(start - 2);
            Err(e)
        }
    }
}

/// Encodes a value; `None` if it is one that says that there is none.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Option<Vec<u8>>, Error> {
    let mut out = Vec::new();
    let there = value.serialize(Encoder { out: &mut out, depth: 0, place: Place::Top })?;
    Ok(there.then_some(out))
}

/// Decodes a payload, `None` if there is none.
#[inline]
pub fn decode<T: DeserializeOwned>(payload: Option<&[u8]>) -> Result<T, Error> {
    let mut decoder = Decoder::new(payload);
    let value = T::deserialize(&mut decoder)?;
    decoder.finish()?;
    Ok(value)
}
