//! What a plugin does with memory all the time, made for what it does. Giving up all memory at the end of a call would be
//! quicker still, but what an author keeps in a static would go with it.

#[cfg(target_arch = "wasm32")]
mod allocator;
mod compare;
mod heap;
mod pages;
mod ranges;
mod recent;
