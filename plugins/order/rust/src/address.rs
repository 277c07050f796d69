use eshost::{Command, Context, IntoEvents};
use serde::{Deserialize, Serialize};

use crate::{
    event::Event,
    field::{Check, WrongField, hold, inner, is_text, optional_text, text},
    order::{Order, Status},
    refusal::Refusal,
};

const MAX_LINES: usize = 4;

/// Where somebody is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub name: String,
    pub lines: Vec<String>,
    pub postal_code: String,
    pub city: String,
    pub country: String,
    pub phone: Option<String>,
}

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Shipping,
    Billing,
}

impl Check for Address {
    fn check(&self) -> Result<(), WrongField> {
        text("name", &self.name)?;
        hold("lines", (1..=MAX_LINES).contains(&self.lines.len()) && self.lines.iter().all(|line| is_text(line)))?;
        text("postal_code", &self.postal_code)?;
        text("city", &self.city)?;
        text("country", &self.country)?;
        optional_text("phone", &self.phone)
    }
}

/// Asks to send the goods, or the bill, elsewhere.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAddresses {
    pub shipping: Option<Address>,
    pub billing: Option<Address>,
}

impl Check for SetAddresses {
    fn check(&self) -> Result<(), WrongField> {
        inner("shipping", &self.shipping)?;
        inner("billing", &self.billing)
    }
}

impl Command for SetAddresses {
    const NAME: &'static str = "set_addresses";

    type Entity = Order;
    type Error = Refusal;
    type Reply = ();

    fn handle_command(self, _ctx: &Context, order: &Order) -> Result<impl IntoEvents<Event>, Refusal> {
        order.admit(&self, &[Status::Open, Status::Placed, Status::Paid])?;
        let wanted = [(Role::Shipping, self.shipping, &order.shipping), (Role::Billing, self.billing, &order.billing)];
        let differing = wanted.into_iter().filter(|(_, wanted, present)| wanted != *present);
        let events = differing.filter_map(|(role, wanted, _)| Some(Event::AddressSet { role, address: wanted? }));
        Ok(events.collect::<Vec<_>>())
    }

    fn reply(_order: &Order) {}

    fn examples() -> Vec<Self> {
        let home = Address {
            name: "Ada Byron".into(),
            lines: vec!["12 St James's Square".into(), "2nd floor".into()],
            postal_code: "SW1Y 4JH".into(),
            city: "London".into(),
            country: "GB".into(),
            phone: None,
        };
        let office = Address {
            name: "Byron & Co".into(),
            lines: vec!["PO Box 7".into()],
            phone: Some("+44 20 7946 0000".into()),
            ..home.clone()
        };
        let nowhere = Address {
            name: "Nobody".into(),
            lines: vec!["Nowhere".into()],
            postal_code: "0".into(),
            city: "".into(),
            country: "GB".into(),
            phone: None,
        };
        vec![
            Self { shipping: Some(home), billing: None },
            Self { shipping: None, billing: Some(office) },
            Self { shipping: Some(nowhere), billing: None },
            Self::default(),
        ]
    }
}

impl Order {
    pub(crate) fn address_set(&mut self, role: Role, address: Address) {
        match role {
            Role::Shipping => self.shipping = Some(address),
            Role::Billing => self.billing = Some(address),
        }
    }
}
