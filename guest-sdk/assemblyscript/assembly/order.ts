/** Whether the keys of a map are in the order of their UTF-8 bytes. */
export function inOrder(keys: string[]): bool {
  for (let i = 1; i < keys.length; i++) {
    if (compareTexts(unchecked(keys[i - 1]), unchecked(keys[i])) > 0) return false;
  }
  return true;
}

/** Compares texts by the UTF-8 bytes that they would be. */
export function compareTexts(a: string, b: string): i32 {
  const size = (<usize>min(a.length, b.length)) << 1;
  const left = changetype<usize>(a);
  const right = changetype<usize>(b);
  let at: usize = 0;
  while (at + 8 <= size && load<u64>(left + at) == load<u64>(right + at)) at += 8;
  for (; at < size; at += 2) {
    const x = <i32>load<u16>(left + at);
    const y = <i32>load<u16>(right + at);
    if (x != y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Units of surrogate pairs come after all others, as the characters that they make do. */
function rank(unit: i32): i32 {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
