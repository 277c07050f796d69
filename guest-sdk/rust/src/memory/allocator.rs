use core::{
    alloc::{GlobalAlloc, Layout},
    arch::wasm32,
    cell::UnsafeCell,
    ptr,
};

use super::{
    heap::{Heap, Source},
    ranges::UNIT_BYTES,
};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator(UnsafeCell::new(Heap::new(Linear { is_begun: false })));

struct Allocator(UnsafeCell<Heap<Linear>>);

// SAFETY: a plugin has one thread.
unsafe impl Sync for Allocator {}

/// The memory of the instance.
struct Linear {
    is_begun: bool,
}

const WASM_PAGE_BYTES: usize = 65536;

impl Source for Linear {
    /// At first what is behind the module's own data, and later more.
    fn more(&mut self, bytes: usize) -> Option<(*mut u8, usize)> {
        let mut start = wasm32::memory_size(0).checked_mul(WASM_PAGE_BYTES)?;
        let mut end = start;
        if !self.is_begun {
            start = heap_base().next_multiple_of(UNIT_BYTES);
        }
        if end.saturating_sub(start) < bytes {
            let pages = bytes.checked_sub(end - start)?.div_ceil(WASM_PAGE_BYTES);
            if wasm32::memory_grow(0, pages) == usize::MAX {
                return None;
            }
            // The last page of all ends where there is no address any more.
            end = end.checked_add(pages * WASM_PAGE_BYTES).unwrap_or(usize::MAX - UNIT_BYTES + 1);
        }
        self.is_begun = true;
        Some((ptr::with_exposed_provenance_mut(start), end - start))
    }
}

/// Where the module's own data end.
fn heap_base() -> usize {
    unsafe extern "C" {
        static __heap_base: u8;
    }
    (&raw const __heap_base).expose_provenance()
}

impl Allocator {
    #[allow(clippy::mut_from_ref)]
    #[inline(always)]
    fn heap(&self) -> &mut Heap<Linear> {
        // SAFETY: one thread, and nothing that the heap calls allocates.
        unsafe { &mut *self.0.get() }
    }
}

// SAFETY: a block is given out once until it comes back, and has the size and the alignment that were asked for.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.heap().alloc(layout)
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.heap().dealloc(block, layout) }
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { self.heap().realloc(block, layout, new_size) }
    }
}
