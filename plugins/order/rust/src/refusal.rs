use serde::{Deserialize, Serialize};

use crate::{
    field::{Check, WrongField},
    line::{AddLineError, ChangeQuantityError},
    note::AnnotateError,
    order::{Order, Status},
    payment::PayError,
    placement::PlaceError,
    total::AdjustError,
};

/// Why any command may be rejected. Those that have more reasons repeat these as their first ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Not in this status.
    Forbidden { status: Status },
    /// This is the first field that is wrong, as in `shipping.city`.
    Invalid { field: String },
}

impl From<WrongField> for Refusal {
    fn from(WrongField(field): WrongField) -> Self {
        Self::Invalid { field }
    }
}

impl Order {
    /// Refuses a command in another status than these, and one that has a wrong field.
    pub(crate) fn admit(&self, command: &impl Check, statuses: &[Status]) -> Result<(), Refusal> {
        if !statuses.contains(&self.status) {
            return Err(Refusal::Forbidden { status: self.status });
        }
        Ok(command.check()?)
    }
}

macro_rules! repeated_by {
    ($($error:ty),*) => {$(
        impl From<Refusal> for $error {
            fn from(refusal: Refusal) -> Self {
                match refusal {
                    Refusal::Forbidden { status } => Self::Forbidden { status },
                    Refusal::Invalid { field } => Self::Invalid { field },
                }
            }
        }
    )*};
}

repeated_by!(AddLineError, ChangeQuantityError, AdjustError, AnnotateError, PlaceError, PayError);
