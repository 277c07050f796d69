use eshost::{Command, Context, IntoEvents};
use serde::{Deserialize, Serialize};

use crate::{
    address::Role,
    event::Event,
    field::{Check, WrongField, optional_text},
    order::{Order, Status, Summary},
};

/// Asks for what is in the order. The reference is the customer's own.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub reference: Option<String>,
}

/// Why an order is not placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceError {
    Forbidden {
        status: Status,
    },
    Invalid {
        field: String,
    },
    /// There are no lines.
    Empty,
    AddressMissing {
        role: Role,
    },
}

impl Check for Place {
    fn check(&self) -> Result<(), WrongField> {
        optional_text("reference", &self.reference)
    }
}

impl Command for Place {
    const NAME: &'static str = "place";

    type Entity = Order;
    type Error = PlaceError;
    type Reply = Summary;

    fn handle_command(self, ctx: &Context, order: &Order) -> Result<impl IntoEvents<Event>, PlaceError> {
        order.admit(&self, &[Status::Open])?;
        if order.lines.is_empty() {
            return Err(PlaceError::Empty);
        }
        if order.shipping.is_none() {
            return Err(PlaceError::AddressMissing { role: Role::Shipping });
        }
        let at = ctx.now_millis();
        let mut events = vec![Event::Placed { total_cents: order.total_cents, at, reference: self.reference }];
        if order.total_cents == 0 {
            events.push(Event::Paid { at });
        }
        Ok(events)
    }

    fn reply(order: &Order) -> Summary {
        order.into()
    }

    fn examples() -> Vec<Self> {
        [Some("PO-2026-0815"), None, Some("")].map(|reference| Self { reference: reference.map(Into::into) }).into()
    }
}

impl Order {
    pub(crate) fn placed(&mut self, at: i64, reference: Option<String>) {
        self.status = Status::Placed;
        self.placed_at = Some(at);
        self.reference = reference;
    }
}
