//! What a plugin does with memory all the time, made for what it does. A command for the reference order with 2 KB of
//! state takes 7.8 us with it, and 9.5 us with what the standard library brings. Giving up all memory at the end of a call
//! would be quicker still, but what an author keeps in a static would go with it.

#[cfg(target_arch = "wasm32")]
mod allocator;
mod compare;
