use alloc::{boxed::Box, vec::Vec};

/// A type that is one msgpack value without parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
    Str,
    Bytes,
}

impl Scalar {
    pub fn is_integer(self) -> bool {
        (Scalar::I8 as u8..=Scalar::U64 as u8).contains(&(self as u8))
    }

    /// As errors name it.
    pub fn words(self) -> &'static str {
        match self {
            Scalar::Bool => "a boolean",
            Scalar::I8 => "an 8-bit integer",
            Scalar::I16 => "a 16-bit integer",
            Scalar::I32 => "a 32-bit integer",
            Scalar::I64 => "a 64-bit integer",
            Scalar::U8 => "an unsigned 8-bit integer",
            Scalar::U16 => "an unsigned 16-bit integer",
            Scalar::U32 => "an unsigned 32-bit integer",
            Scalar::U64 => "an unsigned 64-bit integer",
            Scalar::F32 | Scalar::F64 => "a number",
            Scalar::Str => "a string",
            Scalar::Bytes => "bytes",
        }
    }
}

/// What the payloads of a type look like.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Shape {
    /// There is no payload, or a variant has no content.
    #[default]
    Nothing,
    Scalar(Scalar),
    List(Box<Shape>),
    Tuple(Vec<Shape>),
    /// A map from strings, or from these names alone if there are any.
    Map(&'static [&'static str], Box<Shape>),
    /// What may be absent.
    Optional(Box<Shape>),
    /// The struct or enum of this index.
    Named(usize),
}

#[derive(Debug, PartialEq)]
pub struct Field {
    pub name: &'static str,
    pub required: bool,
    pub shape: Shape,
}

/// A struct or an enum.
#[derive(Debug)]
pub enum Definition {
    Struct(Vec<Field>),
    Enum(Vec<(&'static str, Shape)>),
}

/// A type's shape and the structs and enums in it.
#[derive(Debug)]
pub struct Shapes {
    pub root: Shape,
    pub named: Vec<Definition>,
}

impl Definition {
    /// The shapes that are directly in it, in order.
    pub fn inner(&self) -> Vec<&Shape> {
        match self {
            Definition::Struct(fields) => fields.iter().map(|f| &f.shape).collect(),
            Definition::Enum(variants) => variants.iter().map(|(_, shape)| shape).collect(),
        }
    }
}

impl Shapes {
    /// The structs and enums that contain themselves: of each cycle the first that is met.
    pub fn cycles(&self) -> Vec<usize> {
        let mut found = Vec::new();
        self.search(&self.root, &mut Vec::new(), &mut found);
        found
    }

    fn search(&self, shape: &Shape, open: &mut Vec<usize>, found: &mut Vec<usize>) {
        match shape {
            Shape::Nothing | Shape::Scalar(_) => {}
            Shape::List(inner) | Shape::Map(_, inner) | Shape::Optional(inner) => self.search(inner, open, found),
            Shape::Tuple(all) => all.iter().for_each(|inner| self.search(inner, open, found)),
            Shape::Named(id) if open.contains(id) => {
                if !found.contains(id) {
                    found.push(*id);
                }
            }
            Shape::Named(id) => {
                open.push(*id);
                self.named[*id].inner().into_iter().for_each(|inner| self.search(inner, open, found));
                open.pop();
            }
        }
    }
}
