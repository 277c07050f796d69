//! An account that several people own: a type of entity that goes wrong in every way that there is.

use std::collections::BTreeMap;

use eshost::{Command, Context, EventSourced, IntoEvents, Never};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    pub owners: BTreeMap<String, u64>,
    pub notes: Vec<String>,
    pub limit: Option<u64>,
    pub tree: Tree,
}

/// Levels inside each other, of which a payload may have 64.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    pub inner: Vec<Tree>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Before deposits said who made them.
    #[serde(rename = "deposited")]
    DepositedV1 {
        amount: u64,
    },
    #[serde(rename = "deposited@2")]
    Deposited {
        owner: String,
        amount: u64,
    },
    Noted(Vec<String>),
    Opened,
    Grown {
        levels: u64,
    },
    /// Its payload cannot be encoded.
    Unspeakable(BTreeMap<u64, u64>),
}

impl EventSourced for Account {
    const TYPE_NAME: &'static str = "account";

    type Evt = Event;

    fn handle_event(mut self, evt: Event) -> Self {
        match evt {
            Event::DepositedV1 { amount } => *self.owners.entry("unknown".into()).or_default() += amount,
            Event::Deposited { owner, amount } => *self.owners.entry(owner).or_default() += amount,
            Event::Noted(notes) => self.notes = notes,
            Event::Opened => self.limit = Some(1000),
            Event::Grown { levels } => {
                self.tree = (0..levels).fold(Tree::default(), |inner, _| Tree { inner: vec![inner] })
            }
            Event::Unspeakable(_) => {}
        }
        self
    }

    fn event_schema(name: &str, _version: u32) -> Option<eshost::Schema> {
        (name == "unspeakable").then(eshost::Schema::none)
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    Closed,
    TooMuch {
        limit: u64,
    },
    Owner(String),
    /// Its payload cannot be encoded.
    Unspeakable(Vec<Option<u64>>),
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Deposit {
    pub owner: String,
    pub amount: u64,
}

impl Command for Deposit {
    const NAME: &'static str = "deposit";

    type Entity = Account;
    type Error = Refused;
    type Reply = u64;

    fn handle_command(self, _ctx: &Context, state: &Account) -> Result<impl IntoEvents<Event>, Refused> {
        match state.limit {
            None => Err(Refused::Closed),
            Some(limit) if self.amount > limit => Err(Refused::TooMuch { limit }),
            _ if self.owner.is_empty() => Err(Refused::Owner(self.owner)),
            _ => Ok(Event::Deposited { owner: self.owner, amount: self.amount }),
        }
    }

    fn reply(state: &Account) -> u64 {
        state.owners.values().sum()
    }
}

/// Asks for an account, with a first deposit and a note of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Open {
    pub owner: Option<String>,
}

impl Command for Open {
    const NAME: &'static str = "open";

    type Entity = Account;
    type Error = Never;
    type Reply = ();

    fn handle_command(self, _ctx: &Context, _state: &Account) -> Result<impl IntoEvents<Event>, Never> {
        let mut events = vec![Event::Opened];
        if let Some(owner) = self.owner {
            events.push(Event::Noted(vec![owner.clone()]));
            events.push(Event::Deposited { owner, amount: 1 });
        }
        Ok(events)
    }

    fn reply(_state: &Account) {}
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Look;

/// What may be said or not, and what cannot be said.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    pub owners: Vec<String>,
    pub limit: Option<u64>,
}

impl Command for Look {
    const NAME: &'static str = "look";

    type Entity = Account;
    type Error = Never;
    type Reply = Option<Sight>;

    fn handle_command(self, _ctx: &Context, _state: &Account) -> Result<impl IntoEvents<Event>, Never> {
        Ok(None)
    }

    fn reply(state: &Account) -> Option<Sight> {
        let owners: Vec<String> = state.owners.keys().cloned().collect();
        (!owners.is_empty()).then_some(Sight { owners, limit: state.limit })
    }
}

/// Goes wrong.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spoil {
    Event,
    SecondEvent,
    Rejection,
    Reply,
    State,
    Panic,
}

/// A reply that can be encoded or not.
#[derive(Debug, Serialize, Deserialize)]
pub struct Spoilt(Vec<Option<u64>>);

impl Command for Spoil {
    const NAME: &'static str = "spoil";

    type Entity = Account;
    type Error = Refused;
    type Reply = Spoilt;

    fn handle_command(self, _ctx: &Context, _state: &Account) -> Result<impl IntoEvents<Event>, Refused> {
        let note = |text: &str| Event::Noted(vec![text.into()]);
        let unspeakable = || Event::Unspeakable(BTreeMap::from([(1, 1)]));
        match self {
            Spoil::Event => Ok(vec![unspeakable()]),
            Spoil::SecondEvent => Ok(vec![note("a first one"), unspeakable()]),
            Spoil::Rejection => Err(Refused::Unspeakable(vec![None])),
            Spoil::Reply => Ok(vec![note("bad reply")]),
            Spoil::State => Ok(vec![Event::Grown { levels: 70 }]),
            Spoil::Panic => panic!("spoilt on purpose"),
        }
    }

    fn reply(state: &Account) -> Spoilt {
        Spoilt(if state.notes.iter().any(|note| note == "bad reply") { vec![None] } else { vec![] })
    }

    fn reply_schema() -> eshost::Schema {
        eshost::Schema::json("{}")
    }
}

/// Asks for as many levels.
#[derive(Debug, Serialize, Deserialize)]
pub struct Grow {
    pub levels: u64,
}

impl Command for Grow {
    const NAME: &'static str = "grow";

    type Entity = Account;
    type Error = Never;
    type Reply = ();

    fn handle_command(self, _ctx: &Context, _state: &Account) -> Result<impl IntoEvents<Event>, Never> {
        Ok([Event::Grown { levels: self.levels }])
    }

    fn reply(_state: &Account) {}
}

eshost::plugin!(Account => [Deposit, Open, Look, Spoil, Grow]);
