import { disorder } from "./writer";

/** Puts the keys of a map in the order of their UTF-8 bytes. */
export function sortedKeys(keys: string[]): string[] {
  for (let i = 1; i < keys.length; i++) {
    if (compareTexts(unchecked(keys[i - 1]), unchecked(keys[i])) > 0) {
      disorder();
      return keys.sort(compareTexts);
    }
  }
  return keys;
}

/** Compares texts by the UTF-8 bytes that they would be. */
export function compareTexts(a: string, b: string): i32 {
  const length = min(a.length, b.length);
  const left = changetype<usize>(a);
  const right = changetype<usize>(b);
  for (let i = 0; i < length; i++) {
    const x = <i32>load<u16>(left + ((<usize>i) << 1));
    const y = <i32>load<u16>(right + ((<usize>i) << 1));
    if (x != y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Units of surrogate pairs come after all others, as the characters that they make do. */
function rank(unit: i32): i32 {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
