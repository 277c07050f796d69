use core::ptr;

/// The sizes and the places of ranges are multiples of this.
pub const UNIT_BYTES: usize = 64;

/// Memory that nobody uses: ranges in the order of their addresses, joined where they touch. Each holds, in itself, where
/// the next one is.
pub struct Ranges {
    first: *mut Range,
}

struct Range {
    next: *mut Range,
    bytes: usize,
}

impl Ranges {
    pub const fn new() -> Self {
        Ranges { first: ptr::null_mut() }
    }

    /// Takes the first place at which there are so many units, or gives null.
    ///
    /// # Safety
    ///
    /// Nobody has written to what was given.
    pub unsafe fn take(&mut self, bytes: usize, align: usize) -> *mut u8 {
        let mut link = &raw mut self.first;
        // SAFETY: links lead from range to range, and a range is as large as it says.
        unsafe {
            while !(*link).is_null() {
                let range = *link;
                let (start, end) = (range.addr(), range.addr() + (*range).bytes);
                let at = start.next_multiple_of(align);
                if at < end && bytes <= end - at {
                    let behind = end - at - bytes;
                    let mut next = (*range).next;
                    if behind > 0 {
                        let rest = range.cast::<u8>().add(at - start + bytes).cast::<Range>();
                        rest.write(Range { next, bytes: behind });
                        next = rest;
                    }
                    if at > start {
                        *range = Range { next, bytes: at - start };
                    } else {
                        *link = next;
                    }
                    return range.cast::<u8>().add(at - start);
                }
                link = &raw mut (*range).next;
            }
        }
        ptr::null_mut()
    }

    /// Takes the units from a place on, if they are free.
    ///
    /// # Safety
    ///
    /// As for [`take`](Self::take).
    pub unsafe fn take_at(&mut self, place: *mut u8, bytes: usize) -> bool {
        let mut link = &raw mut self.first;
        // SAFETY: as above.
        unsafe {
            while !(*link).is_null() && (*link).addr() < place.addr() {
                link = &raw mut (**link).next;
            }
            let range = *link;
            if range.is_null() || range.addr() != place.addr() || (*range).bytes < bytes {
                return false;
            }
            let Range { next, bytes: all } = range.read();
            *link = next;
            if all > bytes {
                let rest = place.add(bytes).cast::<Range>();
                rest.write(Range { next, bytes: all - bytes });
                *link = rest;
            }
        }
        true
    }

    /// Adds units.
    ///
    /// # Safety
    ///
    /// They are nobody's, and stay where they are.
    pub unsafe fn give(&mut self, place: *mut u8, bytes: usize) {
        let mut before = ptr::null_mut::<Range>();
        let mut link = &raw mut self.first;
        // SAFETY: as above.
        unsafe {
            while !(*link).is_null() && (*link).addr() < place.addr() {
                before = *link;
                link = &raw mut (*before).next;
            }
            let mut range = Range { next: *link, bytes };
            if !range.next.is_null() && place.addr() + bytes == range.next.addr() {
                let Range { next, bytes } = range.next.read();
                range = Range { next, bytes: range.bytes + bytes };
            }
            if !before.is_null() && before.addr() + (*before).bytes == place.addr() {
                *before = Range { next: range.next, bytes: (*before).bytes + range.bytes };
            } else {
                place.cast::<Range>().write(range);
                *link = place.cast();
            }
        }
    }

    /// How much is free directly before an address.
    pub fn before(&self, end: usize) -> usize {
        let mut range = self.first;
        // SAFETY: as above.
        unsafe {
            while !range.is_null() {
                if range.addr() + (*range).bytes == end {
                    return (*range).bytes;
                }
                range = (*range).next;
            }
        }
        0
    }
}
