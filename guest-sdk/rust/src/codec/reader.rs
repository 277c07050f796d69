use alloc::string::String;
use core::str;

use super::short;

/// How many arrays and maps may be inside each other.
pub const MAX_DEPTH: u8 = 64;

/// The bytes as text, if they are UTF-8. Nearly all are short and ASCII, which is seen a word at a time; the standard
/// library's own way is made for longer texts.
#[inline(always)]
fn text(bytes: &[u8]) -> Option<&str> {
    if short::is_ascii(bytes) {
        // SAFETY: ASCII is UTF-8.
        return Some(unsafe { str::from_utf8_unchecked(bytes) });
    }
    str::from_utf8(bytes).ok()
}

/// Reads msgpack values of any valid form from the front of some bytes. What does not come as asked for gives `None`,
/// and then the place is unspecified.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Takes these bytes if they come next.
    #[inline(always)]
    pub fn take_prefix(&mut self, prefix: &[u8]) -> bool {
        match self.rest.split_at_checked(prefix.len()) {
            Some((found, rest)) if short::equal(found, prefix) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    #[inline(always)]
    pub fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    #[inline(always)]
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        Some(taken)
    }

    #[inline(always)]
    fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    /// Takes this string if it comes next, in the form that short ones have, and anything but nil behind it.
    #[inline(always)]
    pub fn take_name(&mut self, name: &str) -> bool {
        let (rest, n) = (self.rest, name.len());
        if rest.len() < n + 2 || n >= 32 {
            return false;
        }
        // SAFETY: there is the head of one byte, the name, and at least one byte behind it.
        unsafe {
            let comes = usize::from(*rest.get_unchecked(0)) == 0xa0 | n
                && short::same(rest.as_ptr().add(1), name.as_ptr(), n)
                && *rest.get_unchecked(n + 1) != 0xc0;
            if comes {
                self.rest = rest.get_unchecked(n + 1..);
            }
            comes
        }
    }

    /// An integer that is not negative.
    #[inline(always)]
    pub fn uint(&mut self) -> Option<u64> {
        match self.rest {
            [byte @ 0..=0x7f, rest @ ..] => {
                self.rest = rest;
                Some(u64::from(*byte))
            }
            _ => self.long_uint(),
        }
    }

    #[inline(never)]
    fn long_uint(&mut self) -> Option<u64> {
        match self.byte()? {
            0xcc => self.byte().map(u64::from),
            0xcd => self.fixed().map(|b| u64::from(u16::from_be_bytes(b))),
            0xce => self.fixed().map(|b| u64::from(u32::from_be_bytes(b))),
            0xcf => self.fixed().map(u64::from_be_bytes),
            0xd0 => u64::try_from(self.fixed().map(i8::from_be_bytes)?).ok(),
            0xd1 => u64::try_from(self.fixed().map(i16::from_be_bytes)?).ok(),
            0xd2 => u64::try_from(self.fixed().map(i32::from_be_bytes)?).ok(),
            0xd3 => u64::try_from(self.fixed().map(i64::from_be_bytes)?).ok(),
            _ => None,
        }
    }

    /// An integer of 64 bits with a sign.
    #[inline]
    pub fn int(&mut self) -> Option<i64> {
        let here = self.rest;
        if let Some(n) = self.uint() {
            return i64::try_from(n).ok();
        }
        self.rest = here;
        match self.byte()? {
            byte @ 0xe0..=0xff => Some(i64::from(byte as i8)),
            0xd0 => self.fixed().map(|b| i64::from(i8::from_be_bytes(b))),
            0xd1 => self.fixed().map(|b| i64::from(i16::from_be_bytes(b))),
            0xd2 => self.fixed().map(|b| i64::from(i32::from_be_bytes(b))),
            0xd3 => self.fixed().map(i64::from_be_bytes),
            _ => None,
        }
    }

    /// A float of either size, or an integer, rounded to the nearest float.
    pub fn float(&mut self) -> Option<f64> {
        match self.peek()? {
            0xcb => {
                self.byte();
                self.fixed().map(f64::from_be_bytes)
            }
            0xca => {
                self.byte();
                self.fixed().map(|b| f64::from(f32::from_be_bytes(b)))
            }
            _ => {
                let here = self.rest;
                if let Some(n) = self.uint() {
                    return Some(n as f64);
                }
                self.rest = here;
                self.int().map(|n| n as f64)
            }
        }
    }

    pub fn bool(&mut self) -> Option<bool> {
        match self.byte()? {
            0xc2 => Some(false),
            0xc3 => Some(true),
            _ => None,
        }
    }

    /// Takes a nil if it comes next.
    #[inline(always)]
    pub fn nil(&mut self) -> bool {
        match self.rest {
            [0xc0, rest @ ..] => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// The length that follows a head with a length of 1, 2 or 4 bytes.
    fn length(&mut self, bytes: u8) -> Option<usize> {
        match bytes {
            1 => self.byte().map(usize::from),
            2 => self.fixed().map(|b| usize::from(u16::from_be_bytes(b))),
            _ => self.fixed().map(|b| u32::from_be_bytes(b) as usize),
        }
    }

    /// The bytes of a string, whether they are UTF-8 or not.
    #[inline(always)]
    pub fn raw_str(&mut self) -> Option<&'a [u8]> {
        let length = match self.byte()? {
            head @ 0xa0..=0xbf => usize::from(head & 0x1f),
            head @ 0xd9..=0xdb => self.length(1 << (head - 0xd9))?,
            _ => return None,
        };
        self.take(length)
    }

    /// A string that is UTF-8, of one's own.
    #[inline]
    pub fn string(&mut self) -> Option<String> {
        let bytes = self.raw_str()?;
        if !short::is_ascii(bytes) && str::from_utf8(bytes).is_err() {
            return None;
        }
        // SAFETY: it has just been seen that this is UTF-8.
        Some(unsafe { String::from_utf8_unchecked(short::copied(bytes)) })
    }

    /// A string that is UTF-8.
    #[inline(always)]
    pub fn str(&mut self) -> Option<&'a str> {
        text(self.raw_str()?)
    }

    #[inline]
    pub fn bin(&mut self) -> Option<&'a [u8]> {
        let length = match self.byte()? {
            0xc4 => usize::from(self.byte()?),
            head @ 0xc5..=0xc6 => self.length(1 << (head - 0xc4))?,
            _ => return None,
        };
        self.take(length)
    }

    /// The content of a payload's place: `Some(None)` if it is nil.
    #[inline(always)]
    pub fn payload(&mut self) -> Option<Option<&'a [u8]>> {
        if self.nil() { Some(None) } else { self.bin().map(Some) }
    }

    /// The length of an array that begins here.
    #[inline]
    pub fn array(&mut self) -> Option<usize> {
        match self.byte()? {
            head @ 0x90..=0x9f => Some(usize::from(head & 0x0f)),
            head @ 0xdc..=0xdd => self.length(2 << (head - 0xdc)),
            _ => None,
        }
    }

    /// The number of entries of a map that begins here.
    #[inline]
    pub fn map(&mut self) -> Option<usize> {
        match self.byte()? {
            head @ 0x80..=0x8f => Some(usize::from(head & 0x0f)),
            head @ 0xde..=0xdf => self.length(2 << (head - 0xde)),
            _ => None,
        }
    }

    /// Takes the head of a map if one comes next in the form that small ones have, and gives the number of entries.
    #[inline(always)]
    pub fn take_small_map(&mut self) -> Option<usize> {
        match self.rest {
            [head @ 0x80..=0x8f, rest @ ..] => {
                self.rest = rest;
                Some(usize::from(head & 0x0f))
            }
            _ => None,
        }
    }

    /// Passes over one value, which must be one that a payload may hold: no extension types, strings of UTF-8, maps with
    /// strings as keys, not more than `levels` levels.
    pub fn skip(&mut self, levels: u8) -> Option<()> {
        match self.peek()? {
            0x80..=0x8f | 0xde | 0xdf => {
                for _ in 0..self.map()? {
                    self.str()?;
                    self.skip(levels.checked_sub(1)?)?;
                }
                (levels > 0).then_some(())
            }
            0x90..=0x9f | 0xdc | 0xdd => {
                for _ in 0..self.array()? {
                    self.skip(levels.checked_sub(1)?)?;
                }
                (levels > 0).then_some(())
            }
            0xa0..=0xbf | 0xd9..=0xdb => self.str().map(drop),
            0xc4..=0xc6 => self.bin().map(drop),
            0xc0 => self.byte().map(drop),
            0xc2 | 0xc3 => self.bool().map(drop),
            _ => self.float().map(drop),
        }
    }

    /// What comes next, in words.
    pub fn found(&self) -> &'static str {
        match self.peek() {
            None => "nothing",
            Some(0x00..=0x7f | 0xcc..=0xd3 | 0xe0..=0xff) => "an integer",
            Some(0x80..=0x8f | 0xde | 0xdf) => "a map",
            Some(0x90..=0x9f | 0xdc | 0xdd) => "a list",
            Some(0xa0..=0xbf | 0xd9..=0xdb) => "a string",
            Some(0xc0) => "nil",
            Some(0xc2 | 0xc3) => "a boolean",
            Some(0xc4..=0xc6) => "bytes",
            Some(0xca | 0xcb) => "a float",
            Some(_) => "an extension type",
        }
    }
}
