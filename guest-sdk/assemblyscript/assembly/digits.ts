// The runtime's own conversions come with tables of several kilobytes.

/** A number in decimal digits. */
export function decimal(value: u64): string {
  const head = value >= 10 ? decimal(value / 10) : "";
  return head + String.fromCharCode(0x30 + <i32>(value % 10));
}

/** A number that may be negative in decimal digits. */
export function signedDecimal(value: i64): string {
  return value < 0 ? "-" + decimal(-(<u64>value)) : decimal(<u64>value);
}

/** A number in 16 hexadecimal digits. */
export function hexadecimal(value: u64): string {
  let text = "";
  for (let shift = 60; shift >= 0; shift -= 4) {
    const digit = <i32>((value >> shift) & 15);
    text += String.fromCharCode(digit < 10 ? 0x30 + digit : 0x57 + digit);
  }
  return text;
}
