use alloc::{format, string::String, vec::Vec};
use core::{fmt::Debug, marker::PhantomData};

use serde::Serialize;

use super::{
    scenario::{Scenario, decode},
    wire::{self, Wire, WireEvent},
};
use crate::{Command, Entity, EventSourced, Kind};

/// What became of a command. C is its type, or [`Untyped`] if it was sent by its name.
#[derive(Debug)]
pub struct Outcome<S, C> {
    scenario: Scenario<S>,
    command: String,
    wire: Wire,
    typed: PhantomData<C>,
}

/// A command that was sent by its name.
#[derive(Debug)]
pub enum Untyped {}

/// A handler that panicked, and with it nothing happened.
#[derive(Debug)]
pub struct Panic<S> {
    pub(super) scenario: Scenario<S>,
    pub(super) text: String,
}

impl<S: Entity> Panic<S> {
    /// Checks that the text of the panic contains this one.
    #[track_caller]
    pub fn then_text(self, text: &str) -> Scenario<S> {
        assert!(self.text.contains(text), "it panicked with {:?}, want {text:?}", self.text);
        self.scenario
    }
}

impl<S: Entity, C> Outcome<S, C> {
    pub(super) fn new(scenario: Scenario<S>, command: String, wire: Wire) -> Self {
        Outcome { scenario, command, wire, typed: PhantomData }
    }

    /// Sends the next command.
    #[track_caller]
    pub fn when<D: Command<Entity = S> + Debug>(self, command: D) -> Outcome<S, D> {
        self.scenario.when(command)
    }

    /// Sends the next command by its name: see [`Scenario::when_named`].
    #[track_caller]
    pub fn when_named(self, name: &str, payload: impl Serialize + Debug) -> Outcome<S, Untyped> {
        self.scenario.when_named(name, payload)
    }

    /// Checks that the next command's handler panics: see [`Scenario::when_panics`].
    #[track_caller]
    pub fn when_panics<D: Command<Entity = S>>(self, command: D) -> Panic<S> {
        self.scenario.when_panics(command)
    }

    /// Sets the time of the commands that follow, in milliseconds since 1970.
    pub fn at(self, millis: i64) -> Scenario<S> {
        self.scenario.at(millis)
    }

    /// The state of the entity now.
    #[track_caller]
    pub fn state(&self) -> S {
        self.scenario.state()
    }

    /// Checks that the command was accepted and emitted exactly these events, none if there are none.
    #[track_caller]
    pub fn then(self, events: impl IntoIterator<Item = S::Evt>) -> Self
    where
        S::Evt: Debug,
    {
        let want: Vec<S::Evt> = events.into_iter().collect();
        let wire: Vec<WireEvent> = want.iter().map(|event| wire::encode_event::<S>(event)).collect();
        match &self.wire {
            Wire::Accepted { events, .. } if *events == wire => self,
            Wire::Accepted { events, .. } => {
                panic!("{}: emitted {}, want {want:?}", self.command, described::<S>(events))
            }
            other => panic!("{}: {other:?}, want {want:?}", self.command),
        }
    }

    /// Checks the state of the entity after the command.
    #[track_caller]
    pub fn then_state(self, want: S) -> Self
    where
        S: Debug,
    {
        let got = self.state();
        let same = wire::encode(&got, "the state") == wire::encode(&want, "the state");
        assert!(same, "{}: the state is {got:?}, want {want:?}", self.command);
        self
    }

    /// Checks that the command could not be decided.
    #[track_caller]
    pub fn then_fault(self, kind: Kind) -> Self {
        match &self.wire {
            Wire::Fault { kind: got, .. } if *got == kind as u64 => self,
            other => panic!("{}: {other:?}, want a fault: {kind:?}", self.command),
        }
    }

    /// Checks that the command was rejected with this code.
    #[track_caller]
    pub fn then_code(self, code: &str) -> Self {
        match &self.wire {
            Wire::Rejected { code: got, .. } if got == code => self,
            other => panic!("{}: {other:?}, want it rejected with {code:?}", self.command),
        }
    }
}

impl<S: Entity, C: Command<Entity = S>> Outcome<S, C> {
    /// Checks that the command was accepted and answered with this reply.
    #[track_caller]
    pub fn then_reply(self, want: C::Reply) -> Self
    where
        C::Reply: Debug,
    {
        let Wire::Accepted { reply, .. } = &self.wire else {
            panic!("{}: {:?}, want the reply {want:?}", self.command, self.wire);
        };
        if *reply != wire::encode(&want, "the reply") {
            let got = reply.as_ref().map(|reply| decode::<C::Reply>(reply, "the reply"));
            panic!("{}: replied {got:?}, want {want:?}", self.command);
        }
        self
    }

    /// Checks that the command was rejected for this reason.
    #[track_caller]
    pub fn then_rejected(self, want: C::Error) -> Self
    where
        C::Error: Debug,
    {
        let wire = wire::encode_rejection(&want);
        match &self.wire {
            Wire::Rejected { code, payload } if (code, payload) == (&wire.0, &wire.1) => self,
            other => panic!("{}: {other:?}, want it rejected: {want:?}", self.command),
        }
    }
}

/// Events as an author would write them.
fn described<S: EventSourced>(events: &[WireEvent]) -> String
where
    S::Evt: Debug,
{
    let names = crate::names::event_names::<S::Evt>(S::TYPE_NAME);
    let decoded = |event: &WireEvent| {
        let name = names.iter().find(|name| name.name == event.name && u64::from(name.version) == event.version)?;
        let content = crate::codec::NamedContent { variant: name.variant, payload: event.payload.as_deref() };
        serde::Deserialize::deserialize(content).ok()
    };
    let all: Vec<Option<S::Evt>> = events.iter().map(decoded).collect();
    format!("{:?}", all.iter().flatten().collect::<Vec<_>>())
}
