use alloc::{boxed::Box, vec::Vec};

use crate::{
    Entity, Kind,
    codec::{Reader, short},
    manifest,
    runner::{BAD_REQUEST, Runner, Runs, refuse},
};

/// The message loop of a plugin: the ABI's requests in, its answers out, as bytes. Compiled to WebAssembly,
/// [`plugin!`](crate::plugin) connects one to the exports; natively, tools and tests can talk to it just as a host does.
#[derive(Default)]
pub struct Plugin {
    types: Vec<Box<dyn Runs>>,
    answer: Vec<u8>,
}

/// How large a buffer may be to be kept for later calls.
pub(crate) const KEPT_BYTES: usize = 1 << 20;

const NO_TYPE: &str = "the plugin has no type of this name";

impl Plugin {
    /// A plugin without types; [`with`](Self::with) adds them.
    pub fn new() -> Self {
        Plugin::default()
    }

    /// Adds a type.
    ///
    /// # Panics
    ///
    /// If the plugin has one of the same name, or a name of the type or of its events is none.
    pub fn with<S: Entity>(mut self) -> Self {
        let runner = Runner::<S>::new();
        let twice = self.types.iter().any(|other| other.type_name() == runner.type_name());
        assert!(!twice, "eshost: two types named \"{}\"", runner.type_name());
        self.types.push(Box::new(runner));
        self
    }

    /// Answers with the manifest.
    ///
    /// # Panics
    ///
    /// If something about the types cannot be described, saying what.
    pub fn describe(&mut self) -> &[u8] {
        self.answer.clear();
        manifest::open(&mut self.answer, self.types.len());
        for runner in &self.types {
            runner.describe(&mut self.answer);
        }
        &self.answer
    }

    /// Answers a command request. A request that is malformed in itself, which no host sends, is answered by a refusal of
    /// kind 2, one for a type that the plugin does not have by one of kind 1.
    pub fn handle_command(&mut self, request: &[u8]) -> &[u8] {
        self.shrink();
        match self.find(request, 6) {
            Ok((runner, request, answer)) => runner.handle_command(request, answer),
            Err((kind, message)) => refuse(&mut self.answer, kind, None, &message),
        }
        &self.answer
    }

    /// Answers an event request, of the malformed ones as [`handle_command`](Self::handle_command) does.
    pub fn handle_event(&mut self, request: &[u8]) -> &[u8] {
        self.shrink();
        match self.find(request, 5) {
            Ok((runner, request, answer)) => runner.handle_event(request, answer),
            Err((kind, message)) => refuse(&mut self.answer, kind, Some(0), &message),
        }
        &self.answer
    }

    fn shrink(&mut self) {
        if self.answer.capacity() > KEPT_BYTES {
            self.answer = Vec::new();
        }
    }

    /// Reads the beginning of a request, up to the type.
    #[allow(clippy::type_complexity)]
    fn find<'a, 'r>(
        &'a mut self,
        request: &'r [u8],
        places: usize,
    ) -> Result<(&'a mut dyn Runs, Reader<'r>, &'a mut Vec<u8>), (Kind, &'static str)> {
        let mut request = Reader::new(request);
        let (true, Some(name)) = (request.array() == Some(places), request.raw_str()) else {
            return Err((Kind::BadPayload, BAD_REQUEST));
        };
        match self.types.iter_mut().find(|runner| short::equal(runner.type_name().as_bytes(), name)) {
            Some(runner) => Ok((&mut **runner, request, &mut self.answer)),
            None => Err((Kind::UnknownCommand, NO_TYPE)),
        }
    }
}
