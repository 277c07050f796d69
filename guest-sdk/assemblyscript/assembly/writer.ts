import { Buffer } from "./buffer";
import { writeUtf8 } from "./utf8";

/** How many arrays and maps may be inside each other. */
export const MAX_DEPTH: i32 = 64;

let buffer: Buffer = new Buffer();
let at: usize = 0;
let limit: usize = 0;
let depth: i32 = 0;
let unordered: bool = false;

/** Makes a buffer the one that is written to, from its start, and gives the former one. */
export function begin(target: Buffer): Buffer {
  const former = resume(target);
  at = target.start;
  depth = 0;
  return former;
}

/** Makes a buffer the one that is written to, from where its content ends, and gives the former one. */
export function resume(target: Buffer): Buffer {
  const former = buffer;
  former.end = at;
  buffer = target;
  at = target.end;
  limit = target.start + target.capacity;
  return former;
}

/** Notes in the buffer where the content ends. */
export function finish(): void {
  buffer.end = at;
}

/** How much has been written. */
export function written(): usize {
  return at - buffer.start;
}

/** Gives up what was written behind this place. */
export function rewind(place: usize): void {
  at = buffer.start + place;
}

function room(size: usize): void {
  if (at + size > limit) grow(size);
}

function grow(size: usize): void {
  buffer.end = at;
  buffer.reserve(buffer.size + size);
  at = buffer.end;
  limit = buffer.start + buffer.capacity;
}

/** Forgets whether a map was met whose keys were not in order. */
export function expectOrder(): void {
  unordered = false;
}

/** Whether there was a map whose keys were not in order. */
export function metDisorder(): bool {
  return unordered;
}

/** Notes that there is a map whose keys are not in order. */
export function noteDisorder(): void {
  unordered = true;
}

/** Goes into a value that contains others. */
export function enter(): void {
  if (++depth > MAX_DEPTH) throw new Error("a value has more than 64 arrays and maps inside each other");
}

/** Leaves a value that contains others. */
export function leave(): void {
  --depth;
}

/** Writes up to 8 bytes, the first one lowest: beyond size there is room for what is written too much. */
export function token(bytes: u64, size: usize): void {
  room(8);
  store<u64>(at, bytes);
  at += size;
}

export function writeRaw(from: usize, size: usize): void {
  room(size);
  memory.copy(at, from, size);
  at += size;
}

export function writeNil(): void {
  token(0xc0, 1);
}

export function writeBool(value: bool): void {
  token(0xc2 + u64(value), 1);
}

export function writeUint(value: u64): void {
  room(9);
  if (value < 0x80) {
    store<u8>(at++, <u8>value);
  } else {
    writeLongUint(value);
  }
}

function writeLongUint(value: u64): void {
  if (value < 0x100) {
    store<u8>(at, 0xcc);
    store<u8>(at, <u8>value, 1);
    at += 2;
  } else if (value < 0x10000) {
    store<u8>(at, 0xcd);
    store<u16>(at, bswap<u16>(<u16>value), 1);
    at += 3;
  } else if (value < 0x100000000) {
    store<u8>(at, 0xce);
    store<u32>(at, bswap<u32>(<u32>value), 1);
    at += 5;
  } else {
    store<u8>(at, 0xcf);
    store<u64>(at, bswap<u64>(value), 1);
    at += 9;
  }
}

export function writeInt(value: i64): void {
  if (value >= 0) return writeUint(<u64>value);
  room(9);
  if (value >= -32) {
    store<u8>(at++, <u8>value);
  } else if (value >= i8.MIN_VALUE) {
    store<u8>(at, 0xd0);
    store<u8>(at, <u8>value, 1);
    at += 2;
  } else if (value >= i16.MIN_VALUE) {
    store<u8>(at, 0xd1);
    store<u16>(at, bswap<u16>(<u16>value), 1);
    at += 3;
  } else if (value >= i32.MIN_VALUE) {
    store<u8>(at, 0xd2);
    store<u32>(at, bswap<u32>(<u32>value), 1);
    at += 5;
  } else {
    store<u8>(at, 0xd3);
    store<u64>(at, bswap<u64>(<u64>value), 1);
    at += 9;
  }
}

/** Writes a float with 64 bits; every NaN is the same one. */
export function writeFloat(value: f64): void {
  room(9);
  store<u8>(at, 0xcb);
  store<u64>(at, bswap<u64>(isNaN(value) ? 0x7ff8000000000000 : reinterpret<u64>(value)), 1);
  at += 9;
}

export function writeArrayHead(count: u32): void {
  writeHead(count, 0x90, 0xdc);
}

export function writeMapHead(count: u32): void {
  writeHead(count, 0x80, 0xde);
}

function writeHead(count: u32, short: u32, long: u32): void {
  room(5);
  if (count < 16) {
    store<u8>(at++, <u8>(short | count));
  } else if (count < 0x10000) {
    store<u8>(at, <u8>long);
    store<u16>(at, bswap<u16>(<u16>count), 1);
    at += 3;
  } else {
    store<u8>(at, <u8>(long + 1));
    store<u32>(at, bswap<u32>(count), 1);
    at += 5;
  }
}

/** Writes text. Half of a surrogate pair has no UTF-8: see writeUtf8. */
export function writeString(text: string): void {
  const most = <usize>text.length * 3;
  room(most + 5);
  // The head is as long as the longest text could need; what was too much is closed up, which is rare.
  const guess = strHeadSize(<usize>text.length);
  const end = writeUtf8(text, at + guess);
  const size = end - at - guess;
  const head = strHeadSize(size);
  if (head != guess) memory.copy(at + head, at + guess, size);
  writeStrHead(size);
  at += size;
}

/** Writes a string that is UTF-8 already. */
export function writeUtf8String(from: usize, size: usize): void {
  room(size + 5);
  writeStrHead(size);
  memory.copy(at, from, size);
  at += size;
}

function strHeadSize(size: usize): usize {
  return size < 32 ? 1 : size < 0x100 ? 2 : size < 0x10000 ? 3 : 5;
}

function writeStrHead(size: usize): void {
  if (size < 32) {
    store<u8>(at++, <u8>(0xa0 | size));
  } else if (size < 0x100) {
    store<u8>(at, 0xd9);
    store<u8>(at, <u8>size, 1);
    at += 2;
  } else if (size < 0x10000) {
    store<u8>(at, 0xda);
    store<u16>(at, bswap<u16>(<u16>size), 1);
    at += 3;
  } else {
    store<u8>(at, 0xdb);
    store<u32>(at, bswap<u32>(<u32>size), 1);
    at += 5;
  }
}

export function writeBytes(from: usize, size: usize): void {
  writeBinHead(size);
  writeRaw(from, size);
}

function writeBinHead(size: usize): void {
  room(5);
  if (size < 0x100) {
    store<u8>(at, 0xc4);
    store<u8>(at, <u8>size, 1);
    at += 2;
  } else if (size < 0x10000) {
    store<u8>(at, 0xc5);
    store<u16>(at, bswap<u16>(<u16>size), 1);
    at += 3;
  } else {
    store<u8>(at, 0xc6);
    store<u32>(at, bswap<u32>(<u32>size), 1);
    at += 5;
  }
}

/** Begins a bin whose content is written next. Gives its place for endBin. */
export function beginBin(): usize {
  room(2);
  at += 2;
  return at - buffer.start;
}

/** Ends a bin: its content is what was written since beginBin gave this place. */
export function endBin(place: usize): void {
  const start = buffer.start + place;
  const size = at - start;
  if (size < 0x100) {
    store<u8>(start - 2, 0xc4);
    store<u8>(start - 1, <u8>size);
    return;
  }
  const more: usize = size < 0x10000 ? 1 : 3;
  room(more);
  const moved = buffer.start + place;
  memory.copy(moved + more, moved, size);
  at = moved - 2;
  writeBinHead(size);
  at += size;
}
