const MAX_TEXT_BYTES: usize = 512;

/// The path of a field that is wrong, as in `shipping.city`.
#[derive(Debug)]
pub struct WrongField(pub String);

/// A value that says what must be right about its fields.
pub trait Check {
    /// Gives the first field that is wrong, in the order in which they are declared.
    fn check(&self) -> Result<(), WrongField>;
}

/// What is absent is never wrong.
impl<C: Check> Check for Option<C> {
    fn check(&self) -> Result<(), WrongField> {
        self.as_ref().map_or(Ok(()), C::check)
    }
}

/// Says that the field must be right.
pub fn hold(field: &str, right: bool) -> Result<(), WrongField> {
    if right { Ok(()) } else { Err(WrongField(field.into())) }
}

pub fn text(field: &str, value: &str) -> Result<(), WrongField> {
    hold(field, is_text(value))
}

pub fn optional_text(field: &str, value: &Option<String>) -> Result<(), WrongField> {
    hold(field, value.as_deref().is_none_or(is_text))
}

/// Checks the fields of a value that is a field itself.
pub fn inner(field: &str, value: &impl Check) -> Result<(), WrongField> {
    value.check().map_err(|WrongField(inner)| WrongField(format!("{field}.{inner}")))
}

pub fn is_text(s: &str) -> bool {
    !s.is_empty() && is_short(s)
}

/// Whether this is no longer than a text, though it may be empty.
pub fn is_short(s: &str) -> bool {
    s.len() <= MAX_TEXT_BYTES
}

/// Whether these are so many decimal digits.
pub fn is_digits(s: &str, count: usize) -> bool {
    s.len() == count && s.bytes().all(|c| c.is_ascii_digit())
}
