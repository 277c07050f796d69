//! Types of entities that give what the vectors have.

use std::collections::BTreeMap;

use eshost::{Command, Context, EventSourced, Events, IntoEvents, Never};
use serde::{Deserialize, Serialize};

/// A state of any kind, which counts what it met.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Any {
    Number(u64),
    Fields(BTreeMap<String, i64>),
}

macro_rules! entities {
    ($($name:ident($type_name:literal), $event:ident: [$($command:ident),*] $default:expr;)*) => {$(
        #[derive(Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Any);

        impl Default for $name {
            fn default() -> Self {
                $default
            }
        }

        impl EventSourced for $name {
            const TYPE_NAME: &'static str = $type_name;

            type Evt = $event;

            fn handle_event(self, evt: $event) -> Self {
                let by = evt.by();
                Self(match self.0 {
                    Any::Number(n) => Any::Number(n.wrapping_add_signed(by)),
                    Any::Fields(mut fields) => {
                        *fields.entry("n".into()).or_default() += by;
                        Any::Fields(fields)
                    }
                })
            }
        }

        eshost::plugin!($name => [$($command),*]);
    )*};
}

entities! {
    Counter("counter"), CounterEvent: [Increase, Decrease] Self(Any::Number(0));
    Order("order"), Nothing: [Pay, Cancel, Tick] Self(Any::Number(0));
    Door("door"), DoorEvent: [] Self(Any::Number(0));
    Machine("machine"), MachineEvent: [Run, Reply, Idle, Spend] Self(Any::Fields(BTreeMap::new()));
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CounterEvent {
    Increased { by: i64 },
    Decreased { by: i64 },
}

impl CounterEvent {
    fn by(&self) -> i64 {
        match self {
            CounterEvent::Increased { by } => *by,
            CounterEvent::Decreased { by } => -by,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nothing {
    Ticked,
}

impl Nothing {
    fn by(&self) -> i64 {
        1
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoorEvent {
    Opened,
    #[serde(rename = "painted@4294967295")]
    Painted(String),
}

impl DoorEvent {
    fn by(&self) -> i64 {
        match self {
            DoorEvent::Opened => 1,
            DoorEvent::Painted(colour) => colour.len() as i64,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MachineEvent {
    Started,
    #[serde(rename = "moved@2")]
    Moved {
        x: f64,
    },
    #[serde(rename = "stopped@4294967295")]
    Stopped {},
}

impl MachineEvent {
    fn by(&self) -> i64 {
        1
    }
}

/// What a command was told beside its payload, to be replied.
macro_rules! commands {
    ($($name:ident($text:literal) of $entity:ident: $content:ty, $error:ty, $reply:ty, |$by:ident, $state:ident| $events:expr, $said:expr;)*) => {$(
        #[derive(Debug, Serialize, Deserialize)]
        pub struct $name($content);

        impl Command for $name {
            const NAME: &'static str = $text;

            type Entity = $entity;
            type Error = $error;
            type Reply = $reply;

            fn handle_command(self, ctx: &Context, $state: &$entity) -> Result<impl IntoEvents<<$entity as EventSourced>::Evt>, $error> {
                let ($by, _) = ((self.0, ctx), $state);
                $events
            }

            fn reply($state: &$entity) -> $reply {
                $said
            }
        }
    )*};
}

#[derive(Debug, Serialize, Deserialize)]
pub struct By {
    by: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Empty {}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename = "overflow")]
pub struct Overflow;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename = "underflow")]
pub struct Underflow;

/// Says what a command was told.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename = "told")]
pub struct Told(String);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename = "too-much")]
pub struct TooMuch {
    most: u64,
}

fn number(state: &Any) -> u64 {
    match state {
        Any::Number(n) => *n,
        Any::Fields(fields) => fields.len() as u64,
    }
}

fn told<E>(what: &str, ctx: &Context) -> Result<Events<E>, Told> {
    Err(Told(format!("{what} {} {} {} {}", ctx.type_name(), ctx.id(), ctx.seq(), ctx.now_millis())))
}

commands! {
    Increase("increase") of Counter: By, Overflow, u64,
        |a, state| if a.0.by > 1000 { Err(Overflow) } else { Ok(CounterEvent::Increased { by: a.0.by }) }, number(&state.0);
    Decrease("decrease") of Counter: By, Underflow, u64,
        |a, state| if number(&state.0) < a.0.by as u64 { Err(Underflow) } else { Ok(CounterEvent::Decreased { by: a.0.by }) },
        number(&state.0);
    Pay("pay") of Order: Empty, Told, (), |a, _state| told("pay", a.1), ();
    Cancel("cancel") of Order: Empty, Told, (), |a, _state| told("cancel", a.1), ();
    Tick("tick") of Order: u64, Told, (), |a, _state| told(&a.0.to_string(), a.1), ();
    Run("run") of Machine: Empty, Never, (),
        |_a, _state| Ok([MachineEvent::Started, MachineEvent::Moved { x: 1.5 }, MachineEvent::Stopped {}]), ();
    Reply("reply") of Machine: Empty, Never, u64, |_a, _state| Ok(None), 0;
    Idle("idle") of Machine: Empty, Never, Option<u64>, |_a, _state| Ok(None), None;
    Spend("spend") of Machine: u64, TooMuch, (), |_a, _state| if true { Err(TooMuch { most: 300 }) } else { Ok(None) }, ();
}
