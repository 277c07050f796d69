//! The allocator of plugins, which many small strings come and go by.
//!
//! Blocks are powers of two. A block that is given back waits in its size's list for the next that wants one, so that both
//! are a few instructions, and a call that does what an earlier one did takes no new memory. Nothing is ever joined or split:
//! a list keeps what its size needed at most, which the calls of one plugin do not drive far apart. A vector that grows
//! within its block stays where it is.

use core::{
    alloc::{GlobalAlloc, Layout},
    arch::wasm32,
    cell::UnsafeCell,
    ptr,
};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator(UnsafeCell::new(Heap { free: [ptr::null_mut(); SIZES], next: 0, end: 0 }));

struct Allocator(UnsafeCell<Heap>);

// SAFETY: a plugin has one thread.
unsafe impl Sync for Allocator {}

/// The smallest block has 16 bytes, the largest a gibibyte.
const SMALLEST_BITS: u32 = 4;
const SIZES: usize = 31 - SMALLEST_BITS as usize;
/// The alignment that any block has which is at least as large.
const LARGEST_ALIGN: usize = 4096;
const PAGE_BYTES: usize = 65536;

struct Heap {
    /// Of each size the first free block, in which is the address of the next.
    free: [*mut u8; SIZES],
    /// Where memory begins that was never used, and where it ends.
    next: usize,
    end: usize,
}

/// The place of a block's size among the sizes.
fn size_of(layout: Layout) -> usize {
    let bytes = layout.size().max(layout.align()).max(1 << SMALLEST_BITS);
    (usize::BITS - (bytes - 1).leading_zeros() - SMALLEST_BITS) as usize
}

impl Heap {
    /// Takes a new block of this size, or gives null if there is no room.
    #[cold]
    #[inline(never)]
    fn take(&mut self, size: usize) -> *mut u8 {
        let bytes = 1_usize << (size as u32 + SMALLEST_BITS);
        if self.end == 0 {
            self.next = heap_base();
            self.end = wasm32::memory_size(0).saturating_mul(PAGE_BYTES);
        }
        let start = self.next.next_multiple_of(bytes.min(LARGEST_ALIGN));
        let Some(next) = start.checked_add(bytes) else {
            return ptr::null_mut();
        };
        if next > self.end {
            let pages = (next - self.end).div_ceil(PAGE_BYTES);
            if wasm32::memory_grow(0, pages) == usize::MAX {
                return ptr::null_mut();
            }
            self.end += pages * PAGE_BYTES;
        }
        self.next = next;
        ptr::with_exposed_provenance_mut(start)
    }
}

/// Where the module's own data end.
fn heap_base() -> usize {
    unsafe extern "C" {
        static __heap_base: u8;
    }
    (&raw const __heap_base).expose_provenance()
}

// SAFETY: a block is given out once until it comes back, has at least the size and the alignment that were asked for, and
// is only written to while it is in a list.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = size_of(layout);
        if size >= SIZES || layout.align() > LARGEST_ALIGN {
            return ptr::null_mut();
        }
        // SAFETY: one thread, and nothing is called in between that allocates.
        let heap = unsafe { &mut *self.0.get() };
        let block = heap.free[size];
        if block.is_null() {
            return heap.take(size);
        }
        // SAFETY: a block in a list holds the address of the next one.
        heap.free[size] = unsafe { block.cast::<*mut u8>().read() };
        block
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let size = size_of(layout);
        // SAFETY: as above; the block is the caller's no more.
        unsafe {
            let heap = &mut *self.0.get();
            block.cast::<*mut u8>().write(heap.free[size]);
            heap.free[size] = block;
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's size and alignment make a layout.
        let new = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        if size_of(new) == size_of(layout) {
            return block;
        }
        // SAFETY: the blocks are different ones, and each is as large as its layout says.
        unsafe {
            let moved = self.alloc(new);
            if !moved.is_null() {
                block.copy_to_nonoverlapping(moved, layout.size().min(new_size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}
