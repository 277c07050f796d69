use core::{marker::PhantomData, mem};

use serde::de::{Deserialize, DeserializeSeed, MapAccess};

use super::{Decoder, Error, MAX_DEPTH, key::Key, place::Place};
use crate::schema::Trace;

/// The fields of a struct.
pub struct Fields<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    left: usize,
    names: &'static [&'static str],
    /// The place among the names of the field that is likely to come next, as fields do in order.
    next: usize,
    key: &'de str,
    /// The struct, while it is being traced.
    id: usize,
}

/// No place of a field.
const ELSE: usize = usize::MAX;

/// How the next field of a struct is known.
enum Field {
    /// By its place among the names that the struct gives.
    Known(usize),
    /// By a name that is not there, or that is to be told as it is.
    Named,
    /// There is none.
    None,
}

impl<'a, 'de> Fields<'a, 'de> {
    /// The fields that come, or those that the trace wants.
    #[inline(always)]
    pub fn open(
        decoder: &'a mut Decoder<'de>,
        type_name: &'static str,
        role: &'static str,
        names: &'static [&'static str],
    ) -> Result<Self, Error> {
        if decoder.trace.is_none() && decoder.depth < MAX_DEPTH {
            if let Some(left) = decoder.reader.take_small_map() {
                decoder.depth += 1;
                return Ok(Fields { decoder, left, names, next: 0, key: "", id: 0 });
            }
        }
        Self::open_any(decoder, type_name, role, names)
    }

    #[inline(never)]
    fn open_any(
        decoder: &'a mut Decoder<'de>,
        type_name: &'static str,
        role: &'static str,
        names: &'static [&'static str],
    ) -> Result<Self, Error> {
        if let Some(trace) = decoder.trace() {
            let id = trace.open_struct(type_name, role, names)?;
            return Ok(Fields { decoder, left: 0, names, next: 0, key: "", id });
        }
        let place = decoder.reader;
        let Some(left) = decoder.reader.map() else {
            return Err(decoder.mismatch(place, "a struct"));
        };
        decoder.enter()?;
        Ok(Fields { decoder, left, names, next: 0, key: "", id: 0 })
    }

    #[inline(always)]
    pub fn close(self, error: Option<&Error>) -> Result<(), Error> {
        if self.decoder.trace.is_none() && error.is_none() && self.left == 0 {
            self.decoder.depth -= 1;
            return Ok(());
        }
        self.close_any(error)
    }

    #[inline(never)]
    fn close_any(self, error: Option<&Error>) -> Result<(), Error> {
        if let Some(trace) = self.decoder.trace() {
            return trace.close_struct(self.id, error);
        }
        self.decoder.close(self.left, error)
    }

    /// The place of the field that comes next if it is the next one in order, else [`ELSE`].
    #[inline(never)]
    fn in_order(&mut self) -> usize {
        let place = self.next;
        if let (Some(name), true) = (self.names.get(place), self.left > 0) {
            if self.decoder.reader.take_name(name) {
                self.left -= 1;
                self.next = place + 1;
                return place;
            }
        }
        ELSE
    }

    /// The next field, whichever it is. One that is nil is as if it were absent, which is for the struct to take or to
    /// refuse.
    #[cold]
    #[inline(never)]
    fn any(&mut self) -> Result<Field, Error> {
        while self.left > 0 {
            self.left -= 1;
            if let Some(field) = self.other()? {
                return Ok(field);
            }
        }
        Ok(self.traced())
    }

    /// The field that comes although it was not the next one in order; `None` if it is nil.
    fn other(&mut self) -> Result<Option<Field>, Error> {
        let place = self.decoder.reader;
        let Some(key) = self.decoder.reader.str() else {
            return Err(self.decoder.mismatch(place, "the name of a field"));
        };
        let known = self.names.iter().position(|name| *name == key);
        self.next = known.map_or(0, |place| place + 1);
        self.key = key;
        Ok((!self.decoder.reader.nil()).then(|| known.map_or(Field::Named, Field::Known)))
    }

    /// Says that an error is in the field at hand.
    #[cold]
    #[inline(never)]
    fn within(&self, error: Error) -> Error {
        let name = self.next.checked_sub(1).and_then(|place| self.names.get(place)).unwrap_or(&self.key);
        error.within(name.as_bytes())
    }

    /// The field that a trace wants next.
    #[cold]
    fn traced(&mut self) -> Field {
        let name = self.decoder.trace().and_then(Trace::next_field);
        self.key = name.unwrap_or_default();
        self.next = 0;
        if name.is_some() { Field::Named } else { Field::None }
    }

    /// Whether a type that stands for the fields, as derives make one, can be told a field by its place among the names.
    /// It cannot if a field has several of them, or if the type was written by hand and knows names alone.
    #[inline(always)]
    fn takes_places<K: Deserialize<'de>>(&self) -> bool {
        let last = K::deserialize(Place(self.names.len().wrapping_sub(1)));
        match (last, K::deserialize(Place(usize::MAX))) {
            (Ok(last), Ok(beyond)) => mem::discriminant(&last) != mem::discriminant(&beyond),
            (last, beyond) => last.is_ok() && beyond.is_err(),
        }
    }
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_key<K: Deserialize<'de>>(&mut self) -> Result<Option<K>, Error> {
        if self.left == 0 && self.decoder.trace().is_none() {
            return Ok(None);
        }
        let place = if self.takes_places::<K>() { self.in_order() } else { ELSE };
        match place {
            ELSE => match self.any()? {
                Field::Known(place) if self.takes_places::<K>() => Ok(K::deserialize(Place(place)).ok()),
                Field::None => Ok(None),
                _ => named(PhantomData, self.key),
            },
            place => Ok(K::deserialize(Place(place)).ok()),
        }
    }

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        match self.any()? {
            Field::None => Ok(None),
            _ => named(seed, self.key),
        }
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let value = seed.deserialize(&mut *self.decoder).map_err(|e| self.within(e))?;
        if let Some(trace) = self.decoder.trace() {
            trace.field();
        }
        Ok(value)
    }
}

/// Tells a field by its name.
#[cold]
#[inline(never)]
fn named<'de, K: DeserializeSeed<'de>>(seed: K, name: &'de str) -> Result<Option<K::Value>, Error> {
    seed.deserialize(Key(name)).map(Some)
}
