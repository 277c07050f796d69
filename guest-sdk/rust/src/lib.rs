#![no_std]
#![doc = include_str!("../README.md")]

extern crate alloc;
#[cfg(any(feature = "std", not(target_arch = "wasm32")))]
extern crate std;

mod bytes;
mod codec;
mod context;
mod entity;
mod events;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest;
mod kind;
mod log;
mod manifest;
#[cfg(all(any(target_arch = "wasm32", test), feature = "memory"))]
mod memory;
mod names;
mod plugin;
mod random;
mod registration;
mod runner;
mod schema;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use self::{
    bytes::Bytes,
    context::{Context, Level},
    entity::{Command, EventSourced, Never},
    events::{Events, IntoEvents},
    kind::Kind,
    plugin::Plugin,
    random::Random,
    runner::{CommandEntry, Entity},
    schema::Schema,
};
