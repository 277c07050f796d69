use eshost::{Command, Context, IntoEvents};
use serde::{Deserialize, Serialize};

use crate::{
    event::Event,
    field::{Check, WrongField, hold, inner, is_digits, optional_text, text},
    order::{Order, Status, Summary},
    total::MAX_CENTS,
};

const MAX_PAYMENTS: usize = 16;

/// How something is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    Cash,
    Card(Card),
    Transfer(Transfer),
}

/// A card that was charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub brand: String,
    pub last4: String,
    pub authorization: Option<String>,
}

/// Money from an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    pub iban: String,
    pub reference: Option<String>,
}

/// Money that came, less the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub method: Method,
    pub cents: u64,
    pub at: i64,
}

impl Check for Method {
    fn check(&self) -> Result<(), WrongField> {
        match self {
            Self::Cash => Ok(()),
            Self::Card(card) => inner("card", card),
            Self::Transfer(transfer) => inner("transfer", transfer),
        }
    }
}

impl Check for Card {
    fn check(&self) -> Result<(), WrongField> {
        text("brand", &self.brand)?;
        hold("last4", is_digits(&self.last4, 4))?;
        optional_text("authorization", &self.authorization)
    }
}

impl Check for Transfer {
    fn check(&self) -> Result<(), WrongField> {
        text("iban", &self.iban)?;
        optional_text("reference", &self.reference)
    }
}

/// Brings money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pay {
    pub method: Method,
    pub cents: u64,
}

/// Why a payment is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayError {
    Forbidden {
        status: Status,
    },
    Invalid {
        field: String,
    },
    /// A card, or the last payment that there is room for, has to cover what is due.
    Insufficient {
        due_cents: u64,
        offered_cents: u64,
    },
    /// There is change only for cash.
    Overpaid {
        due_cents: u64,
        offered_cents: u64,
    },
}

impl Check for Pay {
    fn check(&self) -> Result<(), WrongField> {
        inner("method", &self.method)?;
        hold("cents", (1..=MAX_CENTS).contains(&self.cents))
    }
}

impl Command for Pay {
    const NAME: &'static str = "pay";

    type Entity = Order;
    type Error = PayError;
    type Reply = Summary;

    fn handle_command(self, ctx: &Context, order: &Order) -> Result<impl IntoEvents<Event>, PayError> {
        order.admit(&self, &[Status::Placed])?;
        let Self { method, cents } = self;
        let due_cents = order.due_cents();
        if cents > due_cents && method != Method::Cash {
            return Err(PayError::Overpaid { due_cents, offered_cents: cents });
        }
        let is_last = order.payments.len() >= MAX_PAYMENTS - 1;
        if cents < due_cents && (is_last || matches!(method, Method::Card(_))) {
            return Err(PayError::Insufficient { due_cents, offered_cents: cents });
        }
        let at = ctx.now_millis();
        let mut events = vec![Event::PaymentReceived(Payment { method, cents, at })];
        if cents > due_cents {
            events.push(Event::ChangeGiven { cents: cents - due_cents });
        }
        if cents >= due_cents {
            events.push(Event::Paid { at });
        }
        Ok(events)
    }

    fn reply(order: &Order) -> Summary {
        order.into()
    }

    fn examples() -> Vec<Self> {
        let card = |last4: &str, authorization: Option<&str>| {
            Method::Card(Card {
                brand: "visa".into(),
                last4: last4.into(),
                authorization: authorization.map(Into::into),
            })
        };
        let transfer = |reference: Option<&str>| {
            Method::Transfer(Transfer { iban: "GB33BUKB20201555555555".into(), reference: reference.map(Into::into) })
        };
        vec![
            Self { method: transfer(Some("first half")), cents: 3000 },
            Self { method: card("4242", Some("A1B2C3")), cents: 100 },
            Self { method: transfer(None), cents: 1 << 40 },
            Self { method: card("42", None), cents: 100 },
            Self { method: Method::Cash, cents: 50_000 },
        ]
    }
}

impl Order {
    pub(crate) fn payment_received(&mut self, payment: Payment) {
        self.paid_cents = self.paid_cents.wrapping_add(payment.cents);
        self.payments.push(payment);
    }

    pub(crate) fn change_given(&mut self, cents: u64) {
        self.paid_cents = self.paid_cents.wrapping_sub(cents);
        if let Some(last) = self.payments.last_mut() {
            last.cents = last.cents.wrapping_sub(cents);
        }
    }

    pub(crate) fn paid(&mut self, at: i64) {
        self.status = Status::Paid;
        self.paid_at = Some(at);
    }
}
