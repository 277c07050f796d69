use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::{Decoder, Error, decoder::UNTRACEABLE, key::Key};

fn all_taken(left: usize) -> Result<(), Error> {
    if left == 0 { Ok(()) } else { Err(Error::new("more elements than the type takes")) }
}

/// The elements of a list.
pub struct Elements<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    left: usize,
    index: usize,
}

impl<'a, 'de> Elements<'a, 'de> {
    /// One sample of an element, or one for each of the places.
    pub fn traced(decoder: &'a mut Decoder<'de>, len: Option<usize>) -> Self {
        let brief = decoder.trace().is_some_and(|trace| trace.is_brief());
        Elements { decoder, left: len.unwrap_or(usize::from(!brief)), index: 0 }
    }

    #[inline]
    pub fn read<V: Visitor<'de>>(decoder: &'a mut Decoder<'de>, count: usize, visitor: V) -> Result<V::Value, Error> {
        decoder.enter()?;
        let mut elements = Elements { decoder, left: count, index: 0 };
        let value = visitor.visit_seq(&mut elements)?;
        elements.decoder.leave();
        all_taken(elements.left)?;
        Ok(value)
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
        self.left -= 1;
        self.index += 1;
        if let Some(trace) = self.decoder.trace() {
            trace.element()?;
        }
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
}

impl<'a, 'de> Fields<'a, 'de> {
    /// Those that the trace wants.
    pub fn traced(decoder: &'a mut Decoder<'de>) -> Self {
        Fields { decoder, left: 0, key: "" }
    }

    #[inline]
    pub fn read<V: Visitor<'de>>(decoder: &'a mut Decoder<'de>, count: usize, visitor: V) -> Result<V::Value, Error> {
        decoder.enter()?;
        let mut fields = Fields { decoder, left: count, key: "" };
        let value = visitor.visit_map(&mut fields)?;
        fields.decoder.leave();
        all_taken(fields.left)?;
        Ok(value)
    }
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = Error;

    /// A field that is nil is as if it were absent, which is for the struct to take or to refuse.
    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if let Some(trace) = self.decoder.trace() {
            let Some(name) = trace.next_field() else {
                return Ok(None);
            };
            self.key = name;
            return seed.deserialize(Key(name)).map(Some);
        }
        while self.left > 0 {
            self.left -= 1;
            let place = self.decoder.reader;
            let Some(key) = self.decoder.reader.str() else {
                return Err(self.decoder.mismatch(place, "the name of a field"));
            };
            if !self.decoder.reader.nil() {
                self.key = key;
                return seed.deserialize(Key(key)).map(Some);
            }
        }
        Ok(None)
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
    /// One sample of an entry.
    pub fn traced(decoder: &'a mut Decoder<'de>) -> Self {
        let brief = decoder.trace().is_some_and(|trace| trace.is_brief());
        Entries { decoder, left: usize::from(!brief), key: "" }
    }

    pub fn read<V: Visitor<'de>>(decoder: &'a mut Decoder<'de>, count: usize, visitor: V) -> Result<V::Value, Error> {
        decoder.enter()?;
        let mut entries = Entries { decoder, left: count, key: "" };
        let value = visitor.visit_map(&mut entries)?;
        entries.decoder.leave();
        all_taken(entries.left)?;
        Ok(value)
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
    /// The one that the trace wants.
    pub fn traced(decoder: &'a mut Decoder<'de>, name: &'static str) -> Self {
        Variant { decoder, name, full: false }
    }

    #[inline]
    pub fn read<V: Visitor<'de>>(decoder: &'a mut Decoder<'de>, visitor: V) -> Result<V::Value, Error> {
        let place = decoder.reader;
        if let Some(name) = decoder.reader.str() {
            return visitor.visit_enum(Variant { decoder, name, full: false });
        }
        decoder.reader = place;
        match (decoder.reader.map(), decoder.reader.str()) {
            (Some(1), Some(name)) => {
                decoder.enter()?;
                let variant = Variant { decoder: &mut *decoder, name, full: true };
                let value = visitor.visit_enum(variant)?;
                decoder.leave();
                Ok(value)
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
        }
        if self.full {
            return Err(Error::new("a variant without content is just a string").within(self.name.as_bytes()));
        }
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        if self.decoder.trace().is_none() {
            self.content()?;
        }
        let value = seed.deserialize(&mut *self.decoder).map_err(|e| e.within(self.name.as_bytes()))?;
        self.decoder.trace().map_or(Ok(()), |trace| trace.present("as the content of a variant"))?;
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        if self.decoder.trace().is_none() {
            self.content()?;
        }
        self.decoder.list(Some(len), visitor).map_err(|e| e.within(self.name.as_bytes()))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        if let Some(trace) = self.decoder.trace() {
            let role = trace.variant();
            return self.decoder.fields(role, fields, visitor);
        }
        self.content()?;
        self.decoder.fields("", fields, visitor).map_err(|e| e.within(self.name.as_bytes()))
    }
}

/// The key of a map that is being traced.
struct TracedKey<'a>(&'a mut crate::schema::Trace);

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
