//! What a trace notes of lists and maps.

use alloc::{boxed::Box, vec};
use core::mem::take;

use super::{Trace, shape::Shape};
use crate::codec::Error;

impl Trace {
    pub fn open_list(&mut self) {
        self.lists.push(vec![]);
    }

    /// A list has got an element.
    pub fn element(&mut self) -> Result<(), Error> {
        self.present("for an element of a list")?;
        let shape = take(&mut self.last);
        if let Some(list) = self.lists.last_mut() {
            list.push(shape);
        }
        Ok(())
    }

    pub fn close_list(&mut self, fixed: bool) {
        let mut shapes = self.lists.pop().unwrap_or_default();
        self.last = if fixed { Shape::Tuple(shapes) } else { Shape::List(Box::new(shapes.pop().unwrap_or_default())) };
    }

    pub fn open_map(&mut self) {
        self.maps.push(&[]);
    }

    /// A map's keys are these, or any if there are none.
    pub fn key(&mut self, names: &'static [&'static str]) {
        if let Some(map) = self.maps.last_mut() {
            *map = names;
        }
    }

    pub fn close_map(&mut self) -> Result<(), Error> {
        self.present("for a value of a map")?;
        let names = self.maps.pop().unwrap_or_default();
        self.last = Shape::Map(names, Box::new(take(&mut self.last)));
        Ok(())
    }
}
