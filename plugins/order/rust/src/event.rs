use serde::{Deserialize, Serialize};

use crate::{
    address::{Address, Role},
    cancellation::Ending,
    line::Line,
    payment::{Method, Payment},
    shipment::{Delivery, Shipment},
    total::Adjustment,
};

/// What happens to an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// What was said of a line before lines had a weight.
    #[serde(rename = "line_added")]
    LineAddedV1 {
        sku: String,
        title: String,
        quantity: u32,
        unit_cents: u64,
    },
    #[serde(rename = "line_added@2")]
    LineAdded(Line),
    QuantityChanged {
        sku: String,
        quantity: u32,
    },
    LineRemoved {
        sku: String,
    },
    Adjusted(Adjustment),
    AddressSet {
        role: Role,
        address: Address,
    },
    NoteSet {
        key: String,
        value: String,
    },
    NoteRemoved {
        key: String,
    },
    Placed {
        total_cents: u64,
        at: i64,
        reference: Option<String>,
    },
    PaymentReceived(Payment),
    /// Some of the last payment went back.
    ChangeGiven {
        cents: u64,
    },
    /// Nothing is due any more.
    Paid {
        at: i64,
    },
    Shipped(Shipment),
    Delivered(Delivery),
    /// A payment went back.
    Refunded {
        method: Method,
        cents: u64,
    },
    Cancelled(Ending),
}
