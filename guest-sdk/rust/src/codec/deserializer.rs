use core::any::type_name;

use serde::de::{Deserializer, Visitor};

use super::{Decoder, Error, MAX_DEPTH, entries::Entries, variant::Variant};
use crate::schema::{Scalar, Trace};

/// Why some types cannot be traced.
pub const UNTRACEABLE: &str = "what is here depends on the value: an untagged, tagged or flattened type, or any value";

macro_rules! scalars {
    ($($method:ident => $visit:ident($read:ident, $scalar:ident $(, $min:expr)* $(; $type:ty)?);)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let value = self.$read(Scalar::$scalar $(, $min)*)?;
            visitor.$visit(value $(as $type)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Decoder<'de> {
    type Error = Error;

    scalars! {
        deserialize_u8 => visit_u8(unsigned, U8, u8::MAX.into(); u8);
        deserialize_u16 => visit_u16(unsigned, U16, u16::MAX.into(); u16);
        deserialize_u32 => visit_u32(unsigned, U32, u32::MAX.into(); u32);
        deserialize_u64 => visit_u64(unsigned, U64, u64::MAX);
        deserialize_i8 => visit_i8(signed, I8, i8::MIN.into(), i8::MAX.into(); i8);
        deserialize_i16 => visit_i16(signed, I16, i16::MIN.into(), i16::MAX.into(); i16);
        deserialize_i32 => visit_i32(signed, I32, i32::MIN.into(), i32::MAX.into(); i32);
        deserialize_i64 => visit_i64(signed, I64, i64::MIN, i64::MAX);
        deserialize_f64 => visit_f64(float, F64);
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let wide = self.float(Scalar::F32)?;
        let narrow = wide as f32;
        if narrow.is_infinite() && !wide.is_infinite() {
            return Err(Error::new("a float beyond 32 bits"));
        }
        visitor.visit_f32(narrow)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let place = self.reader;
        match self.reader.bool() {
            Some(b) => visitor.visit_bool(b),
            None => {
                self.other(place, Scalar::Bool)?;
                visitor.visit_bool(false)
            }
        }
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let s = self.string("")?;
        visitor.visit_borrowed_str(s)
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let s = self.owned()?;
        visitor.visit_string(s)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let s = self.string("a")?;
        visitor.visit_borrowed_str(s)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let bytes = self.bytes()?;
        visitor.visit_borrowed_bytes(bytes)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if let Some(trace) = self.trace() {
            if trace.is_brief() {
                return visitor.visit_none();
            }
            let value = visitor.visit_some(&mut *self)?;
            self.trace().map_or(Ok(()), Trace::optional)?;
            return Ok(value);
        }
        if self.takes_nothing() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.trace() {
            Some(trace) => trace.nothing(),
            None => self.no_fields()?,
        }
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        if let Some(trace) = self.trace() {
            let id = trace.open_struct(type_name::<V::Value>(), name, &[])?;
            trace.close_struct(id, None)?;
            return visitor.visit_unit();
        }
        self.no_fields()?;
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        let value = visitor.visit_newtype_struct(&mut *self)?;
        self.trace().map_or(Ok(()), |trace| {
            trace.present("directly in a struct of one place; make it #[serde(transparent)]")
        })?;
        Ok(value)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.list(None, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.list(Some(len), visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.list(Some(len), visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut entries = Entries::open(self)?;
        let result = visitor.visit_map(&mut entries);
        entries.close(result.as_ref().err())?;
        result
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.fields(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let depth = self.depth;
        let (variant, id) = Variant::open(self, type_name::<V::Value>(), variants)?;
        let value = visitor.visit_enum(variant)?;
        self.depth = depth;
        if let Some(trace) = self.trace() {
            trace.close_enum(id);
        }
        Ok(value)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.trace.is_some() {
            return Err(Error::new(UNTRACEABLE));
        }
        match self.reader.peek() {
            Some(0x80..=0x8f | 0xde | 0xdf) => self.deserialize_map(visitor),
            Some(0x90..=0x9f | 0xdc | 0xdd) => self.deserialize_seq(visitor),
            Some(0xa0..=0xbf | 0xd9..=0xdb) => self.deserialize_str(visitor),
            Some(0xc2 | 0xc3) => self.deserialize_bool(visitor),
            Some(0xc4..=0xc6) => self.deserialize_bytes(visitor),
            Some(0xca | 0xcb) => self.deserialize_f64(visitor),
            Some(0xc0) => {
                self.reader.byte();
                visitor.visit_unit()
            }
            _ => {
                let mut ahead = self.reader;
                if ahead.uint().is_some() { self.deserialize_u64(visitor) } else { self.deserialize_i64(visitor) }
            }
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let place = self.reader;
        match self.reader.skip(MAX_DEPTH - self.depth) {
            Some(()) => visitor.visit_unit(),
            None => Err(self.mismatch(place, "anything well-formed")),
        }
    }
}
