use alloc::{
    boxed::Box,
    format,
    string::{String, ToString},
};
use core::fmt;

/// Why a value does not decode or cannot be encoded: the path to the part at fault, such as `lines[2].price`, and a
/// reason.
pub struct Error(Box<Report>);

struct Report {
    path: String,
    reason: String,
    cause: Cause,
}

/// What a [`Trace`](crate::schema::Trace) learns from an error.
#[derive(Clone, Copy, PartialEq)]
pub enum Cause {
    /// Nothing.
    Other,
    /// The struct at hand needs this field.
    Missing(&'static str),
    /// The struct at hand was given this field twice, the second time perhaps under another name.
    Twice(&'static str),
    /// It has been noted; trace once more.
    Noted,
    /// There is no end to what is inside each other.
    Endless,
}

impl Error {
    #[cold]
    pub fn new(reason: impl fmt::Display) -> Self {
        Self::caused(Cause::Other, &reason)
    }

    #[cold]
    #[inline(never)]
    pub fn caused(cause: Cause, reason: &dyn fmt::Display) -> Self {
        let path = match cause {
            Cause::Missing(field) | Cause::Twice(field) => field,
            _ => "",
        };
        Error(Box::new(Report { path: path.to_string(), reason: reason.to_string(), cause }))
    }

    /// Says that the error is somewhere in a field, an entry or a variant of this name.
    #[cold]
    #[inline(never)]
    pub fn within(mut self, name: &[u8]) -> Self {
        self.step(&String::from_utf8_lossy(name));
        self
    }

    /// Says that the error is in this element of a list.
    #[cold]
    #[inline(never)]
    pub fn at(mut self, index: usize) -> Self {
        self.step(&format!("[{index}]"));
        self
    }

    fn step(&mut self, step: &str) {
        let dot = if matches!(self.0.path.as_bytes().first(), None | Some(b'[')) { "" } else { "." };
        self.0.path = format!("{step}{dot}{}", self.0.path);
        if matches!(self.0.cause, Cause::Missing(_) | Cause::Twice(_)) {
            self.0.cause = Cause::Other;
        }
    }

    pub fn cause(&self) -> Cause {
        self.0.cause
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { path, reason, .. } = &*self.0;
        if path.is_empty() { f.write_str(reason) } else { write!(f, "{path}: {reason}") }
    }
}

/// The same: the machinery that prints the parts would make every plugin larger.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Error {}

impl serde::ser::Error for Error {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Error::new(reason)
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Error::new(reason)
    }

    fn missing_field(field: &'static str) -> Self {
        Error::caused(Cause::Missing(field), &"missing")
    }

    fn duplicate_field(field: &'static str) -> Self {
        Error::caused(Cause::Twice(field), &"comes twice")
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let mut all = String::new();
        for name in expected {
            all.push_str(if all.is_empty() { "" } else { ", " });
            all.push_str(name);
        }
        Error::new(format!("\"{variant}\" is not one of the variants: {all}"))
    }
}
