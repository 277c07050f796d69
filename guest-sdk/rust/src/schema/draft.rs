//! What a trace has noted of structs and enums.

use alloc::vec::Vec;

use super::shape::{Field, Shape};
use crate::codec::Error;

/// A struct or an enum, known by the type and, for a struct, its name or that of its variant.
pub struct Named {
    pub type_name: &'static str,
    pub role: &'static str,
    pub open: bool,
    pub body: Body,
}

/// What is known of it.
pub enum Body {
    Struct(Struct),
    Enum(Enum),
}

/// The fields of a struct, as far as they are known.
pub struct Struct {
    pub all: Vec<&'static str>,
    pub required: Vec<&'static str>,
    /// It is known which fields are required.
    pub settled: bool,
    pub fields: Vec<Field>,
}

/// The variants of an enum, as far as they are known.
pub struct Enum {
    pub variants: &'static [&'static str],
    pub shapes: Vec<Option<Shape>>,
    /// The variant to take where the enum contains itself: one that comes to an end.
    pub leaf: usize,
}

/// A struct that is being given its fields.
pub struct OpenStruct {
    pub names: Vec<&'static str>,
    pub next: usize,
    pub shapes: Vec<Shape>,
    pub brief: bool,
}

impl Struct {
    /// A field was given under two names: forgets one that is not the field's own.
    pub fn forget_alias(&mut self, given: Option<&&'static str>, own: &'static str) {
        match given {
            Some(given) if *given != own => self.all.retain(|name| name != given),
            // One of the names just before came first. Give the field's own before it, and the other is found out.
            _ => {
                let own = self.all.iter().position(|name| *name == own).unwrap_or(0);
                self.all.swap(own, own.saturating_sub(1));
            }
        }
    }

    pub fn fill(&mut self, open: OpenStruct) -> Result<(), Error> {
        self.fields.clear();
        for (name, shape) in open.names.into_iter().zip(open.shapes) {
            let required = self.required.contains(&name);
            let shape = match shape {
                Shape::Optional(_) if required => {
                    let reason = "an Option that cannot be left out; give the field #[serde(default)]";
                    return Err(Error::new(reason).within(name.as_bytes()));
                }
                Shape::Optional(inner) => *inner,
                shape => shape,
            };
            self.fields.push(Field { name, required, shape });
        }
        Ok(())
    }
}
