use serde::de::{DeserializeSeed, SeqAccess};

use super::{Decoder, Error};
use crate::schema::Trace;

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
        self.decoder.close(self.left, error)
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
