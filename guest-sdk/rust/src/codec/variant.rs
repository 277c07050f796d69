use serde::de::{DeserializeSeed, EnumAccess, VariantAccess, Visitor};

use super::{Decoder, Error, key::Key};

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
