use std::collections::{BTreeMap, BTreeSet};

use eshost::{Command, Context, IntoEvents};
use serde::{Deserialize, Serialize};

use crate::{
    event::Event,
    field::{Check, WrongField, hold, is_short, is_text},
    order::{Order, Status},
};

const MAX_NOTES: u32 = 32;

/// Asks to remove notes, and then to set some.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotate {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
}

/// Why notes stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnotateError {
    Forbidden { status: Status },
    Invalid { field: String },
    TooMany { what: String, limit: u32 },
}

impl Check for Annotate {
    fn check(&self) -> Result<(), WrongField> {
        hold("remove", self.remove.iter().all(|key| is_text(key)))?;
        hold("set", self.set.iter().all(|(key, value)| is_text(key) && is_short(value)))
    }
}

impl Command for Annotate {
    const NAME: &'static str = "annotate";

    type Entity = Order;
    type Error = AnnotateError;
    type Reply = ();

    fn handle_command(self, _ctx: &Context, order: &Order) -> Result<impl IntoEvents<Event>, AnnotateError> {
        order.admit(&self, &[Status::Open, Status::Placed, Status::Paid, Status::Shipped, Status::Delivered])?;
        let mut events = Vec::new();
        let mut removed = BTreeSet::new();
        for key in self.remove {
            if order.notes.contains_key(&key) && removed.insert(key.clone()) {
                events.push(Event::NoteRemoved { key });
            }
        }
        let mut count = order.notes.len() - removed.len();
        for (key, value) in self.set {
            let present = order.notes.get(&key).filter(|_| !removed.contains(&key));
            count += usize::from(present.is_none());
            if present != Some(&value) {
                events.push(Event::NoteSet { key, value });
            }
        }
        if count > MAX_NOTES as usize {
            return Err(AnnotateError::TooMany { what: "notes".into(), limit: MAX_NOTES });
        }
        Ok(events)
    }

    fn reply(_order: &Order) {}

    fn examples() -> Vec<Self> {
        let notes = |all: &[(&str, &str)]| all.iter().map(|&(key, value)| (key.into(), value.into())).collect();
        vec![
            Self { remove: vec![], set: notes(&[("gift", "yes"), ("door", "ring twice"), ("Zeit", "nach 17 Uhr")]) },
            Self { remove: ["gift", "door", "unknown"].map(String::from).into(), set: notes(&[("door", "knock")]) },
            Self { remove: vec![], set: notes(&[("", "without a name")]) },
        ]
    }
}
