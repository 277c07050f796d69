/**
 * Writes text as UTF-8 and gives where it ends. There must be room for 3 bytes for each of its units. Half of a
 * surrogate pair has no UTF-8, and replacing it would make two texts equal that were not, so that is an error.
 */
export function writeUtf8(text: string, to: usize): usize {
  let from = changetype<usize>(text);
  const end = from + ((<usize>text.length) << 1);
  while (from < end) {
    if (from + 8 <= end) {
      const four = load<u64>(from);
      if ((four & 0xff80ff80ff80ff80) == 0) {
        const two = four | (four >> 8);
        store<u32>(to, <u32>((two & 0xffff) | ((two >> 16) & 0xffff0000)));
        from += 8;
        to += 4;
        continue;
      }
    }
    const unit = <u32>load<u16>(from);
    from += 2;
    if (unit < 0x80) {
      store<u8>(to++, <u8>unit);
    } else if (unit < 0x800) {
      store<u8>(to, <u8>(0xc0 | (unit >> 6)));
      store<u8>(to, <u8>(0x80 | (unit & 0x3f)), 1);
      to += 2;
    } else if ((unit & 0xf800) != 0xd800) {
      store<u8>(to, <u8>(0xe0 | (unit >> 12)));
      store<u8>(to, <u8>(0x80 | ((unit >> 6) & 0x3f)), 1);
      store<u8>(to, <u8>(0x80 | (unit & 0x3f)), 2);
      to += 3;
    } else {
      const low: u32 = from < end ? <u32>load<u16>(from) : 0;
      if (unit >= 0xdc00 || (low & 0xfc00) != 0xdc00) {
        throw new Error("a string with half of a surrogate pair cannot be encoded");
      }
      from += 2;
      const point = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
      store<u8>(to, <u8>(0xf0 | (point >> 18)));
      store<u8>(to, <u8>(0x80 | ((point >> 12) & 0x3f)), 1);
      store<u8>(to, <u8>(0x80 | ((point >> 6) & 0x3f)), 2);
      store<u8>(to, <u8>(0x80 | (point & 0x3f)), 3);
      to += 4;
    }
  }
  return to;
}

/** Gives how many UTF-16 units the text has that these bytes are, or -1 if they are not UTF-8. */
export function utf8Units(from: usize, size: usize): i32 {
  const end = from + size;
  let units = 0;
  while (from < end) {
    if (from + 8 <= end && (load<u64>(from) & 0x8080808080808080) == 0) {
      from += 8;
      units += 8;
      continue;
    }
    const first = <u32>load<u8>(from);
    if (first < 0x80) {
      from++;
    } else if (first < 0xe0) {
      if (first < 0xc2 || !continues(from + 1, end)) return -1;
      from += 2;
    } else if (first < 0xf0) {
      if (!continues(from + 2, end) || !continues(from + 1, end)) return -1;
      const second = <u32>load<u8>(from, 1);
      if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return -1;
      from += 3;
    } else {
      if (first > 0xf4 || !continues(from + 3, end) || !continues(from + 2, end) || !continues(from + 1, end))
        return -1;
      const second = <u32>load<u8>(from, 1);
      if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return -1;
      from += 4;
      units++;
    }
    units++;
  }
  return units;
}

function continues(at: usize, end: usize): bool {
  return at < end && (load<u8>(at) & 0xc0) == 0x80;
}

/** Makes text of UTF-8 that has this many units. */
export function textOf(from: usize, size: usize, units: i32): string {
  const text = changetype<string>(__new((<usize>units) << 1, idof<string>()));
  let to = changetype<usize>(text);
  const end = from + size;
  while (from < end) {
    if (from + 4 <= end) {
      const four = <u64>load<u32>(from);
      if ((four & 0x80808080) == 0) {
        const two = (four | (four << 16)) & 0x0000ffff0000ffff;
        store<u64>(to, (two | (two << 8)) & 0x00ff00ff00ff00ff);
        from += 4;
        to += 8;
        continue;
      }
    }
    const first = <u32>load<u8>(from);
    if (first < 0x80) {
      store<u16>(to, <u16>first);
      from++;
    } else if (first < 0xe0) {
      store<u16>(to, <u16>(((first & 0x1f) << 6) | rest(from, 1)));
      from += 2;
    } else if (first < 0xf0) {
      store<u16>(to, <u16>(((first & 0x0f) << 12) | (rest(from, 1) << 6) | rest(from, 2)));
      from += 3;
    } else {
      const point = (((first & 0x07) << 18) | (rest(from, 1) << 12) | (rest(from, 2) << 6) | rest(from, 3)) - 0x10000;
      store<u16>(to, <u16>(0xd800 | (point >> 10)));
      store<u16>(to, <u16>(0xdc00 | (point & 0x3ff)), 2);
      to += 2;
      from += 4;
    }
    to += 2;
  }
  return text;
}

function rest(at: usize, index: usize): u32 {
  return (<u32>load<u8>(at + index)) & 0x3f;
}

/** Writes text as writeUtf8 does, but for U+FFFD in place of half a surrogate pair: it is for people to read. */
export function utf8Anyway(text: string, to: usize): usize {
  const start = changetype<usize>(text);
  return to + String.UTF8.encodeUnsafe(start, text.length, to, false, String.UTF8.ErrorMode.REPLACE);
}
