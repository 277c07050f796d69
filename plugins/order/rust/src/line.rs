use eshost::{Command, Context, IntoEvents};
use serde::{Deserialize, Serialize};

use crate::{
    event::Event,
    field::{Check, WrongField, hold, optional_text, text},
    order::{Order, Status, Summary},
    total::{OutOfRange, checked_cost, checked_total},
};

const MAX_LINES: u32 = 200;
const MAX_WEIGHT_KG: f64 = 1_000_000.0;

/// So many pieces of one article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub sku: String,
    pub title: String,
    pub quantity: u32,
    pub unit_cents: u64,
    /// Of one piece.
    pub weight_kg: f64,
    pub note: Option<String>,
}

impl Line {
    /// What the line costs, modulo 2^64.
    fn cost(&self) -> u64 {
        u64::from(self.quantity).wrapping_mul(self.unit_cents)
    }
}

/// Asks for a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AddLine(pub Line);

/// Why a line is not added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddLineError {
    Forbidden {
        status: Status,
    },
    Invalid {
        field: String,
    },
    /// The article has a line already.
    DuplicateLine {
        sku: String,
    },
    TooMany {
        what: String,
        limit: u32,
    },
    Overflow,
}

impl Check for AddLine {
    fn check(&self) -> Result<(), WrongField> {
        let Self(line) = self;
        text("sku", &line.sku)?;
        text("title", &line.title)?;
        hold("quantity", line.quantity > 0)?;
        hold("weight_kg", (0.0..=MAX_WEIGHT_KG).contains(&line.weight_kg))?;
        optional_text("note", &line.note)
    }
}

impl Command for AddLine {
    const NAME: &'static str = "add_line";

    type Entity = Order;
    type Error = AddLineError;
    type Reply = Summary;

    fn handle_command(self, _ctx: &Context, order: &Order) -> Result<impl IntoEvents<Event>, AddLineError> {
        order.admit(&self, &[Status::Open])?;
        let Self(line) = self;
        if order.line(&line.sku).is_some() {
            return Err(AddLineError::DuplicateLine { sku: line.sku });
        }
        if order.lines.len() >= MAX_LINES as usize {
            return Err(AddLineError::TooMany { what: "lines".into(), limit: MAX_LINES });
        }
        checked_cost(line.quantity, line.unit_cents)
            .and_then(|cost| checked_total(order.total_cents, cost))
            .map_err(|_| AddLineError::Overflow)?;
        Ok(Event::LineAdded(line))
    }

    fn reply(order: &Order) -> Summary {
        order.into()
    }

    fn examples() -> Vec<Self> {
        let tea = Line {
            sku: "tea-assam-250".into(),
            title: "Assam, second flush, 250 g".into(),
            quantity: 2,
            unit_cents: 1290,
            weight_kg: 0.27,
            note: None,
        };
        let pot = Line {
            sku: "pot-blue".into(),
            title: "Teapot, blue, 1.2 l".into(),
            quantity: 1,
            unit_cents: 3450,
            weight_kg: 0.98,
            note: None,
        };
        let wrapped = Line { note: Some("gift wrap".into()), ..pot.clone() };
        let moon = Line {
            sku: "moon".into(),
            title: "The moon".into(),
            quantity: 1,
            unit_cents: 1 << 63,
            weight_kg: 1.0,
            note: None,
        };
        let nothing = Line {
            sku: "nothing".into(),
            title: "Nothing at all".into(),
            quantity: 0,
            unit_cents: 1,
            weight_kg: 0.0,
            note: None,
        };
        [tea, wrapped, pot, moon, nothing].map(Self).into()
    }
}

/// Asks for so many pieces of an article instead; for 0, to remove its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeQuantity {
    pub sku: String,
    pub quantity: u32,
}

/// Why a quantity stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeQuantityError {
    Forbidden {
        status: Status,
    },
    Invalid {
        field: String,
    },
    /// The article has no line.
    UnknownLine {
        sku: String,
    },
    Overflow,
    /// This is what the total would have been.
    NegativeTotal {
        total_cents: i64,
    },
}

impl From<OutOfRange> for ChangeQuantityError {
    fn from(out_of_range: OutOfRange) -> Self {
        match out_of_range {
            OutOfRange::Above => Self::Overflow,
            OutOfRange::Below { total_cents } => Self::NegativeTotal { total_cents },
        }
    }
}

impl Check for ChangeQuantity {
    fn check(&self) -> Result<(), WrongField> {
        text("sku", &self.sku)
    }
}

impl Command for ChangeQuantity {
    const NAME: &'static str = "change_quantity";

    type Entity = Order;
    type Error = ChangeQuantityError;
    type Reply = Summary;

    fn handle_command(self, _ctx: &Context, order: &Order) -> Result<impl IntoEvents<Event>, ChangeQuantityError> {
        order.admit(&self, &[Status::Open])?;
        let Self { sku, quantity } = self;
        let Some(line) = order.line(&sku) else {
            return Err(ChangeQuantityError::UnknownLine { sku });
        };
        if quantity == line.quantity {
            return Ok(None);
        }
        let cost = checked_cost(quantity, line.unit_cents)?;
        checked_total(order.total_cents.wrapping_sub(line.cost()), cost)?;
        Ok(Some(match quantity {
            0 => Event::LineRemoved { sku },
            _ => Event::QuantityChanged { sku, quantity },
        }))
    }

    fn reply(order: &Order) -> Summary {
        order.into()
    }

    fn examples() -> Vec<Self> {
        [("tea-assam-250", 5), ("pot-blue", 1), ("cup-red", 1), ("", 1), ("pot-blue", 0)]
            .map(|(sku, quantity)| Self { sku: sku.into(), quantity })
            .into()
    }
}

impl Order {
    /// The line of an article.
    fn line(&self, sku: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.sku == sku)
    }

    pub(crate) fn line_added(&mut self, line: Line) {
        self.total_cents = self.total_cents.wrapping_add(line.cost());
        self.lines.push(line);
    }

    pub(crate) fn quantity_changed(&mut self, sku: &str, quantity: u32) {
        if let Some(line) = self.lines.iter_mut().find(|line| line.sku == sku) {
            let before = line.cost();
            line.quantity = quantity;
            self.total_cents = self.total_cents.wrapping_sub(before).wrapping_add(line.cost());
        }
    }

    pub(crate) fn line_removed(&mut self, sku: &str) {
        if let Some(place) = self.lines.iter().position(|line| line.sku == sku) {
            let line = self.lines.remove(place);
            self.total_cents = self.total_cents.wrapping_sub(line.cost());
        }
    }
}
