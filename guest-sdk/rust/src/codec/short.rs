//! Copies of short runs of bytes, which names and most texts are. WebAssembly's own instruction for copying is a call out of
//! the module's code in the usual engines, and takes several times as long as the few loads and stores here.

use alloc::vec::Vec;
use core::{mem::size_of, ptr};

/// The longest run that is copied here.
const SHORT_BYTES: usize = 64;

/// Appends a head and what it is the head of.
#[inline(always)]
pub fn append<const N: usize>(out: &mut Vec<u8>, head: [u8; N], bytes: &[u8]) {
    out.reserve(N + bytes.len());
    // SAFETY: there is room for as many bytes behind those that are there, and `bytes` cannot lie in it.
    unsafe {
        let end = out.as_mut_ptr().add(out.len());
        end.cast::<[u8; N]>().write(head);
        copy(bytes.as_ptr(), end.add(N), bytes.len());
        out.set_len(out.len() + N + bytes.len());
    }
}

/// Appends bytes, of which there are few as a rule.
#[inline(always)]
pub fn extend(out: &mut Vec<u8>, bytes: &[u8]) {
    append(out, [], bytes);
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

/// Whether the `n` bytes at two places are the same.
///
/// # Safety
///
/// So many bytes can be read at both.
#[inline(always)]
pub unsafe fn same(a: *const u8, b: *const u8, n: usize) -> bool {
    // SAFETY: no word goes beyond `n` bytes.
    unsafe {
        if n < 4 {
            return n == 0 || *a == *b && *a.add(n / 2) == *b.add(n / 2) && *a.add(n - 1) == *b.add(n - 1);
        }
        if n < 8 {
            return read::<u32>(a, 0) == read::<u32>(b, 0) && read::<u32>(a, n - 4) == read::<u32>(b, n - 4);
        }
        if n > 16 {
            let mut at = 8;
            while at < n - 8 {
                if read::<u64>(a, at) != read::<u64>(b, at) {
                    return false;
                }
                at += 8;
            }
        }
        read::<u64>(a, 0) == read::<u64>(b, 0) && read::<u64>(a, n - 8) == read::<u64>(b, n - 8)
    }
}

/// Whether these are the same bytes, of which there are equally many.
#[inline(always)]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    let n = a.len();
    if n != b.len() {
        return false;
    }
    // SAFETY: there are as many at both places.
    unsafe { same(a.as_ptr(), b.as_ptr(), n) }
}

/// The bit of each byte of a word that ASCII does not have.
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Whether these bytes are ASCII.
#[inline(always)]
pub fn is_ascii(bytes: &[u8]) -> bool {
    let (n, bytes) = (bytes.len(), bytes.as_ptr());
    // SAFETY: no word goes beyond `n` bytes.
    unsafe {
        if n < 4 {
            return n == 0 || (*bytes | *bytes.add(n / 2) | *bytes.add(n - 1)) < 0x80;
        }
        if n < 8 {
            return (read::<u32>(bytes, 0) | read::<u32>(bytes, n - 4)) & (HIGH_BITS as u32) == 0;
        }
        let mut all = read::<u64>(bytes, 0) | read::<u64>(bytes, n - 8);
        if n > 16 {
            all |= read::<u64>(bytes, 8) | read::<u64>(bytes, n - 16);
            let mut at = 16;
            while at + 16 < n {
                all |= read::<u64>(bytes, at);
                at += 8;
            }
        }
        all & HIGH_BITS == 0
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
        if n >= 8 {
            if n > SHORT_BYTES {
                return ptr::copy_nonoverlapping(from, to, n);
            }
            word::<u64>(from, to, 0, n);
            if n > 16 {
                word::<u64>(from, to, 8, n - 8);
                if n > 32 {
                    word::<u64>(from, to, 16, n - 16);
                    word::<u64>(from, to, 24, n - 24);
                }
            }
        } else if n >= 4 {
            word::<u32>(from, to, 0, n);
        } else if n > 0 {
            *to = *from;
            *to.add(n / 2) = *from.add(n / 2);
            *to.add(n - 1) = *from.add(n - 1);
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
            append(&mut out, [0xdd], &bytes[..n]);
            assert_eq!(out[..2], [0xee, 0xdd]);
            assert_eq!(out[2..], bytes[..n]);
        }
    }

    #[test]
    fn one_byte_that_differs_is_seen_at_any_place() {
        let bytes: Vec<u8> = (1..=80).collect();
        for n in 0..=bytes.len() {
            assert!(equal(&bytes[..n], &bytes.clone()[..n]) && is_ascii(&bytes[..n]), "{n} bytes");
            for at in 0..n {
                let mut other = bytes[..n].to_vec();
                other[at] |= 0x80;
                assert!(!equal(&bytes[..n], &other) && !is_ascii(&other), "byte {at} of {n}");
            }
        }
    }
}
