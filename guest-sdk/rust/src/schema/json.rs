use alloc::{format, string::String, vec::Vec};
use core::fmt::Write;

use super::shape::{Definition, Field, Scalar, Shape, Shapes};

/// Gives the JSON Schema (Draft 2020-12) of the shapes in the JSON form that eshost has for payloads.
pub fn json(shapes: &Shapes) -> String {
    let mut text = Text { out: String::new(), shapes, cycles: shapes.cycles() };
    text.add("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",");
    text.members(&shapes.root);
    for (i, id) in text.cycles.clone().into_iter().enumerate() {
        text.add(if i == 0 { ",\"$defs\":{" } else { "," });
        text.string(&format!("{}", i + 1));
        text.add(":{");
        text.definition(id);
        text.add("}");
    }
    text.add(if text.cycles.is_empty() { "}" } else { "}}" });
    text.out
}

/// The text as it comes into being. Types that contain themselves are numbered and written once, at the end.
struct Text<'a> {
    out: String,
    shapes: &'a Shapes,
    cycles: Vec<usize>,
}

impl Text<'_> {
    #[inline(never)]
    fn add(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn string(&mut self, s: &str) {
        self.out.push('"');
        for c in s.chars() {
            match c {
                '"' | '\\' => self.out.extend(['\\', c]),
                '\0'..='\x1f' => write!(self.out, "\\u{:04x}", c as u32).unwrap_or_default(),
                _ => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    fn strings<'s>(&mut self, all: impl Iterator<Item = &'s str>) {
        for (i, s) in all.enumerate() {
            self.add(if i == 0 { "[" } else { "," });
            self.string(s);
        }
        self.add("]");
    }

    /// An object that describes a shape.
    fn object(&mut self, shape: &Shape) {
        self.add("{");
        self.members(shape);
        self.add("}");
    }

    /// The members of the object that describes a shape.
    fn members(&mut self, shape: &Shape) {
        match shape {
            Shape::Nothing => {}
            Shape::Scalar(scalar) => self.scalar(*scalar),
            Shape::List(inner) => {
                self.add("\"type\":\"array\",\"items\":");
                self.object(inner);
            }
            Shape::Tuple(all) => self.tuple(all),
            Shape::Map(names, value) => {
                self.add("\"type\":\"object\",\"additionalProperties\":");
                self.object(value);
                if !names.is_empty() {
                    self.add(",\"propertyNames\":{\"enum\":");
                    self.strings(names.iter().copied());
                    self.add("}");
                }
            }
            Shape::Optional(inner) => self.members(inner),
            Shape::Named(id) => match self.cycles.iter().position(|cycle| cycle == id) {
                Some(i) => write!(self.out, "\"$ref\":\"#/$defs/{}\"", i + 1).unwrap_or_default(),
                None => self.definition(*id),
            },
        }
    }

    fn scalar(&mut self, scalar: Scalar) {
        let mut integer = |min: i64, max: u64| {
            write!(self.out, "\"type\":\"integer\",\"minimum\":{min},\"maximum\":{max}").unwrap_or_default();
        };
        match scalar {
            Scalar::I8 => integer(i8::MIN.into(), i8::MAX as u64),
            Scalar::I16 => integer(i16::MIN.into(), i16::MAX as u64),
            Scalar::I32 => integer(i32::MIN.into(), i32::MAX as u64),
            Scalar::I64 => integer(i64::MIN, i64::MAX as u64),
            Scalar::U8 => integer(0, u8::MAX.into()),
            Scalar::U16 => integer(0, u16::MAX.into()),
            Scalar::U32 => integer(0, u32::MAX.into()),
            Scalar::U64 => integer(0, u64::MAX),
            Scalar::Bool => self.add("\"type\":\"boolean\""),
            Scalar::Str => self.add("\"type\":\"string\""),
            Scalar::F32 | Scalar::F64 => self.add(
                "\"anyOf\":[{\"type\":\"number\"},{\"type\":\"object\",\"properties\":{\"$float\":{\"type\":\"string\"}},\
                 \"required\":[\"$float\"]}]",
            ),
            Scalar::Bytes => self.add(
                "\"type\":\"object\",\"properties\":{\"$bin\":{\"type\":\"string\",\"contentEncoding\":\"base64\"}},\
                 \"required\":[\"$bin\"]",
            ),
        }
    }

    /// A list with a fixed number of places.
    fn tuple(&mut self, all: &[Shape]) {
        let n = all.len();
        self.add("\"type\":\"array\"");
        let alike = all.windows(2).all(|pair| pair[0] == pair[1]);
        if !alike {
            self.add(",\"prefixItems\":[");
            for (i, shape) in all.iter().enumerate() {
                self.add(if i == 0 { "" } else { "," });
                self.object(shape);
            }
            self.add("]");
        }
        write!(self.out, ",\"minItems\":{n},\"maxItems\":{n}").unwrap_or_default();
        if let (true, Some(shape)) = (alike, all.first()) {
            self.add(",\"items\":");
            self.object(shape);
        }
    }

    fn definition(&mut self, id: usize) {
        match &self.shapes.named[id] {
            Definition::Struct(fields) => self.structure(fields),
            Definition::Enum(variants) if variants.iter().all(|(_, shape)| *shape == Shape::Nothing) => {
                self.add("\"type\":\"string\",\"enum\":");
                self.strings(variants.iter().map(|(name, _)| *name));
            }
            Definition::Enum(variants) => self.one_of(variants),
        }
    }

    fn structure(&mut self, fields: &[Field]) {
        self.add("\"type\":\"object\",\"properties\":{");
        for (i, field) in fields.iter().enumerate() {
            self.add(if i == 0 { "" } else { "," });
            self.string(field.name);
            self.add(":");
            self.object(&field.shape);
        }
        self.add("}");
        if fields.iter().any(|field| field.required) {
            self.add(",\"required\":");
            self.strings(fields.iter().filter(|field| field.required).map(|field| field.name));
        }
    }

    fn one_of(&mut self, variants: &[(&'static str, Shape)]) {
        self.add("\"oneOf\":[");
        for (i, (name, shape)) in variants.iter().enumerate() {
            self.add(if i == 0 { "" } else { "," });
            if *shape == Shape::Nothing {
                self.add("{\"const\":");
                self.string(name);
            } else {
                self.add("{\"type\":\"object\",\"properties\":{");
                self.string(name);
                self.add(":");
                self.object(shape);
                self.add("},\"required\":");
                self.strings([*name].into_iter());
                self.add(",\"additionalProperties\":false");
            }
            self.add("}");
        }
        self.add("]");
    }
}
