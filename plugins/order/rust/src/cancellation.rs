use eshost::{Command, Context, IntoEvents};
use serde::{Deserialize, Serialize};

use crate::{
    event::Event,
    field::{Check, WrongField, text},
    order::{Order, Status, Summary},
    refusal::Refusal,
};

/// Why and when an order was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    pub reason: String,
    pub at: i64,
}

/// Asks to end an order that was not shipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancel {
    pub reason: String,
}

impl Check for Cancel {
    fn check(&self) -> Result<(), WrongField> {
        text("reason", &self.reason)
    }
}

impl Command for Cancel {
    const NAME: &'static str = "cancel";

    type Entity = Order;
    type Error = Refusal;
    type Reply = Summary;

    fn handle_command(self, ctx: &Context, order: &Order) -> Result<impl IntoEvents<Event>, Refusal> {
        order.admit(&self, &[Status::Open, Status::Placed, Status::Paid])?;
        let payments = order.payments.iter().filter(|payment| payment.cents > 0);
        let refunds = payments.map(|payment| Event::Refunded { method: payment.method.clone(), cents: payment.cents });
        let cancelled = Event::Cancelled(Ending { reason: self.reason, at: ctx.now_millis() });
        Ok(refunds.chain([cancelled]).collect::<Vec<_>>())
    }

    fn reply(order: &Order) -> Summary {
        order.into()
    }

    fn examples() -> Vec<Self> {
        ["changed my mind", ""].map(|reason| Self { reason: reason.into() }).into()
    }
}

impl Order {
    pub(crate) fn refunded(&mut self, cents: u64) {
        self.paid_cents = self.paid_cents.wrapping_sub(cents);
    }

    pub(crate) fn cancelled(&mut self, ending: Ending) {
        self.status = Status::Cancelled;
        self.cancellation = Some(ending);
    }
}
