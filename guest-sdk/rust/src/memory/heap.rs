use core::{alloc::Layout, ptr};

use super::{
    pages::{BLOCK_ALIGN, LARGEST_BYTES, PAGE_BYTES, Pages, number_of},
    ranges::{Ranges, UNIT_BYTES},
    recent::Recent,
};

/// Where a heap gets its memory.
pub trait Source {
    /// Gives at least so many bytes more, as a place and a size that are multiples of [`UNIT_BYTES`].
    fn more(&mut self, bytes: usize) -> Option<(*mut u8, usize)>;
}

/// Blocks of any size. Small ones lie in pages, each with blocks of one size; larger ones, and the pages, are ranges of
/// memory. What is given back becomes one again with what is free around it, and a page that is empty can be anything
/// else. So memory is as much as the largest call needs, and not what calls of all kinds need together. Small blocks that
/// came back wait for others of their size, and go to their pages only when memory is wanted that nothing else has.
pub struct Heap<S> {
    recent: Recent,
    pages: Pages,
    ranges: Ranges,
    source: S,
    /// Where the memory ends that the source gave.
    end: usize,
}

/// Whether a block lies in a page.
#[inline(always)]
fn is_small(layout: Layout) -> bool {
    layout.size() <= LARGEST_BYTES && layout.align() <= BLOCK_ALIGN
}

/// The size of the range that a larger block takes.
fn range_bytes(bytes: usize) -> usize {
    bytes.next_multiple_of(UNIT_BYTES)
}

impl<S: Source> Heap<S> {
    pub const fn new(source: S) -> Self {
        Heap { recent: Recent::new(), pages: Pages::new(), ranges: Ranges::new(), source, end: 0 }
    }

    /// Gives a block, or null if there is no room.
    #[inline(always)]
    pub fn alloc(&mut self, layout: Layout) -> *mut u8 {
        if is_small(layout) {
            let number = number_of(layout.size());
            let block = self.recent.take(number);
            return if block.is_null() { self.alloc_small(number) } else { block };
        }
        self.range(range_bytes(layout.size()), layout.align().max(UNIT_BYTES))
    }

    #[cold]
    #[inline(never)]
    fn alloc_small(&mut self, number: usize) -> *mut u8 {
        let block = self.pages.take_any(number);
        if !block.is_null() {
            return block;
        }
        let page = self.range(PAGE_BYTES, PAGE_BYTES);
        if page.is_null() {
            return page;
        }
        // SAFETY: the page was taken a moment ago.
        unsafe { self.pages.add(page, number) };
        self.pages.take_any(number)
    }

    #[inline(never)]
    fn range(&mut self, bytes: usize, align: usize) -> *mut u8 {
        // SAFETY: what is among the ranges is nobody's.
        unsafe {
            let range = self.ranges.take(bytes, align);
            if !range.is_null() {
                return range;
            }
            if self.settle() | (bytes > PAGE_BYTES && self.give_empty_pages()) {
                let range = self.ranges.take(bytes, align);
                if !range.is_null() {
                    return range;
                }
            }
            let missing = (bytes + align).saturating_sub(self.ranges.before(self.end)).max(UNIT_BYTES);
            let Some((place, more)) = self.source.more(missing) else {
                return ptr::null_mut();
            };
            self.end = place.addr() + more;
            self.ranges.give(place, more);
            self.ranges.take(bytes, align)
        }
    }

    /// Gives the blocks that came back to their pages. Says whether there were any.
    fn settle(&mut self) -> bool {
        let mut any = false;
        while let Some((block, number)) = self.recent.take_any() {
            // SAFETY: the block came back for this size, and the page is empty.
            unsafe {
                let page = self.pages.give(block, number);
                if !page.is_null() {
                    self.ranges.give(page, PAGE_BYTES);
                }
            }
            any = true;
        }
        any
    }

    /// Gives up the pages that are kept for blocks to come, which may lie in the midst of what is free.
    fn give_empty_pages(&mut self) -> bool {
        let mut any = false;
        loop {
            let page = self.pages.take_empty();
            if page.is_null() {
                return any;
            }
            // SAFETY: there is no block in it.
            unsafe { self.ranges.give(page, PAGE_BYTES) };
            any = true;
        }
    }

    /// Takes a block back.
    ///
    /// # Safety
    ///
    /// It was given for the same layout, and nobody uses it any more.
    #[inline(always)]
    pub unsafe fn dealloc(&mut self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe {
            if is_small(layout) {
                self.recent.give(block, number_of(layout.size()));
            } else {
                self.give_range(block, layout.size());
            }
        }
    }

    #[inline(never)]
    unsafe fn give_range(&mut self, block: *mut u8, bytes: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.ranges.give(block, range_bytes(bytes)) }
    }

    /// Makes a block larger or smaller, at its place if possible.
    ///
    /// # Safety
    ///
    /// As for [`dealloc`](Self::dealloc), and the new size makes a layout with the alignment.
    pub unsafe fn realloc(&mut self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe {
            let new = Layout::from_size_align_unchecked(new_size, layout.align());
            if self.fits(block, layout, new) {
                return block;
            }
            let moved = self.alloc(new);
            if !moved.is_null() {
                block.copy_to_nonoverlapping(moved, layout.size().min(new_size));
                self.dealloc(block, layout);
            }
            moved
        }
    }

    /// Whether a block has another size at its place, after what can be done for that.
    unsafe fn fits(&mut self, block: *mut u8, old: Layout, new: Layout) -> bool {
        if is_small(old) || is_small(new) {
            return is_small(old) && is_small(new) && number_of(old.size()) == number_of(new.size());
        }
        let (before, after) = (range_bytes(old.size()), range_bytes(new.size()));
        // SAFETY: what is behind the block is free, or becomes so.
        unsafe {
            if after < before {
                self.ranges.give(block.add(after), before - after);
            }
            after <= before || self.ranges.take_at(block.add(before), after - before)
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use super::*;

    /// Memory for tests, of which so much was given.
    struct Room {
        bytes: Vec<u8>,
        given: usize,
    }

    impl Room {
        fn heap(bytes: usize) -> Heap<Room> {
            Heap::new(Room { bytes: vec![0; bytes + PAGE_BYTES], given: 0 })
        }
    }

    impl Source for Room {
        fn more(&mut self, bytes: usize) -> Option<(*mut u8, usize)> {
            let start = self.bytes.as_ptr().align_offset(PAGE_BYTES);
            let bytes = bytes.next_multiple_of(65536);
            let room = self.bytes.get_mut(start + self.given..start + self.given + bytes)?;
            self.given += bytes;
            Some((room.as_mut_ptr(), bytes))
        }
    }

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    /// A generator of numbers that need not be good.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, n: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % n
        }
    }

    #[test]
    fn a_block_is_ones_own_until_it_is_given_back() {
        let mut heap = Room::heap(32 << 20);
        let mut numbers = Numbers(1);
        let mut all: Vec<(*mut u8, Layout, u8)> = vec![];
        let check = |block: *mut u8, size: usize, mark: u8| {
            // SAFETY: the block has as many bytes.
            let bytes = unsafe { core::slice::from_raw_parts(block, size) };
            assert!(bytes.iter().all(|byte| *byte == mark), "{size} bytes of {mark}");
        };
        for step in 0..200_000_usize {
            let mark = step as u8;
            let size = 1 + match numbers.below(20) {
                0 => numbers.below(100_000),
                1..4 => numbers.below(3000),
                _ => numbers.below(100),
            };
            // SAFETY: blocks are written in full and given back once, with the layouts that they have.
            unsafe {
                match numbers.below(3) {
                    0 if !all.is_empty() => {
                        let (block, layout, mark) = all.swap_remove(numbers.below(all.len()));
                        check(block, layout.size(), mark);
                        heap.dealloc(block, layout);
                    }
                    1 if !all.is_empty() => {
                        let at = numbers.below(all.len());
                        let (block, old, mark) = all[at];
                        let moved = heap.realloc(block, old, size);
                        check(moved, old.size().min(size), mark);
                        moved.write_bytes(mark, size);
                        all[at] = (moved, layout(size, old.align()), mark);
                    }
                    _ if all.len() < 500 => {
                        let layout = layout(size, 1 << numbers.below(9));
                        let block = heap.alloc(layout);
                        assert!(!block.is_null() && block.addr() % layout.align() == 0, "{layout:?}");
                        block.write_bytes(mark, size);
                        all.push((block, layout, mark));
                    }
                    _ => {}
                }
            }
        }
        for (block, layout, mark) in all {
            check(block, layout.size(), mark);
            // SAFETY: as above.
            unsafe { heap.dealloc(block, layout) };
        }
        heap.settle();
        assert_eq!(heap.ranges.before(heap.end).div_ceil(1 << 20), heap.source.given.div_ceil(1 << 20));
    }

    #[test]
    fn calls_of_all_kinds_take_no_more_memory_than_the_largest() {
        const CALL_BYTES: usize = 1 << 20;
        let mut heap = Room::heap(64 << 20);
        let mut most = 0;
        for round in 0..3 {
            for size in [16, 24, 40, 64, 100, 200, 300, 500, 700, 1000, 1500, 3000, 5000, 70_000, CALL_BYTES] {
                let layout = layout(size, 8);
                let mut all: Vec<*mut u8> = (0..CALL_BYTES / size).map(|_| heap.alloc(layout)).collect();
                // Half of them in the order they came, and half the other way round.
                let last = all.split_off(all.len() / 2);
                for block in all.into_iter().chain(last.into_iter().rev()) {
                    // SAFETY: each is given back once.
                    unsafe { heap.dealloc(block, layout) };
                }
                assert!(heap.source.given < CALL_BYTES * 2, "{} bytes after calls with {size}", heap.source.given);
            }
            if round == 0 {
                most = heap.source.given;
            }
            assert_eq!(heap.source.given, most, "round {round}");
        }
    }

    #[test]
    fn a_block_at_the_end_grows_where_it_is() {
        let mut heap = Room::heap(8 << 20);
        let first = heap.alloc(layout(2000, 8));
        let mut size = 2000;
        // SAFETY: the block has the size that was asked for last.
        unsafe {
            while size < 30_000 {
                assert_eq!(heap.realloc(first, layout(size, 8), size + 1000), first);
                size += 1000;
            }
            assert_eq!(heap.realloc(first, layout(size, 8), 2000), first);
        }
        assert_eq!(heap.alloc(layout(2000, 8)).addr(), first.addr() + range_bytes(2000));
    }

    #[test]
    fn without_room_there_is_no_block() {
        let mut heap = Room::heap(1 << 20);
        assert!(heap.alloc(layout(2 << 20, 8)).is_null());
        assert!(!heap.alloc(layout(1 << 19, 8)).is_null());
        assert!(heap.alloc(layout(1 << 20, 8)).is_null());
        assert!(!heap.alloc(layout(16, 8)).is_null());
    }
}
