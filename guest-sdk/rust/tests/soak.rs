//! Memory over many calls.

mod account;
mod request;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    env,
};

use account::Account;
use eshost::Plugin;
use request::{commands, events, unhex};

/// Counts what is in use by each thread.
struct Counting;

thread_local! {
    static IN_USE: Cell<isize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: all is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.set(IN_USE.get() + layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        IN_USE.set(IN_USE.get() - layout.size() as isize);
        unsafe { System.dealloc(block, layout) }
    }
}

/// Makes 100,000 calls, unless ESHOST_SOAK_CALLS says how many: good commands, rejected and faulted ones, and folds.
#[test]
fn memory_stays_flat() {
    let calls =
        env::var("ESHOST_SOAK_CALLS").map_or(100_000, |text| text.parse().expect("ESHOST_SOAK_CALLS: a number"));
    let state = unhex(
        "84 a6 6f776e657273 81 a4 616e6e61 05 a5 6e6f746573 92 a1 61 a1 62 a5 6c696d6974 cd 03e8 a4 74726565 81 a5 696e6e6572 90",
    );
    let deposit = unhex("82 a5 6f776e6572 a4 616e6e61 a6 616d6f756e74 05");
    let note = unhex("91 a1 6e");
    let all = [
        ("deposit", Some(deposit.clone())),
        ("deposit", Some(unhex("82 a5 6f776e6572 a4 616e6e61 a6 616d6f756e74 cd ffff"))),
        ("look", None),
        ("spoil", Some(unhex("a5 7265706c79"))),
        ("open", None),
        ("unknown", None),
        ("deposit", None),
    ];
    let decide = commands("account", Some(&state), &all);
    let fold = events("account", Some(&state), &[("deposited", 2, Some(deposit)), ("noted", 1, Some(note))]);
    let mut plugin = Plugin::new().with::<Account>();
    let mut in_use = |calls: usize| {
        for i in 0..calls {
            if i % 4 == 0 {
                plugin.handle_event(&fold)
            } else {
                plugin.handle_command(&decide)
            };
        }
        IN_USE.get()
    };
    let before = in_use(100);
    let after = in_use(calls);
    assert_eq!(after, before, "bytes in use before and after {calls} calls");
}
