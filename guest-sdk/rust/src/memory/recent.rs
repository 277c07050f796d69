use core::ptr;

/// Room for at least as many sizes as there are; of a power of two, so that no place needs to be checked.
const SLOTS: usize = 32;

/// Small blocks that came back and wait for others of their size, the last one first. Each holds, in itself, where the next
/// one is.
pub struct Recent {
    first: [*mut u8; SLOTS],
}

impl Recent {
    pub const fn new() -> Self {
        Recent { first: [ptr::null_mut(); SLOTS] }
    }

    /// Takes a block of the size with this number, or gives null if there is none.
    #[inline(always)]
    pub fn take(&mut self, number: usize) -> *mut u8 {
        let first = &mut self.first[number % SLOTS];
        let block = *first;
        if !block.is_null() {
            // SAFETY: a block that waits holds the address of the next.
            *first = unsafe { block.cast::<*mut u8>().read() };
        }
        block
    }

    /// Takes a block of any size, and says of which.
    pub fn take_any(&mut self) -> Option<(*mut u8, usize)> {
        let number = self.first.iter().position(|block| !block.is_null())?;
        Some((self.take(number), number))
    }

    /// Takes a block back.
    ///
    /// # Safety
    ///
    /// It has the size with this number, and nobody uses it any more.
    #[inline(always)]
    pub unsafe fn give(&mut self, block: *mut u8, number: usize) {
        let first = &mut self.first[number % SLOTS];
        // SAFETY: the caller's promise.
        unsafe { block.cast::<*mut u8>().write(*first) };
        *first = block;
    }
}
