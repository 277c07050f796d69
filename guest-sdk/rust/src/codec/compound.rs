use alloc::{collections::BinaryHeap, vec::Vec};
use core::ops::Range;

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::{
    Error, MAX_DEPTH, Reader,
    encoder::{Encoder, Place},
    key::KeyEncoder,
    writer::{self, ARRAY, Container, MAP},
};

/// An array or a map that is being encoded, of which not all was said at its head.
struct Body<'a> {
    out: &'a mut Vec<u8>,
    depth: u8,
    start: usize,
    said: usize,
    count: usize,
}

impl<'a> Body<'a> {
    #[inline]
    fn open(encoder: Encoder<'a>, container: Container, said: usize) -> Result<Self, Error> {
        let (out, depth) = encoder.enter()?;
        let start = out.len();
        container.open(out, said);
        Ok(Body { out, depth, start, said, count: 0 })
    }

    #[inline]
    fn inner(&mut self, place: Place) -> Encoder<'_> {
        Encoder { out: self.out, depth: self.depth, place }
    }

    #[inline]
    fn close(self, container: Container) -> Result<bool, Error> {
        container.close(self.out, self.start, self.said, self.count);
        Ok(true)
    }
}

/// The elements of an array.
pub struct List<'a>(Body<'a>);

impl<'a> List<'a> {
    #[inline]
    pub fn open(encoder: Encoder<'a>, said: usize) -> Result<Self, Error> {
        Body::open(encoder, ARRAY, said).map(List)
    }

    /// Ends the list, and gives back what it was appended to.
    pub fn finish(self) -> &'a mut Vec<u8> {
        ARRAY.close(self.0.out, self.0.start, self.0.said, self.0.count);
        self.0.out
    }

    #[inline]
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let index = self.0.count;
        value.serialize(self.0.inner(Place::Inside)).map_err(|e| e.at(index))?;
        self.0.count += 1;
        Ok(())
    }
}

macro_rules! lists {
    ($($trait:ident::$push:ident),*) => {$(
        impl $trait for List<'_> {
            type Ok = bool;
            type Error = Error;

            #[inline]
            fn $push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.push(value)
            }

            #[inline]
            fn end(self) -> Result<bool, Error> {
                self.0.close(ARRAY)
            }
        }
    )*};
}

lists!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

/// The fields of a struct; those that are absent are left out.
pub struct Struct<'a>(Body<'a>);

impl<'a> Struct<'a> {
    #[inline]
    pub fn open(encoder: Encoder<'a>, said: usize) -> Result<Self, Error> {
        Body::open(encoder, MAP, said).map(Struct)
    }

    /// Ends the struct and gives the output back.
    #[inline]
    pub fn finish(self) -> &'a mut Vec<u8> {
        let Body { out, start, said, count, .. } = self.0;
        MAP.close(out, start, said, count);
        out
    }
}

macro_rules! structs {
    ($($trait:ident),*) => {$(
        impl $trait for Struct<'_> {
            type Ok = bool;
            type Error = Error;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
                let start = self.0.out.len();
                writer::str(self.0.out, name);
                if value.serialize(self.0.inner(Place::Field)).map_err(|e| e.within(name.as_bytes()))? {
                    self.0.count += 1;
                } else {
                    self.0.out.truncate(start);
                }
                Ok(())
            }

            #[inline]
            fn end(self) -> Result<bool, Error> {
                self.0.close(MAP)
            }
        }
    )*};
}

structs!(SerializeStruct, SerializeStructVariant);

/// The entries of a map, which end up sorted by the bytes of their keys.
pub struct Map<'a> {
    body: Body<'a>,
    /// Where the latest key is, with its head.
    key: Range<usize>,
    sorted: bool,
}

impl<'a> Map<'a> {
    pub fn open(encoder: Encoder<'a>, said: usize) -> Result<Self, Error> {
        let body = Body::open(encoder, MAP, said)?;
        Ok(Map { body, key: 0..0, sorted: true })
    }

    /// The text of a key that is in the output.
    fn text(&self, key: &Range<usize>) -> &[u8] {
        Reader::new(&self.body.out[key.clone()]).raw_str().unwrap_or_default()
    }
}

impl SerializeMap for Map<'_> {
    type Ok = bool;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let start = self.body.out.len();
        key.serialize(KeyEncoder(self.body.out))?;
        let key = start..self.body.out.len();
        self.sorted = self.sorted && (self.body.count == 0 || self.text(&self.key) < self.text(&key));
        self.key = key;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(self.body.inner(Place::Inside)).map_err(|e| e.within(self.text(&self.key)))?;
        self.body.count += 1;
        Ok(())
    }

    fn end(mut self) -> Result<bool, Error> {
        if !self.sorted {
            self.sort()?;
        }
        self.body.close(MAP)
    }
}

impl Map<'_> {
    /// Sorts the entries. What is in a map that came sorted, as nearly all do, is never looked at again.
    #[cold]
    fn sort(&mut self) -> Result<(), Error> {
        let body = &mut self.body;
        let mut head = Vec::new();
        MAP.open(&mut head, body.said);
        let first = body.start + head.len();
        let copy = body.out.split_off(first);
        let mut reader = Reader::new(&copy);
        // A heap, as it takes a tenth of the code that the library's sorting does.
        let mut entries = BinaryHeap::with_capacity(body.count);
        for _ in 0..body.count {
            let from = reader.rest();
            let key = reader.raw_str().unwrap_or_default();
            reader.skip(MAX_DEPTH).ok_or_else(|| Error::new("a value that is not well-formed").within(key))?;
            entries.push((key, &from[..from.len() - reader.rest().len()]));
        }
        let entries = entries.into_sorted_vec();
        for pair in entries.windows(2) {
            if pair[0].0 == pair[1].0 {
                return Err(Error::new("this key comes twice").within(pair[0].0));
            }
        }
        for (_, entry) in entries {
            body.out.extend_from_slice(entry);
        }
        Ok(())
    }
}
