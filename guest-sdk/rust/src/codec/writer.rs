use alloc::vec::Vec;

use super::short;

/// Appends an integer in the shortest form.
#[inline]
pub fn uint(out: &mut Vec<u8>, n: u64) {
    if n < 0x80 {
        out.push(n as u8);
    } else {
        long_uint(out, n);
    }
}

#[inline(never)]
fn long_uint(out: &mut Vec<u8>, n: u64) {
    if let Ok(n) = u8::try_from(n) {
        out.extend_from_slice(&[0xcc, n]);
    } else if let Ok(n) = u16::try_from(n) {
        headed(out, 0xcd, n.to_be_bytes());
    } else if let Ok(n) = u32::try_from(n) {
        headed(out, 0xce, n.to_be_bytes());
    } else {
        headed(out, 0xcf, n.to_be_bytes());
    }
}

/// Appends an integer in the shortest form, in the unsigned family if it is not negative.
pub fn int(out: &mut Vec<u8>, n: i64) {
    if let Ok(n) = u64::try_from(n) {
        uint(out, n);
    } else if n >= -32 {
        out.push(n as u8);
    } else if let Ok(n) = i8::try_from(n) {
        out.extend_from_slice(&[0xd0, n as u8]);
    } else if let Ok(n) = i16::try_from(n) {
        headed(out, 0xd1, n.to_be_bytes());
    } else if let Ok(n) = i32::try_from(n) {
        headed(out, 0xd2, n.to_be_bytes());
    } else {
        headed(out, 0xd3, n.to_be_bytes());
    }
}

/// Appends a float of 64 bits; there is one NaN.
pub fn float(out: &mut Vec<u8>, f: f64) {
    let bits = if f.is_nan() { 0x7ff8_0000_0000_0000 } else { f.to_bits() };
    headed(out, 0xcb, bits.to_be_bytes());
}

/// Appends a head of one byte and what it is the head of.
#[inline(always)]
fn headed<const N: usize>(out: &mut Vec<u8>, head: u8, bytes: [u8; N]) {
    out.reserve(9);
    out.push(head);
    out.extend_from_slice(&bytes);
}

pub fn bool(out: &mut Vec<u8>, b: bool) {
    out.push(if b { 0xc3 } else { 0xc2 });
}

pub fn nil(out: &mut Vec<u8>) {
    out.push(0xc0);
}

#[inline]
pub fn str(out: &mut Vec<u8>, s: &str) {
    match s.len() {
        n @ 0..=31 => short::append(out, [0xa0 | n as u8], s.as_bytes()),
        n @ 32..=255 => short::append(out, [0xd9, n as u8], s.as_bytes()),
        n => {
            head(out, [0xd9, 0xda, 0xdb], n);
            out.extend_from_slice(s.as_bytes());
        }
    }
}

pub fn bin(out: &mut Vec<u8>, bytes: &[u8]) {
    head(out, [0xc4, 0xc5, 0xc6], bytes.len());
    out.extend_from_slice(bytes);
}

/// Appends a head whose length takes 1, 2 or 4 bytes.
#[inline(never)]
fn head(out: &mut Vec<u8>, heads: [u8; 3], n: usize) {
    if let Ok(n) = u8::try_from(n) {
        out.extend_from_slice(&[heads[0], n]);
    } else if let Ok(n) = u16::try_from(n) {
        out.push(heads[1]);
        out.extend_from_slice(&n.to_be_bytes());
    } else {
        out.push(heads[2]);
        out.extend_from_slice(&(n as u32).to_be_bytes());
    }
}

/// An array or a map: the first byte of its short form and of its long ones.
#[derive(Clone, Copy, PartialEq)]
pub struct Container {
    short: u8,
    long: u8,
}

pub const ARRAY: Container = Container { short: 0x90, long: 0xdc };
pub const MAP: Container = Container { short: 0x80, long: 0xde };

impl Container {
    /// Appends the head of a container of `n` elements or entries.
    #[inline(always)]
    pub fn open(self, out: &mut Vec<u8>, n: usize) {
        if n < 16 {
            out.push(self.short | n as u8);
        } else {
            self.open_long(out, n);
        }
    }

    #[inline(never)]
    fn open_long(self, out: &mut Vec<u8>, n: usize) {
        if let Ok(n) = u16::try_from(n) {
            out.push(self.long);
            out.extend_from_slice(&n.to_be_bytes());
        } else {
            out.push(self.long + 1);
            out.extend_from_slice(&(n as u32).to_be_bytes());
        }
    }

    /// Makes the head at `start`, which was appended for `said` elements, one of `n`. What follows moves if need be.
    #[inline]
    pub fn close(self, out: &mut Vec<u8>, start: usize, said: usize, n: usize) {
        if said == n {
        } else if said < 16 && n < 16 {
            out[start] = self.short | n as u8;
        } else {
            self.reopen(out, start, said, n);
        }
    }

    #[cold]
    fn reopen(self, out: &mut Vec<u8>, start: usize, said: usize, n: usize) {
        let mut new = Vec::with_capacity(5);
        self.open(&mut new, n);
        let width = |n| if n < 16 { 1 } else { if n <= 0xffff { 3 } else { 5 } };
        out.splice(start..start + width(said), new);
    }
}

/// Begins a `bin` whose length is not known yet, and gives its place for [`close_bin`].
#[inline]
pub fn open_bin(out: &mut Vec<u8>) -> usize {
    out.extend_from_slice(&[0xc4, 0]);
    out.len()
}

/// Ends a `bin`. What is in it moves if it is longer than 255 bytes.
#[inline]
pub fn close_bin(out: &mut Vec<u8>, start: usize) {
    match u8::try_from(out.len() - start) {
        Ok(n) => out[start - 1] = n,
        Err(_) => widen_bin(out, start),
    }
}

#[inline(never)]
fn widen_bin(out: &mut Vec<u8>, start: usize) {
    let n = out.len() - start;
    let more = if n <= 0xffff { 1 } else { 3 };
    out.extend_from_slice(&[0; 3][..more]);
    out.copy_within(start..start + n, start + more);
    if more == 1 {
        out[start - 2] = 0xc5;
        out[start - 1..start + 1].copy_from_slice(&(n as u16).to_be_bytes());
    } else {
        out[start - 2] = 0xc6;
        out[start - 1..start + 3].copy_from_slice(&(n as u32).to_be_bytes());
    }
}
