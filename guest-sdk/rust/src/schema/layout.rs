use alloc::{format, string::String, vec::Vec};
use core::fmt::{self, Write};

use super::shape::{Definition, Scalar, Shape, Shapes};

/// Gives a text that differs for types whose values are encoded differently. It is the one that the Go SDK makes for the
/// same shapes, so that states which are the same in both are known to be.
pub fn layout(shapes: &Shapes) -> String {
    let mut text = Layout { out: String::new(), shapes, open: Vec::new(), depth: 0 };
    text.shape(&shapes.root);
    text.out
}

/// The 64 bits of FNV-1a of a text, in hexadecimal.
pub fn hash(text: &str) -> String {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211);
    format!("{:016x}", text.bytes().fold(14_695_981_039_346_656_037, mix))
}

struct Layout<'a> {
    out: String,
    shapes: &'a Shapes,
    /// The structs and enums around, with their depths.
    open: Vec<(usize, usize)>,
    depth: usize,
}

impl Layout<'_> {
    #[inline(never)]
    fn put(&mut self, text: fmt::Arguments<'_>) {
        self.out.write_fmt(text).unwrap_or_default();
    }

    fn shape(&mut self, shape: &Shape) {
        if let Shape::Named(id) = shape {
            if let Some((_, depth)) = self.open.iter().find(|(open, _)| open == id).copied() {
                self.put(format_args!("^{depth}"));
                return;
            }
            self.open.push((*id, self.depth));
        }
        self.put(format_args!("("));
        self.depth += 1;
        match shape {
            Shape::Nothing => self.put(format_args!("22")),
            Shape::Scalar(scalar) => self.put(format_args!("{}", number(*scalar))),
            Shape::List(inner) => self.part(16, inner),
            Shape::Tuple(all) if all.windows(2).all(|pair| pair[0] == pair[1]) => {
                self.put(format_args!("17"));
                if let Some(inner) = all.first() {
                    self.put(format_args!("x{}", all.len()));
                    self.shape(inner);
                }
            }
            Shape::Tuple(all) => {
                self.put(format_args!("17"));
                all.iter().for_each(|inner| self.shape(inner));
            }
            Shape::Map(names, inner) => {
                self.put(format_args!("18"));
                names.iter().for_each(|name| self.put(format_args!("\"{name}\"")));
                self.shape(inner);
            }
            Shape::Optional(inner) => self.part(21, inner),
            Shape::Named(id) => self.definition(*id),
        }
        self.depth -= 1;
        self.put(format_args!(")"));
        if let Shape::Named(_) = shape {
            self.open.pop();
        }
    }

    fn part(&mut self, number: u8, inner: &Shape) {
        self.put(format_args!("{number}"));
        self.shape(inner);
    }

    fn definition(&mut self, id: usize) {
        match &self.shapes.named[id] {
            Definition::Struct(fields) => {
                self.put(format_args!("19"));
                for field in fields {
                    self.put(format_args!("\"{}\"{}", field.name, if field.required { "" } else { "?" }));
                    self.shape(&field.shape);
                }
            }
            Definition::Enum(variants) if variants.iter().all(|(_, shape)| *shape == Shape::Nothing) => {
                self.put(format_args!("13"));
                variants.iter().for_each(|(name, _)| self.put(format_args!("\"{name}\"")));
            }
            Definition::Enum(variants) => {
                self.put(format_args!("20"));
                for (name, shape) in variants {
                    self.put(format_args!("\"{name}\"?"));
                    self.shape(shape);
                }
            }
        }
    }
}

fn number(scalar: Scalar) -> u8 {
    match scalar {
        Scalar::Bool => 0,
        Scalar::I8 => 1,
        Scalar::I16 => 2,
        Scalar::I32 => 3,
        Scalar::I64 => 4,
        Scalar::U8 => 5,
        Scalar::U16 => 6,
        Scalar::U32 => 7,
        Scalar::U64 => 8,
        Scalar::F32 => 9,
        Scalar::F64 => 10,
        Scalar::Str => 11,
        Scalar::Bytes => 14,
    }
}
