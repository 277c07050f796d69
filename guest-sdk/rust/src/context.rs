use core::{fmt, str};

use crate::{Random, log};

/// What a command may know besides itself and the state.
#[derive(Debug)]
pub struct Context<'a> {
    pub(crate) type_name: &'static str,
    pub(crate) id: &'a [u8],
    pub(crate) seq: u64,
    pub(crate) now: i64,
    pub(crate) command: &'static str,
    pub(crate) payload: &'a [u8],
}

impl Context<'_> {
    /// The type of the entity.
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// The id of the entity.
    pub fn id(&self) -> &str {
        str::from_utf8(self.id).unwrap_or_default()
    }

    /// The number of the last event that is folded into the state; 0 if there is none yet.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The time of the commit in milliseconds since 1970, which is also the form for a time in a payload. It is the same for
    /// all commands of a batch and never goes back between the commits of an entity.
    pub fn now_millis(&self) -> i64 {
        self.now
    }

    /// A source of random numbers that is a function of the entity's type and id, of [`seq`](Self::seq), and of the command's
    /// name and payload. Every call gives the same source, from its start. A decision that is taken again, on another
    /// machine or in another batch, so draws the same numbers. Whoever knows those inputs can compute them: they are no
    /// secrets. The same command sent twice draws the same numbers, too, unless the first one emitted an event.
    pub fn random(&self) -> Random {
        let mut random = Random::new();
        random.mix_bytes(self.type_name.as_bytes());
        random.mix_bytes(self.id);
        random.mix(self.seq);
        random.mix_bytes(self.command.as_bytes());
        random.mix_bytes(self.payload);
        random
    }

    /// Writes a line to the host's log, which adds the plugin and the entity; in a native build, to stderr. It is for people
    /// who look for a fault: a host may drop lines, and a decision that is taken again writes its lines again or not.
    pub fn log(&self, level: Level, text: impl fmt::Display) {
        log::write(level, text);
    }
}

/// How much a line of the log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Level {
    Debug = 0,
    Info = 1,
    Warning = 2,
    Error = 3,
}
