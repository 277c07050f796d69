use serde::de::{DeserializeSeed, MapAccess, Visitor};

use super::{
    Decoder, Error,
    deserializer::UNTRACEABLE,
    key::{Key, NO_STRING},
};
use crate::schema::Trace;

/// The entries of a map.
pub struct Entries<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    left: usize,
    key: &'de str,
}

impl<'a, 'de> Entries<'a, 'de> {
    /// The entries that come. Of a map that is traced, one sample.
    #[inline(never)]
    pub fn open(decoder: &'a mut Decoder<'de>) -> Result<Self, Error> {
        if let Some(trace) = decoder.trace() {
            let left = usize::from(!trace.is_brief());
            trace.open_map();
            return Ok(Entries { decoder, left, key: "" });
        }
        let place = decoder.reader;
        let Some(left) = decoder.reader.map() else {
            return Err(decoder.mismatch(place, "a map"));
        };
        decoder.enter()?;
        Ok(Entries { decoder, left, key: "" })
    }

    #[inline(never)]
    pub fn close(self, error: Option<&Error>) -> Result<(), Error> {
        if let (Some(trace), None) = (self.decoder.trace(), error) {
            return trace.close_map();
        }
        self.decoder.close(self.left, error)
    }
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        if let Some(trace) = self.decoder.trace() {
            return seed.deserialize(TracedKey(trace)).map(Some);
        }
        let place = self.decoder.reader;
        let Some(key) = self.decoder.reader.str() else {
            return Err(self.decoder.mismatch(place, "a key that is a string"));
        };
        self.key = key;
        seed.deserialize(Key(key)).map(Some).map_err(|e| e.within(key.as_bytes()))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(&mut *self.decoder).map_err(|e| e.within(self.key.as_bytes()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.min(self.decoder.reader.rest().len() / 2))
    }
}

/// The key of a map that is being traced.
struct TracedKey<'a>(&'a mut Trace);

impl<'de> serde::Deserializer<'de> for TracedKey<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::new(NO_STRING))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.key(&[]);
        visitor.visit_borrowed_str("a")
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    /// Only a struct with flattened fields asks a map for these.
    fn deserialize_identifier<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::new(UNTRACEABLE))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.key(variants);
        visitor.visit_enum(Key(variants.first().copied().unwrap_or("")))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct ignored_any
    }
}
