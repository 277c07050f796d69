//! The border of a plugin that is compiled to WebAssembly.

use alloc::{format, string::String, vec::Vec};
use core::{cell::UnsafeCell, fmt};

use crate::{Plugin, plugin::KEPT_BYTES};

#[link(wasm_import_module = "eshost_v1")]
unsafe extern "C" {
    #[link_name = "log"]
    safe fn import_log(level: i32, text: *const u8, size: usize);
    #[link_name = "panic"]
    safe fn import_panic(text: *const u8, size: usize);
}

/// Writes a line to the host's log.
pub(crate) fn log(level: i32, text: &str) {
    import_log(level, text.as_ptr(), text.len());
}

/// What the exports talk to.
pub struct Guest {
    make: fn() -> Plugin,
    state: UnsafeCell<State>,
}

struct State {
    plugin: Option<Plugin>,
    request: Vec<u8>,
}

// SAFETY: an instance is used from one thread at a time, the module has no threads of its own, and no export is called
// while another one runs: nothing that is imported calls back.
unsafe impl Sync for Guest {}

/// The largest request that there is room for.
const MAX_REQUEST_BYTES: u32 = 1 << 30;

impl Guest {
    /// A guest whose plugin is made when it is first needed.
    pub const fn new(make: fn() -> Plugin) -> Self {
        Guest { make, state: UnsafeCell::new(State { plugin: None, request: Vec::new() }) }
    }

    #[allow(clippy::mut_from_ref)]
    fn state(&self) -> &mut State {
        // SAFETY: see Sync. No export keeps the reference when it returns.
        unsafe { &mut *self.state.get() }
    }

    /// The place for a request. It is the same one as long as it is large enough.
    pub fn alloc(&self, size: u32) -> u32 {
        if size > MAX_REQUEST_BYTES {
            return 0;
        }
        let (request, size) = (&mut self.state().request, size as usize);
        if size > request.len() || request.len() > KEPT_BYTES && size <= KEPT_BYTES {
            *request = Vec::new();
            let room = (size + size / 4).max(4096);
            if request.try_reserve_exact(room).is_err() {
                return 0;
            }
            request.resize(room, 0);
        }
        request.as_ptr() as u32
    }

    /// The manifest.
    pub fn describe(&self) -> u64 {
        located(self.state().plugin.get_or_insert_with(self.make).describe())
    }

    /// Decides a batch of commands.
    pub fn handle_command(&self, at: u32, size: u32) -> u64 {
        let State { plugin, request } = self.state();
        located(plugin.get_or_insert_with(self.make).handle_command(received(request, at, size)))
    }

    /// Folds a batch of events.
    pub fn handle_event(&self, at: u32, size: u32) -> u64 {
        let State { plugin, request } = self.state();
        located(plugin.get_or_insert_with(self.make).handle_event(received(request, at, size)))
    }
}

/// The request, which must lie where alloc said.
fn received(request: &[u8], at: u32, size: u32) -> &[u8] {
    match request.get(..size as usize) {
        Some(bytes) if request.as_ptr() as u32 == at => bytes,
        _ => panic!("eshost: the request is not where alloc said"),
    }
}

/// The place of an answer as the ABI packs it.
fn located(answer: &[u8]) -> u64 {
    (answer.as_ptr() as u64) << 32 | answer.len() as u64
}

/// Says why the plugin is about to trap.
fn report(message: impl fmt::Display, location: Option<&core::panic::Location<'_>>) {
    let place = location.map_or(String::new(), |at| format!(" ({}:{})", at.file(), at.line()));
    let text = format!("{message}{place}");
    import_panic(text.as_ptr(), text.len());
}

/// Sends the text of panics to the host. Called once per instance, before anything else.
#[cfg(feature = "std")]
pub fn initialize() {
    std::panic::set_hook(std::boxed::Box::new(|info| {
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let message =
            text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without a text");
        report(message, info.location());
    }));
}

/// Nothing has to be done: the panic handler is the crate's own.
#[cfg(not(feature = "std"))]
pub fn initialize() {}

#[cfg(not(feature = "std"))]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    report(info.message(), info.location());
    core::arch::wasm32::unreachable()
}
