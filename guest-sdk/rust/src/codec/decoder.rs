use alloc::{format, string::String};
use core::any::type_name;

use serde::de::Visitor;

use super::{Error, MAX_DEPTH, Reader, elements::Elements, fields::Fields};
use crate::schema::{Scalar, Trace};

/// Decodes one value, strictly, from any valid form. With a trace and without any input it does not decode but notes
/// what a type asks for, and gives it samples: one implementation knows what is asked, so that what a schema says is
/// what is decoded.
pub struct Decoder<'de> {
    pub(super) reader: Reader<'de>,
    pub(super) depth: u8,
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
    pub(super) fn takes_nothing(&mut self) -> bool {
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

    /// Leaves a list or a map, of which the type has left over so many, when all went well so far.
    pub(super) fn close(&mut self, left: usize, error: Option<&Error>) -> Result<(), Error> {
        if error.is_none() {
            self.depth -= 1;
            if left > 0 {
                return Err(Error::new("more elements than the type takes"));
            }
        }
        Ok(())
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
    pub(super) fn other(&mut self, place: Reader<'de>, wanted: Scalar) -> Result<(), Error> {
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
    pub(super) fn unsigned(&mut self, wanted: Scalar, max: u64) -> Result<u64, Error> {
        let place = self.reader;
        match self.reader.uint() {
            Some(n) if n <= max => Ok(n),
            _ => self.other(place, wanted).map(|()| 1),
        }
    }

    #[inline]
    pub(super) fn signed(&mut self, wanted: Scalar, min: i64, max: i64) -> Result<i64, Error> {
        let place = self.reader;
        match self.reader.int() {
            Some(n) if min <= n && n <= max => Ok(n),
            _ => self.other(place, wanted).map(|()| 1),
        }
    }

    pub(super) fn float(&mut self, wanted: Scalar) -> Result<f64, Error> {
        let place = self.reader;
        match self.reader.float() {
            Some(f) => Ok(f),
            None => self.other(place, wanted).map(|()| 1.0),
        }
    }

    #[inline(never)]
    pub(super) fn string(&mut self, sample: &'static str) -> Result<&'de str, Error> {
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

    /// A string of one's own.
    #[inline(never)]
    pub(super) fn owned(&mut self) -> Result<String, Error> {
        let place = self.reader;
        match self.reader.string() {
            Some(s) => Ok(s),
            None => {
                self.reader = place;
                self.string("").map(String::from)
            }
        }
    }

    pub(super) fn bytes(&mut self) -> Result<&'de [u8], Error> {
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
