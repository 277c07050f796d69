use alloc::{boxed::Box, format, vec, vec::Vec};
use core::mem::take;

use serde::de::DeserializeOwned;

use super::{
    draft::{Body, Enum, Named, OpenStruct, Struct},
    shape::{Definition, Scalar, Shape, Shapes},
};
use crate::codec::{Cause, Decoder, Error};

/// Finds out what a type looks like by decoding it without input, again and again: each pass notes what the type asks
/// for and gives it samples. A pass takes one variant of each enum; one more pass is needed for each required field, as
/// only a struct that lacks it says so.
#[derive(Default)]
pub struct Trace {
    named: Vec<Named>,
    /// The shape of what was asked for last.
    pub(super) last: Shape,
    /// The structs, lists, maps and enums that are being given their parts.
    structs: Vec<OpenStruct>,
    pub(super) lists: Vec<Vec<Shape>>,
    pub(super) maps: Vec<&'static [&'static str]>,
    enums: Vec<OpenEnum>,
    /// How many types that contain themselves are open once more; these get the least that they take.
    pub(super) brief: usize,
    /// What this pass came by and did not see in full.
    unsettled: usize,
    /// The variant that is wanted of the enum which is the whole, if only one is.
    wanted: Option<usize>,
}

struct OpenEnum {
    id: usize,
    variant: usize,
    pub(super) brief: bool,
    unsettled: usize,
}

/// More levels than any payload has: a sample has no end.
const MAX_LEVELS: usize = 200;

/// Has a decoder decode a type. It is all that is known of a type here, so that only this is there once for each.
pub type Ask = fn(&mut Decoder<'_>) -> Result<(), Error>;

/// How to ask a type.
pub fn ask<T: DeserializeOwned>(decoder: &mut Decoder<'_>) -> Result<(), Error> {
    T::deserialize(decoder).map(drop)
}

/// The shape of a type, or why it cannot be found out.
pub fn shapes(ask: Ask) -> Result<Shapes, Error> {
    let mut trace = Trace::default();
    trace.run(ask, None)?;
    let root = match take(&mut trace.last) {
        Shape::Optional(inner) => *inner,
        shape => shape,
    };
    Ok(trace.finish(root))
}

/// The shape of the content of one variant of an enum.
pub fn variant_shapes(ask: Ask, variant: usize) -> Result<Shapes, Error> {
    let mut trace = Trace::default();
    trace.run(ask, Some(variant))?;
    let Shape::Named(id) = trace.last else {
        return Err(Error::new("this is no enum"));
    };
    let root = match &mut trace.named[id].body {
        Body::Enum(e) => e.shapes[variant].take().unwrap_or_default(),
        Body::Struct(_) => return Err(Error::new("this is no enum")),
    };
    Ok(trace.finish(root))
}

impl Trace {
    fn run(&mut self, ask: Ask, wanted: Option<usize>) -> Result<(), Error> {
        loop {
            *self = Trace { named: take(&mut self.named), wanted, ..Trace::default() };
            self.named.iter_mut().for_each(|n| n.open = false);
            match ask(&mut Decoder::tracing(self)) {
                Ok(()) if self.unsettled == 0 => return Ok(()),
                Ok(()) => {}
                Err(e) if e.cause() == Cause::Noted => {}
                Err(e) if e.cause() == Cause::Endless && self.turn() => {}
                Err(e) => return Err(e),
            }
        }
    }

    fn finish(self, root: Shape) -> Shapes {
        let definition = |n: Named| match n.body {
            Body::Struct(s) => Definition::Struct(s.fields),
            Body::Enum(e) => Definition::Enum(
                e.variants.iter().copied().zip(e.shapes.into_iter().map(Option::unwrap_or_default)).collect(),
            ),
        };
        Shapes { root, named: self.named.into_iter().map(definition).collect() }
    }

    /// Takes other variants where enums contain themselves. Gives false if all were tried.
    fn turn(&mut self) -> bool {
        let mut tried = vec![];
        for open in self.enums.iter().rev().filter(|e| e.brief) {
            let Body::Enum(e) = &mut self.named[open.id].body else { continue };
            if tried.contains(&open.id) {
                continue;
            }
            tried.push(open.id);
            e.leaf += 1;
            if e.leaf < e.variants.len() {
                return true;
            }
            e.leaf = 0;
        }
        false
    }

    fn level(&self) -> Result<(), Error> {
        if self.structs.len() + self.enums.len() < MAX_LEVELS {
            return Ok(());
        }
        Err(Error::caused(Cause::Endless, &"the type contains itself without end"))
    }

    fn find(&mut self, type_name: &'static str, role: &'static str, new: impl FnOnce() -> Body) -> usize {
        let known = self.named.iter().position(|n| n.type_name == type_name && n.role == role);
        known.unwrap_or_else(|| {
            self.named.push(Named { type_name, role, open: false, body: new() });
            self.named.len() - 1
        })
    }

    /// Opens a struct or an enum, and says whether it gets only the least that it takes.
    fn open(&mut self, id: usize) -> bool {
        let brief = self.brief > 0 || self.named[id].open;
        if brief {
            self.brief += 1;
        } else {
            self.named[id].open = true;
        }
        brief
    }

    fn close(&mut self, id: usize, brief: bool) {
        if brief {
            self.brief -= 1;
        } else {
            self.named[id].open = false;
        }
        self.last = Shape::Named(id);
    }

    pub fn open_struct(
        &mut self,
        type_name: &'static str,
        role: &'static str,
        fields: &'static [&'static str],
    ) -> Result<usize, Error> {
        self.level()?;
        let new = || Body::Struct(Struct { all: fields.to_vec(), required: vec![], settled: false, fields: vec![] });
        let id = self.find(type_name, role, new);
        let brief = self.open(id);
        let names = match &self.named[id].body {
            Body::Struct(s) if s.settled || brief => s.all.clone(),
            Body::Struct(s) => s.required.clone(),
            Body::Enum(_) => return Err(Error::new("a type that is a struct and an enum")),
        };
        self.structs.push(OpenStruct { names, next: 0, shapes: vec![], brief });
        Ok(id)
    }

    /// The next field to give to the struct at hand.
    pub fn next_field(&mut self) -> Option<&'static str> {
        let open = self.structs.last_mut()?;
        open.next += 1;
        open.names.get(open.next - 1).copied()
    }

    /// A field has got its sample.
    pub fn field(&mut self) {
        let shape = take(&mut self.last);
        if let Some(open) = self.structs.last_mut() {
            open.shapes.push(shape);
        }
    }

    /// Notes what a struct said to its fields.
    pub fn close_struct(&mut self, id: usize, error: Option<&Error>) -> Result<(), Error> {
        let (Some(open), Body::Struct(s)) = (self.structs.pop(), &mut self.named[id].body) else {
            return Ok(());
        };
        let brief = open.brief;
        match error.map(Error::cause) {
            Some(Cause::Missing(name)) if !s.required.contains(&name) => {
                s.required.push(name);
                return noted();
            }
            Some(Cause::Twice(name)) => {
                s.forget_alias(open.names.get(open.next.wrapping_sub(1)), name);
                return noted();
            }
            Some(_) => return Ok(()),
            None if brief => {}
            None if s.settled => s.fill(open)?,
            None => {
                s.settled = true;
                self.unsettled += 1;
            }
        }
        self.close(id, brief);
        Ok(())
    }

    /// Opens an enum and gives the variant that it is to be.
    pub fn open_enum(
        &mut self,
        type_name: &'static str,
        variants: &'static [&'static str],
    ) -> Result<(usize, &'static str), Error> {
        self.level()?;
        let whole = self.structs.is_empty() && self.enums.is_empty();
        let new = || Body::Enum(Enum { variants, shapes: vec![None; variants.len()], leaf: 0 });
        let id = self.find(type_name, "", new);
        let brief = self.open(id);
        let Body::Enum(e) = &self.named[id].body else {
            return Err(Error::new("a type that is a struct and an enum"));
        };
        let missing = || e.shapes.iter().enumerate().filter(|(_, shape)| shape.is_none()).map(|(i, _)| i);
        let variant = match self.wanted.filter(|_| whole) {
            Some(variant) => variant,
            None if brief => e.leaf,
            None => {
                self.unsettled += usize::from(missing().count() > 1);
                missing().next().unwrap_or(e.leaf)
            }
        };
        let Some(name) = variants.get(variant) else {
            return Err(Error::new("an enum without variants"));
        };
        self.enums.push(OpenEnum { id, variant, brief, unsettled: self.unsettled });
        Ok((id, name))
    }

    /// The name of the variant that the enum at hand is.
    pub fn variant(&self) -> &'static str {
        let Some((open, Body::Enum(e))) = self.enums.last().map(|open| (open, &self.named[open.id].body)) else {
            return "";
        };
        e.variants[open.variant]
    }

    pub fn close_enum(&mut self, id: usize) {
        let content = take(&mut self.last);
        if let (Some(open), Body::Enum(e)) = (self.enums.pop(), &mut self.named[id].body) {
            if !open.brief && open.unsettled == self.unsettled {
                e.shapes[open.variant] = Some(content);
            }
            self.close(id, open.brief);
        }
    }

    pub fn scalar(&mut self, scalar: Scalar) {
        self.last = Shape::Scalar(scalar);
    }

    /// There is nothing here.
    pub fn nothing(&mut self) {
        self.last = Shape::Nothing;
    }

    /// Whether optional values are to be absent, and lists and maps empty.
    pub fn is_brief(&self) -> bool {
        self.brief > 0
    }

    /// What was asked for last was an optional one.
    pub fn optional(&mut self) -> Result<(), Error> {
        self.present("inside of another")?;
        self.last = Shape::Optional(Box::new(take(&mut self.last)));
        Ok(())
    }

    /// Refuses an optional value at this place.
    pub fn present(&self, place: &str) -> Result<(), Error> {
        if self.brief == 0 && matches!(self.last, Shape::Optional(_)) {
            return Err(Error::new(format!("an Option stands directly for a field of a struct, not {place}")));
        }
        Ok(())
    }
}

/// Ends the pass, which has found something out.
fn noted() -> Result<(), Error> {
    Err(Error::caused(Cause::Noted, &""))
}
