use core::fmt;

use serde::de::{self, Deserializer, Visitor};

/// Decodes what stands for a field by the field's place among the names of all.
pub struct Place(pub usize);

/// The type knows fields by their names alone, or there is none at this place.
#[derive(Debug)]
pub struct NoPlace;

impl<'de> Deserializer<'de> for Place {
    type Error = NoPlace;

    #[inline(always)]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NoPlace> {
        visitor.visit_u64(self.0 as u64)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NoPlace> {
        Err(NoPlace)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum ignored_any
    }
}

impl de::Error for NoPlace {
    #[inline(always)]
    fn custom<T: fmt::Display>(_: T) -> Self {
        NoPlace
    }
}

impl fmt::Display for NoPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no field at this place")
    }
}

impl core::error::Error for NoPlace {}
