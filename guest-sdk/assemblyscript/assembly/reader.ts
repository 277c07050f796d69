import { decimal } from "./digits";
import { found } from "./words";
import { textOf, utf8Units } from "./utf8";
import { MAX_DEPTH } from "./writer";

// What is read must be followed by SLACK bytes, which may be anything: see matches.

let at: usize = 0;
let end: usize = 0;
let depth: i32 = 0;

/** Whether something could not be read. Nothing more is read then, and what was read must not be used. */
export let failed: bool = false;
let reason: string = "";
let path: string = "";

/** Makes these bytes what is read. */
export function open(from: usize, size: usize): void {
  at = from;
  end = from + size;
  depth = 0;
  failed = false;
}

/** The place of what is read next. */
export function place(): usize {
  return at;
}

/** Goes back to a place. */
export function moveTo(place: usize): void {
  at = place;
}

/** Where what is read ends. */
export function limit(): usize {
  return end;
}

/** How many bytes there are still to read. */
export function remaining(): usize {
  return end - at;
}

/** Notes that what is read next is not what is wanted. */
export function fail(wanted: string): void {
  failWith("want " + wanted + ", found " + found(at, end));
}

/** Notes why something cannot be read. */
export function failWith(why: string): void {
  if (failed) return;
  failed = true;
  reason = why;
  path = "";
}

/** Notes why the field of this name cannot be read. */
export function failAt(name: string, why: string): void {
  if (failed) return;
  failWith(why);
  inside(name);
}

/** Notes that a field of this name has not been read, once this is known to be so. */
export function inside(name: string): void {
  path = path.length == 0 || path.startsWith("[") ? name + path : name + "." + path;
}

/** Notes that an element of this index has not been read. */
export function insideIndex(index: i32): void {
  const head = "[" + decimal(index) + "]";
  path = path.length == 0 || path.startsWith("[") ? head + path : head + "." + path;
}

/** Why something could not be read, and where in the value. */
export function failure(): string {
  return path.length == 0 ? reason : path + ": " + reason;
}

/** Goes into a value that contains others. */
export function enter(): void {
  if (++depth > MAX_DEPTH) failWith("more than 64 arrays and maps inside each other");
}

/** Leaves a value that contains others. */
export function leave(): void {
  --depth;
}

/**
 * Passes over up to 8 bytes, given with the first one lowest, if they are what comes next. mask has the bits that size
 * bytes have.
 */
export function matches(bytes: u64, mask: u64, size: usize): bool {
  if ((load<u64>(at) & mask) != bytes || at + size > end) return false;
  at += size;
  return true;
}

/** Whether there are this many bytes still to read. */
export function has(size: usize): bool {
  return size <= end - at;
}

/** Whether these 8 bytes, given with the first one lowest, come at a distance. They must be there. */
export function comes(bytes: u64, distance: usize): bool {
  return load<u64>(at + distance) == bytes;
}

/** Passes over as many bytes as there are up to a distance and size more, if the latter are these. */
export function endsWith(bytes: u64, mask: u64, distance: usize, size: usize): bool {
  if ((load<u64>(at + distance) & mask) != bytes) return false;
  at += distance + size;
  return true;
}

/** The byte that comes next, or one that begins no value. */
function next(): u32 {
  return at < end ? <u32>load<u8>(at) : 0xc1;
}

/** Whether the integer that was read last is negative. */
export let negative: bool = false;

/** Reads an integer in any form: if it is negative, in two's complement. */
export function readInteger(wanted: string): u64 {
  if (at < end) {
    const first = <u32>load<u8>(at);
    if (first < 0x80) {
      at++;
      negative = false;
      return first;
    }
  }
  return readLongInteger(wanted);
}

function readLongInteger(wanted: string): u64 {
  const first = next();
  if (first >= 0xe0) {
    at++;
    negative = true;
    return <u64>(<i64>(<i8>first));
  }
  const size: usize = 1 << (first & 3);
  if (first < 0xcc || first > 0xd3 || !has(1 + size)) {
    fail(wanted);
    return 0;
  }
  const value = at + 1;
  at += 1 + size;
  negative = false;
  switch (first) {
    case 0xcc:
      return <u64>load<u8>(value);
    case 0xcd:
      return <u64>bswap<u16>(load<u16>(value));
    case 0xce:
      return <u64>bswap<u32>(load<u32>(value));
    case 0xcf:
      return bswap<u64>(load<u64>(value));
  }
  let signed: i64;
  switch (first) {
    case 0xd0:
      signed = <i64>load<i8>(value);
      break;
    case 0xd1:
      signed = <i64>(<i16>bswap<u16>(load<u16>(value)));
      break;
    case 0xd2:
      signed = <i64>(<i32>bswap<u32>(load<u32>(value)));
      break;
    default:
      signed = <i64>bswap<u64>(load<u64>(value));
  }
  negative = signed < 0;
  return <u64>signed;
}

export function readBool(): bool {
  const first = next();
  if (first != 0xc2 && first != 0xc3) {
    fail("a boolean");
    return false;
  }
  at++;
  return first == 0xc3;
}

/** Reads a float, or an integer as the nearest one. T is the type of float; one that is too large for it is refused. */
export function readFloat<T>(): T {
  const first = next();
  if (first == 0xcb && has(9)) {
    const value = reinterpret<f64>(bswap<u64>(load<u64>(at + 1)));
    if (sizeof<T>() == 4 && isFinite(value) && !isFinite(<f32>value)) {
      fail("a number of 32 bits");
      return 0;
    }
    at += 9;
    return <T>value;
  }
  if (first == 0xca && has(5)) {
    at += 5;
    return <T>reinterpret<f32>(bswap<u32>(load<u32>(at - 4)));
  }
  const bits = readInteger("a number");
  return negative ? <T>(<i64>bits) : <T>bits;
}

/** Whether nil comes next; passes over it. */
export function readNil(): bool {
  if (next() != 0xc0) return false;
  at++;
  return true;
}

function long(size: usize): usize {
  if (!has(1 + size)) return usize.MAX_VALUE;
  const value = at + 1;
  const length: usize =
    size == 1 ? load<u8>(value) : size == 2 ? <usize>bswap<u16>(load<u16>(value)) : <usize>bswap<u32>(load<u32>(value));
  at += 1 + size;
  return length;
}

/** Where the content of the string or the bytes that were read last begins. */
export let content: usize = 0;

/** Reads the head of a string and passes over the string. Gives its size in bytes. */
export function readStr(wanted: string): usize {
  const start = at;
  const first = next();
  let size: usize = usize.MAX_VALUE;
  if (first >= 0xa0 && first <= 0xbf) {
    size = first & 0x1f;
    at++;
  } else if (first >= 0xd9 && first <= 0xdb) {
    size = long(1 << (first - 0xd9));
  }
  return passOver(start, size, wanted);
}

/** Reads the head of bytes and passes over them. Gives their number. */
export function readBin(wanted: string): usize {
  const start = at;
  const first = next();
  let size: usize = usize.MAX_VALUE;
  if (first >= 0xc4 && first <= 0xc6) size = long(1 << (first - 0xc4));
  return passOver(start, size, wanted);
}

function passOver(start: usize, size: usize, wanted: string): usize {
  if (!has(size)) {
    at = start;
    fail(wanted);
    return 0;
  }
  content = at;
  at += size;
  return size;
}

/** Whether a string comes next. */
export function isStr(): bool {
  const first = next();
  return (first >= 0xa0 && first <= 0xbf) || (first >= 0xd9 && first <= 0xdb);
}

export function readText(): string {
  const start = at;
  const size = readStr("a string");
  if (failed) return "";
  const units = utf8Units(content, size);
  if (units < 0) {
    at = start;
    failWith("a string that is not UTF-8");
    return "";
  }
  return textOf(content, size, units);
}

/** Reads the head of an array. Gives the number of its elements, which is not more than there are bytes. */
export function readArrayHead(): u32 {
  return readHead(0x90, 0xdc, "an array");
}

/** Reads the head of a map. Gives the number of its entries, which is not more than there are bytes. */
export function readMapHead(wanted: string): u32 {
  return readHead(0x80, 0xde, wanted);
}

function readHead(short: u32, longForm: u32, wanted: string): u32 {
  const start = at;
  const first = next();
  let count: usize = usize.MAX_VALUE;
  if ((first & 0xf0) == short) {
    count = first & 0x0f;
    at++;
  } else if (first == longForm || first == longForm + 1) {
    count = long(2 << (first - longForm));
  }
  if (!has(count)) {
    at = start;
    fail(wanted);
    return 0;
  }
  return <u32>count;
}

/** Passes over any value. */
export function skip(): void {
  const first = next();
  if (first < 0x80 || first >= 0xe0 || first == 0xc0 || first == 0xc2 || first == 0xc3) {
    at++;
  } else if (first >= 0xcc && first <= 0xd3) {
    readInteger("");
  } else if (first == 0xca || first == 0xcb) {
    readFloat<f64>();
  } else if ((first & 0xe0) == 0xa0 || (first >= 0xd9 && first <= 0xdb)) {
    skipText();
  } else if (first >= 0xc4 && first <= 0xc6) {
    readBin("bytes");
  } else if ((first & 0xf0) == 0x90 || first == 0xdc || first == 0xdd) {
    enter();
    for (let left = readArrayHead(); left > 0 && !failed; left--) skip();
    leave();
  } else if ((first & 0xf0) == 0x80 || first == 0xde || first == 0xdf) {
    enter();
    for (let left = readMapHead("a map"); left > 0 && !failed; left--) {
      skipText();
      if (!failed) skip();
    }
    leave();
  } else {
    fail("a value");
  }
}

function skipText(): void {
  const size = readStr("a string for a key");
  if (!failed && utf8Units(content, size) < 0) failWith("a string that is not UTF-8");
}

let outerEnd: usize = 0;

/** Where the content of the payload that was opened last begins and ends. It is empty if that is nil. */
export let payloadStart: usize = 0;
export let payloadEnd: usize = 0;

/**
 * Begins a payload: what is read next is the content of the bin that comes, or an empty map if there is nil. Gives false
 * if there is neither.
 */
export function openPayload(): bool {
  outerEnd = end;
  if (readNil()) {
    payloadStart = payloadEnd = at;
    at = changetype<usize>(EMPTY_MAP);
    end = at + 1;
    return true;
  }
  const size = readBin("a payload");
  if (failed) return false;
  payloadStart = at = content;
  payloadEnd = end = content + size;
  return true;
}

/** Ends a payload, whether it could be read or not: what is read next is behind it. */
export function closePayload(): void {
  if (!failed && at != end) failWith("something comes after the value");
  passPayload();
}

/** Ends a payload that is not wanted. */
export function passPayload(): void {
  at = payloadEnd;
  end = outerEnd;
  depth = 0;
}

/** Forgets that something could not be read: the next payload may be better. */
export function recover(): void {
  failed = false;
}

/** An empty map, and what may be read behind it. */
const EMPTY_MAP: StaticArray<u8> = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
