use alloc::vec::Vec;

use serde::ser::{Error as _, Serialize, Serializer};

use super::{
    Error, MAX_DEPTH,
    compound::{List, Map, Struct},
    writer,
};

/// Encodes one value in the canonical form. What it gives says whether there is a value at all: in the places where
/// something may be absent, an absent one writes nothing.
pub struct Encoder<'a> {
    pub out: &'a mut Vec<u8>,
    pub depth: u8,
    pub place: Place,
}

/// Where a value stands, which decides what of it may be absent.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    /// It is a whole payload: an `Option` or `()` may be.
    Top,
    /// It is a field of a struct: an `Option` may be.
    Field,
    /// Anywhere else: it must be there.
    Inside,
}

impl<'a> Encoder<'a> {
    /// The way into an array or a map.
    #[inline]
    pub fn enter(self) -> Result<(&'a mut Vec<u8>, u8), Error> {
        if self.depth == MAX_DEPTH {
            return Err(Error::new("more than 64 levels of structs, lists and maps"));
        }
        Ok((self.out, self.depth + 1))
    }

    /// The way into a variant's content, behind its name.
    #[inline]
    fn variant(self, name: &'static str) -> Result<Encoder<'a>, Error> {
        let (out, depth) = self.enter()?;
        writer::MAP.open(out, 1);
        writer::str(out, name);
        Ok(Encoder { out, depth, place: Place::Inside })
    }
}

const NO_NIL: &str = "an Option stands only directly for a field of a struct, where None leaves it out";

macro_rules! integers {
    ($($method:ident($type:ty) as $append:ident($wide:ty);)*) => {$(
        #[inline]
        fn $method(self, n: $type) -> Result<bool, Error> {
            writer::$append(self.out, <$wide>::from(n));
            Ok(true)
        }
    )*};
}

impl<'a> Serializer for Encoder<'a> {
    type Ok = bool;
    type Error = Error;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeTupleStruct = List<'a>;
    type SerializeTupleVariant = List<'a>;
    type SerializeMap = Map<'a>;
    type SerializeStruct = Struct<'a>;
    type SerializeStructVariant = Struct<'a>;

    integers! {
        serialize_u8(u8) as uint(u64);
        serialize_u16(u16) as uint(u64);
        serialize_u32(u32) as uint(u64);
        serialize_u64(u64) as uint(u64);
        serialize_i8(i8) as int(i64);
        serialize_i16(i16) as int(i64);
        serialize_i32(i32) as int(i64);
        serialize_i64(i64) as int(i64);
        serialize_f32(f32) as float(f64);
        serialize_f64(f64) as float(f64);
    }

    fn serialize_bool(self, b: bool) -> Result<bool, Error> {
        writer::bool(self.out, b);
        Ok(true)
    }

    fn serialize_char(self, c: char) -> Result<bool, Error> {
        self.serialize_str(c.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, s: &str) -> Result<bool, Error> {
        writer::str(self.out, s);
        Ok(true)
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<bool, Error> {
        writer::bin(self.out, bytes);
        Ok(true)
    }

    #[inline]
    fn serialize_none(self) -> Result<bool, Error> {
        if self.place == Place::Inside {
            return Err(Error::custom(NO_NIL));
        }
        Ok(false)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<bool, Error> {
        value.serialize(Encoder { place: Place::Inside, ..self })
    }

    fn serialize_unit(self) -> Result<bool, Error> {
        if self.place != Place::Top {
            return Err(Error::custom("() stands only for a whole payload that there is none of"));
        }
        Ok(false)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<bool, Error> {
        let (out, _) = self.enter()?;
        writer::MAP.open(out, 0);
        Ok(true)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<bool, Error> {
        self.serialize_str(variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<bool, Error> {
        value.serialize(Encoder { place: Place::Inside, ..self })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<bool, Error> {
        value.serialize(self.variant(variant)?).map_err(|e| e.within(variant.as_bytes()))
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<List<'a>, Error> {
        List::open(self, len.unwrap_or(0))
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<List<'a>, Error> {
        List::open(self, len)
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<List<'a>, Error> {
        List::open(self, len)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<List<'a>, Error> {
        List::open(self.variant(variant)?, len)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Map<'a>, Error> {
        Map::open(self, len.unwrap_or(0))
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Struct<'a>, Error> {
        Struct::open(self, len)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Struct<'a>, Error> {
        Struct::open(self.variant(variant)?, len)
    }
}
