use alloc::format;
use core::any::type_name;

use serde::de::{Deserializer, Visitor};

use super::{
    Error, MAX_DEPTH, Reader,
    access::{Elements, Entries, Fields, Variant},
};
use crate::schema::{Scalar, Trace};

/// Why some types cannot be traced.
pub const UNTRACEABLE: &str = "what is here depends on the value: an untagged, tagged or flattened type, or any value";

/// Decodes one value, strictly, from any valid form. With a trace and without any input it does not decode but notes
/// what a type asks for, and gives it samples: one implementation knows what is asked, so that what a schema says is
/// what is decoded.
pub struct Decoder<'de> {
    pub(super) reader: Reader<'de>,
    depth: u8,
    /// There was no payload at all, which reads like an empty map.
    absent: bool,
    pub(super) trace: Option<&'de mut Trace>,
}

impl<'de> Decoder<'de> {
    /// A decoder of a payload; `None` if there is none.
    #[inline]
    pub fn new(payload: Option<&'de [u8]>) -> Self {
        let reader = Reader::new(payload.unwrap_or(&[0x80]));
        Decoder { reader, depth: 0, absent: payload.is_none(), trace: None }
    }

    pub fn tracing(trace: &'de mut Trace) -> Self {
        Decoder { reader: Reader::new(&[]), depth: 0, absent: false, trace: Some(trace) }
    }

    /// Refuses whatever comes behind the value.
    #[inline]
    pub fn finish(&self) -> Result<(), Error> {
        if self.reader.rest().is_empty() {
            Ok(())
        } else {
            Err(Error::new("something comes after the end of the value"))
        }
    }

    /// Whether nothing was sent, or nil.
    fn takes_nothing(&mut self) -> bool {
        self.absent || self.reader.nil()
    }

    /// The trace, if types are being traced.
    #[inline(always)]
    pub(super) fn trace(&mut self) -> Option<&mut Trace> {
        self.trace.as_deref_mut()
    }

    #[inline]
    pub(super) fn enter(&mut self) -> Result<(), Error> {
        if self.depth == MAX_DEPTH {
            return Err(Error::new("more than 64 levels of structs, lists and maps"));
        }
        self.depth += 1;
        Ok(())
    }

    #[inline]
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// What comes at `place` is not what is wanted.
    #[cold]
    pub(super) fn mismatch(&self, place: Reader<'de>, wanted: &str) -> Error {
        let found = if self.absent { "nothing" } else { place.found() };
        let mut beyond = place;
        if beyond.skip(MAX_DEPTH).is_none() && place.peek().is_some() {
            return Error::new(format!("{found} that is cut off or not well-formed, where {wanted} is wanted"));
        }
        Error::new(format!("{found}, where {wanted} is wanted"))
    }

    /// Notes a scalar that a trace was asked for; without a trace, refuses what comes at `place` instead of one.
    #[cold]
    #[inline(never)]
    fn other(&mut self, place: Reader<'de>, wanted: Scalar) -> Result<(), Error> {
        if let Some(trace) = self.trace() {
            trace.scalar(wanted);
            return Ok(());
        }
        let (mut unsigned, mut signed) = (place, place);
        let number = unsigned.uint().map(i128::from).or(signed.int().map(i128::from));
        Err(match number {
            Some(n) if wanted.is_integer() => Error::new(format!("{n} is out of the range of {}", wanted.words())),
            _ => self.mismatch(place, wanted.words()),
        })
    }

    #[inline]
    fn unsigned(&mut self, wanted: Scalar, max: u64) -> Result<u64, Error> {
        let place = self.reader;
        match self.reader.uint() {
            Some(n) if n <= max => Ok(n),
            _ => self.other(place, wanted).map(|()| 1),
        }
    }

    #[inline]
    fn signed(&mut self, wanted: Scalar, min: i64, max: i64) -> Result<i64, Error> {
        let place = self.reader;
        match self.reader.int() {
            Some(n) if min <= n && n <= max => Ok(n),
            _ => self.other(place, wanted).map(|()| 1),
        }
    }

    fn float(&mut self, wanted: Scalar) -> Result<f64, Error> {
        let place = self.reader;
        match self.reader.float() {
            Some(f) => Ok(f),
            None => self.other(place, wanted).map(|()| 1.0),
        }
    }

    #[inline(never)]
    fn string(&mut self, sample: &'static str) -> Result<&'de str, Error> {
        let place = self.reader;
        if let Some(s) = self.reader.str() {
            return Ok(s);
        }
        if let Some(trace) = self.trace() {
            trace.scalar(Scalar::Str);
            return Ok(sample);
        }
        self.reader = place;
        Err(match self.reader.raw_str() {
            Some(_) => Error::new("a string that is not UTF-8"),
            None => self.mismatch(place, Scalar::Str.words()),
        })
    }

    fn bytes(&mut self) -> Result<&'de [u8], Error> {
        let place = self.reader;
        match self.reader.bin() {
            Some(bytes) => Ok(bytes),
            None => self.other(place, Scalar::Bytes).map(|()| &[][..]),
        }
    }

    #[inline]
    pub(super) fn list<V: Visitor<'de>>(&mut self, len: Option<usize>, visitor: V) -> Result<V::Value, Error> {
        let mut elements = Elements::open(self, len)?;
        let result = visitor.visit_seq(&mut elements);
        elements.close(len.is_some(), result.as_ref().err())?;
        result
    }

    /// The fields of a struct, or of a variant that is like one; `role` tells them apart.
    #[inline]
    pub(super) fn fields<V: Visitor<'de>>(
        &mut self,
        role: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut fields = Fields::open(self, type_name::<V::Value>(), role, names)?;
        let result = visitor.visit_map(&mut fields);
        fields.close(result.as_ref().err())?;
        result
    }

    /// A struct without fields, passing over those that came nevertheless.
    pub(super) fn no_fields(&mut self) -> Result<(), Error> {
        let place = self.reader;
        let is_map = self.reader.map().is_some();
        self.reader = place;
        if is_map && self.reader.skip(MAX_DEPTH - self.depth).is_some() {
            return Ok(());
        }
        Err(self.mismatch(place, "a struct"))
    }
}

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
        self.deserialize_str(visitor)
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
