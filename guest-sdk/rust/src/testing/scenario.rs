use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::{any::type_name, fmt::Debug, marker::PhantomData};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    outcome::{Outcome, Panic, Untyped},
    wire::{self, Answer, Point, Wire, WireCommand, WireEvent},
};
use crate::{Command, Entity, codec};

/// What makes an event another one than what is read of it.
const SKIPPED: &str = "as happens with a field that serde skips, which is not in the log";

/// An entity at some point of its life. [`given`] makes one.
#[derive(Debug, Clone)]
pub struct Scenario<S> {
    id: String,
    now: i64,
    pub(super) at: Point,
    history: Vec<WireEvent>,
    /// What was decided since the last point from which it can all be decided again in one request.
    base: Point,
    batch: Vec<(WireCommand, Vec<u8>)>,
    state: PhantomData<S>,
}

/// Makes an entity with the id `test` that has these events behind it. At first the time is 2026-01-01 in UTC.
#[track_caller]
pub fn given<S: Entity>(events: impl IntoIterator<Item = S::Evt>) -> Scenario<S> {
    wire::plugin::<S>().describe();
    let (mut history, mut folded) = (Vec::new(), S::default());
    for event in events {
        history.push(wire::encode_event::<S>(&event));
        folded = folded.handle_event(event);
    }
    let mut scenario = Scenario {
        id: "test".into(),
        now: 1_767_225_600_000,
        at: Point::default(),
        history,
        base: Point::default(),
        batch: Vec::new(),
        state: PhantomData,
    };
    let whole = scenario.check_folds();
    let folded = wire::encode(&folded, "the state after the events").unwrap_or_default();
    assert!(
        folded == whole,
        "the events as they were given fold to another state than as they are read back, {SKIPPED}:\n{folded:x?}\n{whole:x?}"
    );
    if !scenario.history.is_empty() {
        scenario.at = Point { seq: scenario.history.len() as u64, state: Some(whole) };
    }
    scenario.rebase();
    scenario
}

impl<S: Entity> Scenario<S> {
    /// Changes the entity's id.
    pub fn id(mut self, id: &str) -> Self {
        self.id = id.into();
        self.rebase();
        self
    }

    /// Sets the time of the commands that follow, in milliseconds since 1970.
    pub fn at(mut self, millis: i64) -> Self {
        self.now = millis;
        self.rebase();
        self
    }

    fn rebase(&mut self) {
        self.base = self.at.clone();
        self.batch.clear();
    }

    /// The state of the entity now.
    #[track_caller]
    pub fn state(&self) -> S {
        self.at.state.as_deref().map_or_else(S::default, |state| decode(state, "the state"))
    }

    /// Sends a command.
    #[track_caller]
    pub fn when<C: Command<Entity = S> + Debug>(self, command: C) -> Outcome<S, C> {
        let (text, payload) = (alloc::format!("{command:?}"), wire::encode(&command, "the command"));
        let wire = WireCommand { name: C::NAME.into(), payload };
        self.send(wire, text)
    }

    /// Sends a command by its name, with any value as its payload, also one that the command does not take; `()` is none.
    #[track_caller]
    pub fn when_named(self, name: &str, payload: impl Serialize + Debug) -> Outcome<S, Untyped> {
        let text = alloc::format!("{name} {payload:?}");
        let wire = WireCommand { name: name.into(), payload: wire::encode(&payload, "the payload") };
        self.send(wire, text)
    }

    /// Checks that the command's handler panics, and gives the text.
    #[track_caller]
    pub fn when_panics<C: Command<Entity = S>>(self, command: C) -> Panic<S> {
        let payload = wire::encode(&command, "the command");
        let wire = WireCommand { name: C::NAME.into(), payload };
        match catch_unwind(AssertUnwindSafe(|| self.decide(&self.at, &[wire]))) {
            Ok(answer) => panic!("{}: {:?}, want a panic", C::NAME, answer.outcomes[0].0),
            Err(reason) => {
                let text = reason.downcast_ref::<&str>().map(ToString::to_string);
                let text = text.or_else(|| reason.downcast_ref::<String>().cloned()).unwrap_or_default();
                Panic { scenario: self, text }
            }
        }
    }

    #[track_caller]
    fn send<C>(mut self, command: WireCommand, text: String) -> Outcome<S, C> {
        let answer = self.decide(&self.at, core::slice::from_ref(&command));
        self.check_again(&command, &answer);
        self.check_batch(&command, &answer);
        let wire = answer.outcomes[0].0.clone();
        if let Wire::Accepted { events, .. } = &wire {
            if !events.is_empty() {
                self.history.extend(events.iter().cloned());
                self.at = Point { seq: self.at.seq + events.len() as u64, state: answer.state };
                self.check_folds();
            }
        }
        Outcome::new(self, text, wire)
    }

    /// Has a fresh instance decide commands.
    #[track_caller]
    fn decide(&self, at: &Point, commands: &[WireCommand]) -> Answer {
        wire::decide::<S>(&mut wire::plugin::<S>(), &self.id, self.now, at, commands)
    }

    /// Decides the same command several times, on fresh instances and on a used one.
    #[track_caller]
    fn check_again(&self, command: &WireCommand, first: &Answer) {
        let mut used = wire::plugin::<S>();
        for round in 0..6 {
            let commands = core::slice::from_ref(command);
            let again = if round % 2 == 0 {
                self.decide(&self.at, commands)
            } else {
                wire::decide::<S>(&mut used, &self.id, self.now, &self.at, commands)
            };
            assert!(
                again.raw == first.raw,
                "command {} is not decided the same each time, as happens with the order of a hash map or a variable that \
                 outlives a call:\n{:x?}\nand then\n{:x?}",
                command.name,
                first.raw,
                again.raw
            );
        }
    }

    /// Decides all commands since the last change of the time in one request, then the latest one once more behind them,
    /// and compares with what they gave one by one.
    #[track_caller]
    fn check_batch(&mut self, command: &WireCommand, latest: &Answer) {
        self.batch.push((command.clone(), latest.outcomes[0].1.clone()));
        let after = self.after(&self.at, latest);
        let next = self.decide(&after, core::slice::from_ref(command));
        let mut all = self.batch.clone();
        all.push((command.clone(), next.outcomes[0].1.clone()));
        let commands: Vec<WireCommand> = all.iter().map(|(command, _)| command.clone()).collect();
        let together = self.decide(&self.base, &commands);
        for (i, ((command, alone), (_, batched))) in all.iter().zip(&together.outcomes).enumerate() {
            assert!(
                alone == batched,
                "command {} of a batch of {}, {}, gives\n{batched:x?}\nbut alone\n{alone:x?}",
                i + 1,
                all.len(),
                command.name
            );
        }
        let state = self.after(&after, &next).state;
        assert!(
            together.state.is_none() || together.state == state,
            "after a batch of {} commands the state is\n{:x?}\nbut after the same ones one by one\n{state:x?}",
            all.len(),
            together.state
        );
    }

    /// Where the entity stands after a command.
    fn after(&self, at: &Point, answer: &Answer) -> Point {
        match &answer.outcomes[0].0 {
            Wire::Accepted { events, .. } if !events.is_empty() => {
                Point { seq: at.seq + events.len() as u64, state: answer.state.clone() }
            }
            _ => at.clone(),
        }
    }

    /// Folds the history in one call, event by event, and again, and compares with the state of the entity. Gives that.
    #[track_caller]
    fn check_folds(&self) -> Vec<u8> {
        let (mut plugin, start) = (wire::plugin::<S>(), Point::default());
        let whole = wire::fold::<S>(&mut plugin, &self.id, &start, &self.history);
        let mut step = start.clone();
        for event in &self.history {
            let state = wire::fold::<S>(&mut plugin, &self.id, &step, core::slice::from_ref(event));
            step = Point { seq: step.seq + 1, state: Some(state) };
        }
        let again = wire::fold::<S>(&mut wire::plugin::<S>(), &self.id, &start, &self.history);
        assert!(again == whole, "folding the same events twice gives different states:\n{whole:x?}\n{again:x?}");
        if let Some(state) = step.state {
            assert!(
                state == whole,
                "folding event by event gives another state than all at once:\n{state:x?}\n{whole:x?}"
            );
        }
        let end = Point { seq: self.history.len() as u64, state: Some(whole.clone()) };
        let same = wire::fold::<S>(&mut plugin, &self.id, &end, &[]);
        assert!(same == whole, "the state is not read as it was written:\n{whole:x?}\n{same:x?}");
        if let Some(state) = &self.at.state {
            assert!(
                *state == whole,
                "the state after the command is not the fold of the events as they are read back, {SKIPPED}:\n{state:x?}\n{whole:x?}"
            );
        }
        whole
    }
}

/// Decodes what the plugin encoded.
#[track_caller]
pub fn decode<T: DeserializeOwned>(payload: &[u8], what: &str) -> T {
    codec::decode(Some(payload)).unwrap_or_else(|e| panic!("{what} is not a {}: {e}", type_name::<T>()))
}
