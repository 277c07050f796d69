use eshost::{Bytes, Command, Context, IntoEvents};
use serde::{Deserialize, Serialize};

use crate::{
    event::Event,
    field::{Check, WrongField, hold, optional_text, text},
    order::{Order, Status, Summary},
    refusal::Refusal,
};

const MAX_PROOF_BYTES: usize = 4096;

/// Goods on their way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shipment {
    pub carrier: String,
    pub tracking: String,
    pub weight_kg: f64,
    pub at: i64,
}

/// The end of that way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub at: i64,
    pub signed_by: Option<String>,
    pub proof: Option<Bytes>,
}

/// Says that the goods are with a carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ship {
    pub carrier: String,
    pub tracking: String,
}

impl Check for Ship {
    fn check(&self) -> Result<(), WrongField> {
        text("carrier", &self.carrier)?;
        text("tracking", &self.tracking)
    }
}

impl Command for Ship {
    const NAME: &'static str = "ship";

    type Entity = Order;
    type Error = Refusal;
    type Reply = Option<Shipment>;

    fn handle_command(self, ctx: &Context, order: &Order) -> Result<impl IntoEvents<Event>, Refusal> {
        order.admit(&self, &[Status::Paid])?;
        let Self { carrier, tracking } = self;
        Ok(Event::Shipped(Shipment { carrier, tracking, weight_kg: order.weight_kg(), at: ctx.now_millis() }))
    }

    fn reply(order: &Order) -> Option<Shipment> {
        order.shipment.clone()
    }

    fn examples() -> Vec<Self> {
        ["RM 4711 0815 GB", ""].map(|tracking| Self { carrier: "Royal Mail".into(), tracking: tracking.into() }).into()
    }
}

/// Says that the goods have arrived.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliver {
    pub signed_by: Option<String>,
    pub proof: Option<Bytes>,
}

impl Check for Deliver {
    fn check(&self) -> Result<(), WrongField> {
        optional_text("signed_by", &self.signed_by)?;
        hold("proof", self.proof.as_ref().is_none_or(|proof| proof.len() <= MAX_PROOF_BYTES))
    }
}

impl Command for Deliver {
    const NAME: &'static str = "deliver";

    type Entity = Order;
    type Error = Refusal;
    type Reply = Summary;

    fn handle_command(self, ctx: &Context, order: &Order) -> Result<impl IntoEvents<Event>, Refusal> {
        order.admit(&self, &[Status::Shipped])?;
        let Self { signed_by, proof } = self;
        Ok(Event::Delivered(Delivery { at: ctx.now_millis(), signed_by, proof }))
    }

    fn reply(order: &Order) -> Summary {
        order.into()
    }

    fn examples() -> Vec<Self> {
        vec![
            Self { signed_by: Some("A. Byron".into()), proof: Some(b"\x89PNG".into()) },
            Self { signed_by: Some("".into()), proof: None },
        ]
    }
}

impl Order {
    /// The weight of all lines.
    fn weight_kg(&self) -> f64 {
        // A sum() begins with -0.0.
        self.lines.iter().fold(0.0, |sum, line| sum + f64::from(line.quantity) * line.weight_kg)
    }

    pub(crate) fn shipped(&mut self, shipment: Shipment) {
        self.status = Status::Shipped;
        self.shipment = Some(shipment);
    }

    pub(crate) fn delivered(&mut self, delivery: Delivery) {
        self.status = Status::Delivered;
        self.delivery = Some(delivery);
    }
}
