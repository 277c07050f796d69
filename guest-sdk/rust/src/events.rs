use alloc::vec::Vec;
use core::slice;

/// What a command may emit: an event, an `Option` of one, an array or a `Vec` of them. `Ok(None)` is a command that changes
/// nothing.
pub trait IntoEvents<E> {
    /// Gives the events, in order.
    fn into_events(self) -> Events<E>;
}

/// The events of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Events<E> {
    /// Nothing happens.
    None,
    /// What nearly always happens, without an allocation.
    One(E),
    /// As many as there are.
    Many(Vec<E>),
}

impl<E> Events<E> {
    pub(crate) fn as_slice(&self) -> &[E] {
        match self {
            Events::None => &[],
            Events::One(event) => slice::from_ref(event),
            Events::Many(events) => events,
        }
    }

    #[inline]
    pub(crate) fn fold<S>(self, state: S, f: impl Fn(S, E) -> S) -> S {
        match self {
            Events::None => state,
            Events::One(event) => f(state, event),
            Events::Many(events) => events.into_iter().fold(state, f),
        }
    }
}

impl<E> IntoEvents<E> for E {
    #[inline]
    fn into_events(self) -> Events<E> {
        Events::One(self)
    }
}

impl<E> IntoEvents<E> for Events<E> {
    fn into_events(self) -> Events<E> {
        self
    }
}

impl<E> IntoEvents<E> for Option<E> {
    fn into_events(self) -> Events<E> {
        self.map_or(Events::None, Events::One)
    }
}

impl<E> IntoEvents<E> for Vec<E> {
    fn into_events(self) -> Events<E> {
        Events::Many(self)
    }
}

impl<E, const N: usize> IntoEvents<E> for [E; N] {
    fn into_events(self) -> Events<E> {
        Events::Many(self.into())
    }
}
