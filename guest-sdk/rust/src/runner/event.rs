//! Events as the messages have them: name, version and payload.

use alloc::{format, vec::Vec};
use core::fmt::{self, Display};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Kind,
    codec::{Error, Named, NamedContent, Reader, short},
    names::EventName,
};

/// Appends an event. One that the type does not list is no event, which is told from one that cannot be encoded.
#[inline]
pub fn append_event<E: Serialize>(out: &mut Vec<u8>, names: &[EventName], event: &E) -> Result<(), (Kind, Error)> {
    let mut kind = Kind::Panicked;
    let head = |out: &mut Vec<u8>, index: usize, variant: &'static str| {
        let at_index = names.get(index).filter(|name| name.variant == variant);
        let name = at_index.or_else(|| names.iter().find(|name| name.variant == variant));
        let Some(name) = name else {
            kind = Kind::BadEvent;
            return Err(Error::new(format!("\"{variant}\" is emitted, but cannot be read")));
        };
        short::extend(out, &name.token);
        Ok(())
    };
    let result = event.serialize(Named { out, head });
    result.map_err(|e| (kind, e))
}

/// Why an event cannot be read.
pub enum Unreadable {
    /// The request is malformed.
    Request,
    /// There is no such event.
    Unknown,
}

impl Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unreadable::Request => super::BAD_REQUEST,
            Unreadable::Unknown => "the type has no event of this name and version",
        })
    }
}

/// Reads an event of three places: its variant and the payload.
#[inline]
pub fn read_event<'a>(
    reader: &mut Reader<'a>,
    names: &[EventName],
) -> Result<(&'static str, Option<&'a [u8]>), Unreadable> {
    let known = names.iter().find(|known| reader.take_prefix(&known.token));
    let variant = match known {
        Some(known) => Some(known.variant),
        None => {
            let places = reader.array();
            let (Some(3), Some(name), Some(version)) = (places, reader.raw_str(), reader.uint()) else {
                return Err(Unreadable::Request);
            };
            let same = |known: &&EventName| known.name.as_bytes() == name && u64::from(known.version) == version;
            names.iter().find(same).map(|known| known.variant)
        }
    };
    let payload = reader.payload().ok_or(Unreadable::Request)?;
    variant.map(|variant| (variant, payload)).ok_or(Unreadable::Unknown)
}

/// Reads an event and decodes it.
#[inline]
pub fn decode_event<E: DeserializeOwned>(reader: &mut Reader<'_>, names: &[EventName]) -> Result<E, Error> {
    let (variant, payload) = read_event(reader, names).map_err(Error::new)?;
    E::deserialize(NamedContent { variant, payload })
}
