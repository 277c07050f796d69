/// What a plugin could not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The type has no command of that name.
    UnknownCommand = 1,
    /// The payload of a command does not decode.
    BadPayload = 2,
    /// The state does not decode.
    BadState = 3,
    /// A handler panicked, or made something that cannot be encoded.
    Panicked = 4,
    /// An event cannot be folded.
    BadEvent = 5,
}
