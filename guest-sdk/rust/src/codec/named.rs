use alloc::vec::Vec;

use serde::{
    Serialize, Serializer,
    de::{DeserializeSeed, Deserializer, EnumAccess, VariantAccess, Visitor},
    ser::{Impossible, SerializeStruct, SerializeStructVariant, SerializeTupleVariant},
};

use super::{
    Decoder, Error, append_payload,
    compound::{List, Struct},
    encoder::Encoder,
    encoder::Place,
    key::Key,
    writer,
};

/// Encodes what the envelope has by its name, an event or a rejection: the variant of an enum, or a struct. `head`
/// appends what comes before the payload, given the index of the variant and the name.
pub struct Named<'a, H> {
    pub out: &'a mut Vec<u8>,
    pub head: H,
}

const NO_NAME: &str = "events are variants of an enum, rejections are that or structs";

impl<'a, H: FnOnce(&mut Vec<u8>, usize, &'static str) -> Result<(), Error>> Named<'a, H> {
    fn bare(self, index: u32, name: &'static str) -> Result<(), Error> {
        (self.head)(self.out, index as usize, name)?;
        writer::nil(self.out);
        Ok(())
    }

    #[inline]
    fn full<T: Serialize + ?Sized>(self, index: u32, name: &'static str, value: &T) -> Result<(), Error> {
        (self.head)(self.out, index as usize, name)?;
        append_payload(self.out, value).map_err(|e| e.within(name.as_bytes()))
    }

    #[inline]
    fn fields(self, index: u32, name: &'static str, len: usize) -> Result<NamedFields<'a>, Error> {
        (self.head)(self.out, index as usize, name)?;
        let start = writer::open_bin(self.out);
        // The head is appended through one reference and the fields through another, one after the other.
        let fields = Struct::open(Encoder { out: self.out, depth: 0, place: Place::Top }, len)?;
        Ok(NamedFields { fields, start })
    }
}

/// The fields of a struct that is the payload of something named.
pub struct NamedFields<'a> {
    fields: Struct<'a>,
    start: usize,
}

macro_rules! named_fields {
    ($($trait:ident),*) => {$(
        impl $trait for NamedFields<'_> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
                $trait::serialize_field(&mut self.fields, name, value)
            }

            #[inline]
            fn end(self) -> Result<(), Error> {
                let out = self.fields.finish();
                writer::close_bin(out, self.start);
                Ok(())
            }
        }
    )*};
}

named_fields!(SerializeStruct, SerializeStructVariant);

/// The elements of a tuple that is the payload of something named.
pub struct NamedElements<'a> {
    elements: List<'a>,
    start: usize,
}

impl SerializeTupleVariant for NamedElements<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        SerializeTupleVariant::serialize_field(&mut self.elements, value)
    }

    fn end(self) -> Result<(), Error> {
        writer::close_bin(self.elements.finish(), self.start);
        Ok(())
    }
}

macro_rules! refuse {
    ($($method:ident($($type:ty),*) -> $ok:ty;)*) => {$(
        fn $method(self, $(_: $type),*) -> Result<$ok, Error> {
            Err(Error::new(NO_NAME))
        }
    )*};
}

impl<'a, H: FnOnce(&mut Vec<u8>, usize, &'static str) -> Result<(), Error>> Serializer for Named<'a, H> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Impossible<(), Error>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = NamedElements<'a>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStruct = NamedFields<'a>;
    type SerializeStructVariant = NamedFields<'a>;

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, index: u32, variant: &'static str) -> Result<(), Error> {
        self.bare(index, variant)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), Error> {
        self.bare(0, name)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.full(index, variant, value)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), Error> {
        self.full(0, name, value)
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<NamedFields<'a>, Error> {
        self.fields(index, variant, len)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<NamedElements<'a>, Error> {
        (self.head)(self.out, index as usize, variant)?;
        let start = writer::open_bin(self.out);
        let elements = List::open(Encoder { out: self.out, depth: 0, place: Place::Top }, len)?;
        Ok(NamedElements { elements, start })
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<NamedFields<'a>, Error> {
        self.fields(0, name, len)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), Error> {
        Err(Error::new(NO_NAME))
    }

    refuse! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_map(Option<usize>) -> Self::SerializeMap;
    }
}

/// Decodes the variant of an enum whose name and content the envelope has: an event.
pub struct NamedContent<'de> {
    pub variant: &'de str,
    pub payload: Option<&'de [u8]>,
}

impl<'de> Deserializer<'de> for NamedContent<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::new(NO_NAME))
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for NamedContent<'de> {
    type Error = Error;
    type Variant = Self;

    #[inline]
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        Ok((seed.deserialize(Key(self.variant))?, self))
    }
}

impl<'de> VariantAccess<'de> for NamedContent<'de> {
    type Error = Error;

    /// An event without content comes with none, or with an empty map, or with fields that it does not have.
    fn unit_variant(self) -> Result<(), Error> {
        let mut decoder = Decoder::new(self.payload);
        decoder.no_fields()?;
        decoder.finish()
    }

    #[inline]
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        let mut decoder = Decoder::new(self.payload);
        let value = seed.deserialize(&mut decoder)?;
        decoder.finish()?;
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        let mut decoder = Decoder::new(self.payload);
        let value = decoder.list(Some(len), visitor)?;
        decoder.finish()?;
        Ok(value)
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        let mut decoder = Decoder::new(self.payload);
        let value = decoder.fields("", fields, visitor)?;
        decoder.finish()?;
        Ok(value)
    }
}
