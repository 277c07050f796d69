//! Copies of short runs of bytes, which names and most texts are. WebAssembly's own instruction for copying is a call out of
//! the module's code in the usual engines, and takes several times as long as the few loads and stores here.

use alloc::vec::Vec;
use core::{mem::size_of, ptr};

/// The longest run that is copied here: no string has more that has a head of one byte.
const SHORT_BYTES: usize = 31;

/// Appends a head of one byte and what it is the head of.
#[inline]
pub fn append(out: &mut Vec<u8>, head: u8, bytes: &[u8]) {
    out.reserve(1 + bytes.len());
    // SAFETY: there is room for as many bytes behind those that are there, and `bytes` cannot lie in it.
    unsafe {
        let end = out.as_mut_ptr().add(out.len());
        *end = head;
        copy(bytes.as_ptr(), end.add(1), bytes.len());
        out.set_len(out.len() + 1 + bytes.len());
    }
}

/// Makes a copy of one's own.
#[inline]
pub fn copied(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    // SAFETY: there is room for as many bytes, and `bytes` cannot lie in it.
    unsafe {
        copy(bytes.as_ptr(), out.as_mut_ptr(), bytes.len());
        out.set_len(bytes.len());
    }
    out
}

/// Whether these are the same bytes, of which there are equally many.
#[inline(always)]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    let n = a.len();
    if n != b.len() {
        return false;
    }
    let (a, b) = (a.as_ptr(), b.as_ptr());
    // SAFETY: no word goes beyond `n` bytes.
    unsafe {
        match n {
            0..4 => (0..n).all(|at| *a.add(at) == *b.add(at)),
            4..8 => read::<u32>(a, 0) == read::<u32>(b, 0) && read::<u32>(a, n - 4) == read::<u32>(b, n - 4),
            _ => {
                let mut at = 0;
                while at < n - 8 {
                    if read::<u64>(a, at) != read::<u64>(b, at) {
                        return false;
                    }
                    at += 8;
                }
                read::<u64>(a, n - 8) == read::<u64>(b, n - 8)
            }
        }
    }
}

/// Whether these bytes are ASCII.
#[inline(always)]
pub fn is_ascii(bytes: &[u8]) -> bool {
    let (n, bytes) = (bytes.len(), bytes.as_ptr());
    // SAFETY: no word goes beyond `n` bytes.
    unsafe {
        match n {
            0..4 => (0..n).all(|at| *bytes.add(at) < 0x80),
            4..8 => (read::<u32>(bytes, 0) | read::<u32>(bytes, n - 4)) & 0x8080_8080 == 0,
            _ => {
                let mut all = read::<u64>(bytes, n - 8);
                let mut at = 0;
                while at < n - 8 {
                    all |= read::<u64>(bytes, at);
                    at += 8;
                }
                all & 0x8080_8080_8080_8080 == 0
            }
        }
    }
}

/// The word at a place.
#[inline(always)]
unsafe fn read<W: Copy>(bytes: *const u8, at: usize) -> W {
    // SAFETY: the caller's promise.
    unsafe { bytes.add(at).cast::<W>().read_unaligned() }
}

/// Copies `n` bytes.
///
/// # Safety
///
/// Those at `from` can be read, those at `to` written, and they do not overlap.
#[inline]
unsafe fn copy(from: *const u8, to: *mut u8, n: usize) {
    // SAFETY: no word goes beyond `n` bytes, for which the caller has promised.
    unsafe {
        match n {
            0 => {}
            1..=3 => {
                *to = *from;
                *to.add(n / 2) = *from.add(n / 2);
                *to.add(n - 1) = *from.add(n - 1);
            }
            4..=7 => word::<u32>(from, to, 0, n),
            8..=16 => word::<u64>(from, to, 0, n),
            17..=SHORT_BYTES => {
                word::<u64>(from, to, 0, n);
                word::<u64>(from, to, size_of::<u64>(), n - size_of::<u64>());
            }
            _ => ptr::copy_nonoverlapping(from, to, n),
        }
    }
}

/// Copies the word at `start` and the one that ends at `end`; they may overlap.
///
/// # Safety
///
/// As for [`copy`], of `end` bytes.
#[inline(always)]
unsafe fn word<W: Copy>(from: *const u8, to: *mut u8, start: usize, end: usize) {
    let last = end - size_of::<W>();
    // SAFETY: both words are within `end` bytes.
    unsafe {
        to.add(start).cast::<W>().write_unaligned(from.add(start).cast::<W>().read_unaligned());
        to.add(last).cast::<W>().write_unaligned(from.add(last).cast::<W>().read_unaligned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_any_length_are_appended_behind_what_is_there() {
        let bytes: Vec<u8> = (1..=100).collect();
        for n in 0..=bytes.len() {
            let mut out = Vec::from([0xee]);
            append(&mut out, 0xdd, &bytes[..n]);
            assert_eq!(out[..2], [0xee, 0xdd]);
            assert_eq!(out[2..], bytes[..n]);
        }
    }
}
