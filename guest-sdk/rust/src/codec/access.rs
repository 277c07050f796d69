use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::{Decoder, Error, decoder::UNTRACEABLE, key::Key};
use crate::schema::Trace;

/// Refuses what a type has left over of a list or a map, when all went well so far.
fn close(decoder: &mut Decoder<'_>, left: usize, error: Option<&Error>) -> Result<(), Error> {
    if error.is_none() {
        decoder.leave();
        if left > 0 {
            return Err(Error::new("more elements than the type takes"));
        }
    }
    Ok(())
}

/// The elements of a list. What does not depend on their type is not inlined, here and below, as it would be there
/// once for each type.
pub struct Elements<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    left: usize,
    index: usize,
}

impl<'a, 'de> Elements<'a, 'de> {
    /// The elements that come, of which there must be `len` if that is given. Of a list that is traced, one sample, or one for
    /// each of the places.
    #[inline(never)]
    pub fn open(decoder: &'a mut Decoder<'de>, len: Option<usize>) -> Result<Self, Error> {
        if let Some(trace) = decoder.trace() {
            let left = len.unwrap_or(usize::from(!trace.is_brief()));
            trace.open_list();
            return Ok(Elements { decoder, left, index: 0 });
        }
        let place = decoder.reader;
        let Some(left) = decoder.reader.array() else {
            return Err(decoder.mismatch(place, "a list"));
        };
        if let Some(len) = len.filter(|len| *len != left) {
            return Err(Error::new(format_args!("a list of {left}, where one of {len} is wanted")));
        }
        decoder.enter()?;
        Ok(Elements { decoder, left, index: 0 })
    }

    #[inline(never)]
    pub fn close(self, fixed: bool, error: Option<&Error>) -> Result<(), Error> {
        if let (Some(trace), None) = (self.decoder.trace(), error) {
            trace.close_list(fixed);
            return Ok(());
        }
        close(self.decoder, self.left, error)
    }

    /// One more was taken.
    #[inline]
    fn advance(&mut self) -> Result<(), Error> {
        self.left -= 1;
        self.index += 1;
        self.decoder.trace().map_or(Ok(()), Trace::element)
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        let value = seed.deserialize(&mut *self.decoder).map_err(|e| e.at(self.index))?;
        self.advance()?;
        Ok(Some(value))
    }

    /// Never more than there can be.
    fn size_hint(&self) -> Option<usize> {
        Some(self.left.min(self.decoder.reader.rest().len()))
    }
}

/// The fields of a struct.
pub struct Fields<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    left: usize,
    key: &'de str,
    /// The struct, while it is being traced.
    id: usize,
}

impl<'a, 'de> Fields<'a, 'de> {
    /// The fields that come, or those that the trace wants.
    #[inline(never)]
    pub fn open(
        decoder: &'a mut Decoder<'de>,
        type_name: &'static str,
        role: &'static str,
        fields: &'static [&'static str],
    ) -> Result<Self, Error> {
        if let Some(trace) = decoder.trace() {
            let id = trace.open_struct(type_name, role, fields)?;
            return Ok(Fields { decoder, left: 0, key: "", id });
        }
        let place = decoder.reader;
        let Some(left) = decoder.reader.map() else {
            return Err(decoder.mismatch(place, "a struct"));
        };
        decoder.enter()?;
        Ok(Fields { decoder, left, key: "", id: 0 })
    }

    #[inline(never)]
    pub fn close(self, error: Option<&Error>) -> Result<(), Error> {
        if let Some(trace) = self.decoder.trace() {
            return trace.close_struct(self.id, error);
        }
        close(self.decoder, self.left, error)
    }

    /// The name of the next field. One that is nil is as if it were absent, which is for the struct to take or to refuse.
    #[inline(never)]
    fn next_name(&mut self) -> Result<Option<&'de str>, Error> {
        if let Some(trace) = self.decoder.trace() {
            let name = trace.next_field();
            self.key = name.unwrap_or_default();
            return Ok(name);
        }
        while self.left > 0 {
            self.left -= 1;
            let place = self.decoder.reader;
            let Some(key) = self.decoder.reader.str() else {
                return Err(self.decoder.mismatch(place, "the name of a field"));
            };
            if !self.decoder.reader.nil() {
                self.key = key;
                return Ok(Some(key));
            }
        }
        Ok(None)
    }
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        match self.next_name()? {
            Some(name) => seed.deserialize(Key(name)).map(Some),
            None => Ok(None),
        }
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let value = seed.deserialize(&mut *self.decoder).map_err(|e| e.within(self.key.as_bytes()))?;
        if let Some(trace) = self.decoder.trace() {
            trace.field();
        }
        Ok(value)
    }
}

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
        close(self.decoder, self.left, error)
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

/// One of the variants of an enum.
pub struct Variant<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    name: &'de str,
    /// It came with content.
    full: bool,
}

impl<'a, 'de> Variant<'a, 'de> {
    /// The variant that comes, or the one that the trace wants, and the enum while it is being traced.
    #[inline(never)]
    pub fn open(
        decoder: &'a mut Decoder<'de>,
        type_name: &'static str,
        variants: &'static [&'static str],
    ) -> Result<(Self, usize), Error> {
        if let Some(trace) = decoder.trace() {
            let (id, name) = trace.open_enum(type_name, variants)?;
            return Ok((Variant { decoder, name, full: true }, id));
        }
        let place = decoder.reader;
        if let Some(name) = decoder.reader.str() {
            return Ok((Variant { decoder, name, full: false }, 0));
        }
        decoder.reader = place;
        match (decoder.reader.map(), decoder.reader.str()) {
            (Some(1), Some(name)) => {
                decoder.enter()?;
                Ok((Variant { decoder, name, full: true }, 0))
            }
            (Some(_), _) => Err(Error::new("a variant with content is a map of one entry, its name and the content")),
            _ => Err(decoder.mismatch(place, "a variant of an enum")),
        }
    }

    /// The content of a variant that must have some.
    #[inline]
    fn content(&self) -> Result<(), Error> {
        if self.full {
            return Ok(());
        }
        Err(Error::new("a variant with content is a map of one entry, not just a string").within(self.name.as_bytes()))
    }
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    #[inline]
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        Ok((seed.deserialize(Key(self.name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        if let Some(trace) = self.decoder.trace() {
            trace.nothing();
        } else if self.full {
            return Err(Error::new("a variant without content is just a string").within(self.name.as_bytes()));
        }
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        self.content()?;
        let value = seed.deserialize(&mut *self.decoder).map_err(|e| e.within(self.name.as_bytes()))?;
        self.decoder.trace().map_or(Ok(()), |trace| trace.present("as the content of a variant"))?;
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.content()?;
        self.decoder.list(Some(len), visitor).map_err(|e| e.within(self.name.as_bytes()))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.content()?;
        let role = self.decoder.trace().map_or("", |trace| trace.variant());
        self.decoder.fields(role, fields, visitor).map_err(|e| e.within(self.name.as_bytes()))
    }
}

/// The key of a map that is being traced.
struct TracedKey<'a>(&'a mut Trace);

impl<'de> serde::Deserializer<'de> for TracedKey<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::new(super::key::NO_STRING))
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
