use core::fmt;

use crate::Level;

/// Writes a line to the host's log.
#[cfg(target_arch = "wasm32")]
pub fn write(level: Level, text: impl fmt::Display) {
    use alloc::string::ToString;

    crate::guest::log(level as i32, &text.to_string());
}

/// Writes a line to stderr.
#[cfg(not(target_arch = "wasm32"))]
pub fn write(level: Level, text: impl fmt::Display) {
    std::eprintln!("{level:?}: {text}");
}
