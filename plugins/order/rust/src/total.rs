use eshost::{Command, Context, IntoEvents};
use serde::{Deserialize, Serialize};

use crate::{
    event::Event,
    field::{Check, WrongField, hold, text},
    order::{Order, Status, Summary},
};

/// Of a total and of the cost of a line.
pub const MAX_CENTS: u64 = i64::MAX as u64;

const MAX_ADJUSTMENTS: u32 = 200;

/// A fee, or a discount if its cents are negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    pub reason: String,
    pub cents: i64,
}

/// Asks to add to the total, or to take from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjust(pub Adjustment);

/// Why a total is not adjusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustError {
    Forbidden {
        status: Status,
    },
    Invalid {
        field: String,
    },
    TooMany {
        what: String,
        limit: u32,
    },
    Overflow,
    /// This is what the total would have been.
    NegativeTotal {
        total_cents: i64,
    },
}

impl From<OutOfRange> for AdjustError {
    fn from(out_of_range: OutOfRange) -> Self {
        match out_of_range {
            OutOfRange::Above => Self::Overflow,
            OutOfRange::Below { total_cents } => Self::NegativeTotal { total_cents },
        }
    }
}

impl Check for Adjust {
    fn check(&self) -> Result<(), WrongField> {
        let Self(adjustment) = self;
        text("reason", &adjustment.reason)?;
        hold("cents", adjustment.cents != 0)
    }
}

impl Command for Adjust {
    const NAME: &'static str = "adjust";

    type Entity = Order;
    type Error = AdjustError;
    type Reply = Summary;

    fn handle_command(self, _ctx: &Context, order: &Order) -> Result<impl IntoEvents<Event>, AdjustError> {
        order.admit(&self, &[Status::Open])?;
        let Self(adjustment) = self;
        if order.adjustments.len() >= MAX_ADJUSTMENTS as usize {
            return Err(AdjustError::TooMany { what: "adjustments".into(), limit: MAX_ADJUSTMENTS });
        }
        checked_total(order.total_cents, adjustment.cents)?;
        Ok(Event::Adjusted(adjustment))
    }

    fn reply(order: &Order) -> Summary {
        order.into()
    }

    fn examples() -> Vec<Self> {
        [("voucher 4711", -500), ("express", 990), ("too good", -4_000_000), ("", 1)]
            .map(|(reason, cents)| Self(Adjustment { reason: reason.into(), cents }))
            .into()
    }
}

/// A total, or the cost of a line, that there must not be.
#[derive(Debug)]
pub enum OutOfRange {
    Above,
    Below { total_cents: i64 },
}

/// Refuses a line that costs more than may be.
pub fn checked_cost(quantity: u32, unit_cents: u64) -> Result<i64, OutOfRange> {
    let cost = u64::from(quantity).checked_mul(unit_cents);
    cost.and_then(|cost| i64::try_from(cost).ok()).ok_or(OutOfRange::Above)
}

/// Refuses what `more` would make of a total, if there must not be such a total.
pub fn checked_total(total_cents: u64, more: i64) -> Result<(), OutOfRange> {
    // A total beyond its range can only come from a log; whatever is said of it, this does not fail.
    match (total_cents as i64).overflowing_add(more) {
        (_, true) if more > 0 => Err(OutOfRange::Above),
        (total_cents @ ..0, _) => Err(OutOfRange::Below { total_cents }),
        _ => Ok(()),
    }
}

impl Order {
    /// What remains to be paid.
    pub fn due_cents(&self) -> u64 {
        self.total_cents.saturating_sub(self.paid_cents)
    }

    pub(crate) fn adjusted(&mut self, adjustment: Adjustment) {
        self.total_cents = self.total_cents.wrapping_add_signed(adjustment.cents);
        self.adjustments.push(adjustment);
    }
}
