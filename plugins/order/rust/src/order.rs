use std::collections::BTreeMap;

use eshost::{Command, Context, EventSourced, IntoEvents, Never};
use serde::{Deserialize, Serialize};

use crate::{
    address::Address,
    cancellation::Ending,
    event::Event,
    line::Line,
    payment::Payment,
    shipment::{Delivery, Shipment},
    total::Adjustment,
};

/// The state of an order.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub status: Status,
    pub lines: Vec<Line>,
    pub adjustments: Vec<Adjustment>,
    pub shipping: Option<Address>,
    pub billing: Option<Address>,
    pub notes: BTreeMap<String, String>,
    pub total_cents: u64,
    pub paid_cents: u64,
    pub payments: Vec<Payment>,
    pub reference: Option<String>,
    pub placed_at: Option<i64>,
    pub paid_at: Option<i64>,
    pub shipment: Option<Shipment>,
    pub delivery: Option<Delivery>,
    pub cancellation: Option<Ending>,
}

/// How far an order has come.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    #[default]
    Open,
    Placed,
    Paid,
    Shipped,
    Delivered,
    Cancelled,
}

impl EventSourced for Order {
    const TYPE_NAME: &'static str = "order";

    type Evt = Event;

    fn handle_event(mut self, evt: Event) -> Self {
        match evt {
            Event::LineAddedV1 { sku, title, quantity, unit_cents } => {
                self.line_added(Line { sku, title, quantity, unit_cents, weight_kg: 0.0, note: None })
            }
            Event::LineAdded(line) => self.line_added(line),
            Event::QuantityChanged { sku, quantity } => self.quantity_changed(&sku, quantity),
            Event::LineRemoved { sku } => self.line_removed(&sku),
            Event::Adjusted(adjustment) => self.adjusted(adjustment),
            Event::AddressSet { role, address } => self.address_set(role, address),
            Event::NoteSet { key, value } => drop(self.notes.insert(key, value)),
            Event::NoteRemoved { key } => drop(self.notes.remove(&key)),
            Event::Placed { at, reference, .. } => self.placed(at, reference),
            Event::PaymentReceived(payment) => self.payment_received(payment),
            Event::ChangeGiven { cents } => self.change_given(cents),
            Event::Paid { at } => self.paid(at),
            Event::Shipped(shipment) => self.shipped(shipment),
            Event::Delivered(delivery) => self.delivered(delivery),
            Event::Refunded { cents, .. } => self.refunded(cents),
            Event::Cancelled(ending) => self.cancelled(ending),
        }
        self
    }
}

/// What most commands reply with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub status: Status,
    pub lines: u32,
    pub total_cents: u64,
    pub due_cents: u64,
}

impl From<&Order> for Summary {
    fn from(order: &Order) -> Self {
        Self {
            status: order.status,
            lines: order.lines.len() as u32,
            total_cents: order.total_cents,
            due_cents: order.due_cents(),
        }
    }
}

/// Asks for the whole state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Show;

impl Command for Show {
    const NAME: &'static str = "show";

    type Entity = Order;
    type Error = Never;
    type Reply = Order;

    fn handle_command(self, _ctx: &Context, _order: &Order) -> Result<impl IntoEvents<Event>, Never> {
        Ok(None)
    }

    fn reply(order: &Order) -> Order {
        order.clone()
    }

    fn examples() -> Vec<Self> {
        vec![Self]
    }
}
