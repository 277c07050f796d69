//! What payloads look like, found out from the types themselves.

mod draft;
mod json;
mod layout;
mod names;
mod parts;
mod shape;
mod trace;

use alloc::string::{String, ToString};

use serde::de::DeserializeOwned;

pub(crate) use self::{
    layout::hash,
    names::names,
    shape::Scalar,
    trace::{Trace, ask},
};
use self::{
    shape::{Shape, Shapes},
    trace::{Ask, shapes, variant_shapes},
};
use crate::codec::Error;

/// What the payloads of a type look like, as a plugin's description says it.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    json: String,
    layout: String,
    /// Every value can be encoded, whatever is in it.
    pub(crate) total: bool,
}

impl Schema {
    /// The schema of a type, found out from its `Deserialize`.
    ///
    /// # Panics
    ///
    /// Where that is not possible, or where payloads cannot be like that, saying why. That is so of types that decide what
    /// they are when they see the value (`#[serde(untagged)]`, `tag`, `flatten`), of those that do not take samples such as an
    /// empty string, and of an `Option` that is not directly a field. [`Schema::json`] gives the schema by hand.
    pub fn of<T: DeserializeOwned>() -> Schema {
        Schema::or_panic(shapes(ask::<T>), core::any::type_name::<T>())
    }

    /// A JSON Schema (Draft 2020-12) written by hand. It describes the JSON form of the payload.
    pub fn json(text: impl Into<String>) -> Schema {
        let json = text.into();
        Schema { layout: json.clone(), json, total: false }
    }

    /// No schema: there is nothing to describe.
    pub fn none() -> Schema {
        Schema { json: String::new(), layout: String::new(), total: true }
    }

    /// The text, empty if there is none.
    pub fn text(&self) -> &str {
        &self.json
    }

    pub(crate) fn traced<T: DeserializeOwned>() -> Result<Schema, Error> {
        shapes(ask::<T>).map(Schema::from_shapes)
    }

    /// The schema of the content of one variant of an enum.
    pub(crate) fn of_variant(ask: Ask, index: usize, name: &str) -> Schema {
        Schema::or_panic(variant_shapes(ask, index), name)
    }

    fn or_panic(shapes: Result<Shapes, Error>, what: &str) -> Schema {
        match shapes {
            Ok(shapes) => Schema::from_shapes(shapes),
            Err(reason) => panic!("eshost: the schema of {what}: {reason}"),
        }
    }

    fn from_shapes(shapes: Shapes) -> Schema {
        let total = shapes.cycles().is_empty();
        let json = if shapes.root == Shape::Nothing { String::new() } else { json::json(&shapes) };
        Schema { json, layout: layout::layout(&shapes), total }
    }

    /// The hash of the layout, different for each revision; 0 is none.
    pub(crate) fn layout(&self, revision: u32) -> String {
        let mut text = if revision == 0 { String::new() } else { revision.to_string() };
        text.push_str(&self.layout);
        hash(&text)
    }
}
