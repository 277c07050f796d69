/** Says in words what the bytes from at to end begin with. */
export function found(at: usize, end: usize): string {
  if (at >= end) return "the end";
  const first = <u32>load<u8>(at);
  const negative = first >= 0xe0 || (first >= 0xd0 && first <= 0xd3 && at + 1 < end && load<i8>(at, 1) < 0);
  if (negative) return "a negative integer";
  if (first < 0x80 || (first >= 0xcc && first <= 0xd3)) return "an integer";
  if (first < 0x90 || first == 0xde || first == 0xdf) return "a map";
  if (first < 0xa0 || first == 0xdc || first == 0xdd) return "an array";
  if (first < 0xc0 || (first >= 0xd9 && first <= 0xdb)) return "a string";
  if (first == 0xc0) return "nil";
  if (first == 0xc2 || first == 0xc3) return "a boolean";
  if (first == 0xca || first == 0xcb) return "a float";
  if (first >= 0xc4 && first <= 0xc6) return "bytes";
  return "what is no payload";
}
