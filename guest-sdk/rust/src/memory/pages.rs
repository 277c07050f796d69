use core::ptr;

/// The size of a page, and its alignment, so that the page of a block is known from the block's address.
pub const PAGE_BYTES: usize = 4096;

/// The sizes of blocks, each with a number of its own.
const SIZES: [u16; 20] =
    [16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 672, 800, 1008];
/// The largest block.
pub const LARGEST_BYTES: usize = SIZES[SIZES.len() - 1] as usize;
/// The alignment of every block.
pub const BLOCK_ALIGN: usize = 16;

/// For every number of sixteen bytes the smallest size that has as many.
const NUMBERS: [u8; LARGEST_BYTES / BLOCK_ALIGN + 1] = {
    let mut numbers = [0; LARGEST_BYTES / BLOCK_ALIGN + 1];
    let (mut at, mut number) = (0, 0);
    while at < numbers.len() {
        if at * BLOCK_ALIGN > SIZES[number] as usize {
            number += 1;
        }
        numbers[at] = number as u8;
        at += 1;
    }
    numbers
};

/// The number of the smallest size that has so many bytes.
#[inline(always)]
pub fn number_of(bytes: usize) -> usize {
    usize::from(NUMBERS[bytes.div_ceil(BLOCK_ALIGN)])
}

/// Pages of small blocks, all those of one page of the same size.
pub struct Pages {
    /// Of each size the pages in which there is room.
    open: [*mut Page; SIZES.len()],
}

/// What stands at the beginning of a page.
struct Page {
    next: *mut Page,
    before: *mut Page,
    /// The first of the blocks that came back, in which is where the next one is.
    free: *mut u8,
    /// Where the blocks begin that were never given out.
    fresh: usize,
    /// How many blocks are in use.
    used: usize,
    is_open: bool,
}

const FIRST_BLOCK: usize = size_of::<Page>().next_multiple_of(BLOCK_ALIGN);

impl Pages {
    pub const fn new() -> Self {
        Pages { open: [ptr::null_mut(); SIZES.len()] }
    }

    /// Takes a block that came back, or gives null if the page at hand has none.
    fn take(&mut self, number: usize) -> *mut u8 {
        let page = self.open[number];
        if page.is_null() {
            return ptr::null_mut();
        }
        // SAFETY: an open page is one, and a block that came back holds the address of the next.
        unsafe {
            let block = (*page).free;
            if !block.is_null() {
                (*page).free = block.cast::<*mut u8>().read();
                (*page).used += 1;
            }
            block
        }
    }

    /// Takes a block of the pages that there are, or gives null if they are full.
    pub fn take_any(&mut self, number: usize) -> *mut u8 {
        // SAFETY: as above; a fresh block is within its page.
        unsafe {
            loop {
                let block = self.take(number);
                let page = self.open[number];
                if !block.is_null() || page.is_null() {
                    return block;
                }
                let size = usize::from(SIZES[number]);
                let at = (*page).fresh;
                if at + size <= PAGE_BYTES {
                    (*page).fresh += size;
                    (*page).used += 1;
                    return page.cast::<u8>().add(at);
                }
                self.close(page, number);
            }
        }
    }

    /// Adds a page for blocks of a size.
    ///
    /// # Safety
    ///
    /// The page is nobody's.
    pub unsafe fn add(&mut self, page: *mut u8, number: usize) {
        let page = page.cast::<Page>();
        let new = Page {
            next: ptr::null_mut(),
            before: ptr::null_mut(),
            free: ptr::null_mut(),
            fresh: FIRST_BLOCK,
            used: 0,
            is_open: false,
        };
        // SAFETY: the caller's promise.
        unsafe {
            page.write(new);
            self.open(page, number);
        }
    }

    /// Takes a block back. Gives a page that has become empty and is not the last one of its size, else null.
    ///
    /// # Safety
    ///
    /// The block came from here, for the same size.
    pub unsafe fn give(&mut self, block: *mut u8, number: usize) -> *mut u8 {
        // SAFETY: the page's beginning is before the block.
        unsafe {
            let page = block.sub(block.addr() % PAGE_BYTES).cast::<Page>();
            block.cast::<*mut u8>().write((*page).free);
            (*page).free = block;
            (*page).used -= 1;
            if (*page).used > 0 && (*page).is_open { ptr::null_mut() } else { self.review(page, number) }
        }
    }

    /// Opens a page again in which there is room now, and closes one that is empty if there are others.
    #[inline(never)]
    unsafe fn review(&mut self, page: *mut Page, number: usize) -> *mut u8 {
        // SAFETY: this is a page.
        unsafe {
            if !(*page).is_open {
                self.open(page, number);
            }
            let is_only = (*page).next.is_null() && (*page).before.is_null();
            if (*page).used > 0 || is_only {
                return ptr::null_mut();
            }
            self.close(page, number);
            page.cast()
        }
    }

    /// Takes out a page that is empty, though it be the last one of its size, or gives null.
    pub fn take_empty(&mut self) -> *mut u8 {
        for number in 0..SIZES.len() {
            let page = self.open[number];
            // SAFETY: an open page is one.
            unsafe {
                if !page.is_null() && (*page).used == 0 {
                    self.close(page, number);
                    return page.cast();
                }
            }
        }
        ptr::null_mut()
    }

    unsafe fn open(&mut self, page: *mut Page, number: usize) {
        // SAFETY: as above.
        unsafe {
            let next = self.open[number];
            if !next.is_null() {
                (*next).before = page;
            }
            (*page).next = next;
            (*page).before = ptr::null_mut();
            (*page).is_open = true;
        }
        self.open[number] = page;
    }

    unsafe fn close(&mut self, page: *mut Page, number: usize) {
        // SAFETY: as above.
        unsafe {
            let Page { next, before, .. } = page.read();
            if !next.is_null() {
                (*next).before = before;
            }
            if before.is_null() {
                self.open[number] = next;
            } else {
                (*before).next = next;
            }
            (*page).is_open = false;
        }
    }
}
