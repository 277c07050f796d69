/** A number that is written as a float even if it is whole. */
class Float {
  constructor(value) {
    this.value = value;
  }
}

/** Makes a number that is written as a float even if it is whole, to send one where an integer is wanted. */
export function float(value) {
  return new Float(value);
}

/** Collects a message. */
export class Packer {
  #parts = [];

  bytes() {
    return Buffer.concat(this.#parts);
  }

  raw(bytes) {
    this.#parts.push(Buffer.from(bytes));
    return this;
  }

  nil() {
    return this.raw([0xc0]);
  }

  array(count) {
    return this.#head(count, 0x90, 16, [null, 0xdc, 0xdd]);
  }

  map(count) {
    return this.#head(count, 0x80, 16, [null, 0xde, 0xdf]);
  }

  string(text) {
    if (!text.isWellFormed()) throw new TypeError("a string with half of a surrogate pair cannot be encoded");
    const bytes = Buffer.from(text, "utf8");
    return this.#head(bytes.length, 0xa0, 32, [0xd9, 0xda, 0xdb]).raw(bytes);
  }

  bin(bytes) {
    return this.#head(bytes.length, 0, 0, [0xc4, 0xc5, 0xc6]).raw(bytes);
  }

  integer(value) {
    const n = BigInt(value);
    if (n >= 1n << 64n || n < -(1n << 63n)) throw new RangeError(`${n} has more than 64 bits`);
    if (n >= -32n && n < 128n) return this.raw([Number(n & 0xffn)]);
    const sizes = n >= 0n ? [0xcc, 0xcd, 0xce, 0xcf] : [0xd0, 0xd1, 0xd2, 0xd3];
    const fits = (bits) => (n >= 0n ? n < 1n << bits : n >= -(1n << (bits - 1n)));
    const index = [8n, 16n, 32n, 64n].findIndex(fits);
    return this.raw([sizes[index]]).#number(BigInt.asUintN(64, n), 1 << index);
  }

  float(value) {
    const bytes = Buffer.alloc(9, 0xcb);
    bytes.writeDoubleBE(value, 1);
    return this.raw(Number.isNaN(value) ? [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0] : bytes);
  }

  /** Adds any value: see encode. */
  value(value) {
    if (value === null) return this.nil();
    if (typeof value === "boolean") return this.raw([value ? 0xc3 : 0xc2]);
    if (typeof value === "string") return this.string(value);
    if (typeof value === "bigint") return this.integer(value);
    if (typeof value === "number") {
      return Number.isInteger(value) && !Object.is(value, -0) && Math.abs(value) < 2 ** 64
        ? this.integer(value)
        : this.float(value);
    }
    if (value instanceof Float) return this.float(value.value);
    if (value instanceof Uint8Array) return this.bin(value);
    if (Array.isArray(value)) return value.reduce((packer, element) => packer.value(element), this.array(value.length));
    if (typeof value !== "object") throw new TypeError(`a ${typeof value} cannot be a payload`);
    const entries = (value instanceof Map ? [...value] : Object.entries(value)).filter(
      ([, content]) => content !== undefined,
    );
    return entries.reduce((packer, [key, content]) => packer.string(key).value(content), this.map(entries.length));
  }

  #head(count, short, limit, long) {
    if (count < limit) return this.raw([short | count]);
    const index = long[0] !== null && count < 0x100 ? 0 : count < 0x10000 ? 1 : 2;
    return this.raw([long[index]]).#number(BigInt(count), 1 << index);
  }

  #number(value, size) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(value);
    return this.raw(bytes.subarray(8 - size));
  }
}

/**
 * Encodes a value: null, booleans, strings, Uint8Array, arrays, and objects or Maps, whose keys stay in their order. Whole
 * numbers and bigints are integers, other numbers floats. What is undefined in an object is left out.
 */
export function encode(value) {
  return new Packer().value(value).bytes();
}

/** Reads a message. */
export class Unpacker {
  #bytes;
  at = 0;

  constructor(bytes) {
    this.#bytes = Buffer.from(bytes);
  }

  /** Whether everything has been read. */
  get done() {
    return this.at === this.#bytes.length;
  }

  /** The bytes from a place to where the reading stands. */
  since(place) {
    return this.#bytes.subarray(place, this.at);
  }

  /** Reads the head of an array, which must have this many places if that is given. */
  array(places) {
    const count = this.#list(this.#byte(), 0x90, 0xdc);
    if (count === null || (places !== undefined && count !== places))
      throw new SyntaxError(`no array of ${places ?? "any length"}`);
    return count;
  }

  /** Reads a value: integers as numbers where these are exact, otherwise as bigints. */
  value() {
    const first = this.#byte();
    if (first < 0x80) return first;
    if (first >= 0xe0) return first - 0x100;
    if (first >= 0xa0 && first <= 0xbf) return this.#text(first & 0x1f);
    if (first >= 0xd9 && first <= 0xdb) return this.#text(this.#size(first - 0xd9));
    if (first >= 0xc4 && first <= 0xc6) return this.#take(this.#size(first - 0xc4));
    const list = this.#list(first, 0x90, 0xdc);
    if (list !== null) return Array.from({ length: list }, () => this.value());
    const map = this.#list(first, 0x80, 0xde);
    if (map !== null) return Object.fromEntries(Array.from({ length: map }, () => [this.value(), this.value()]));
    switch (first) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return first === 0xc3;
      case 0xca:
        return this.#take(4).readFloatBE();
      case 0xcb:
        return this.#take(8).readDoubleBE();
    }
    if (first >= 0xcc && first <= 0xcf) return exact(this.#unsigned(1 << (first - 0xcc)));
    if (first >= 0xd0 && first <= 0xd3) {
      const size = 1 << (first - 0xd0);
      return exact(BigInt.asIntN(8 * size, this.#unsigned(size)));
    }
    throw new SyntaxError(`no value begins with ${first.toString(16)}`);
  }

  #list(first, short, long) {
    if ((first & 0xf0) === short) return first & 0x0f;
    return first === long || first === long + 1 ? this.#size(first - long + 1) : null;
  }

  #text(size) {
    return this.#take(size).toString("utf8");
  }

  #size(index) {
    return Number(this.#unsigned(1 << index));
  }

  #unsigned(size) {
    return this.#take(size).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  }

  #byte() {
    return this.#take(1)[0];
  }

  #take(size) {
    if (this.at + size > this.#bytes.length) throw new SyntaxError("a message ends too early");
    this.at += size;
    return this.#bytes.subarray(this.at - size, this.at);
  }
}

function exact(value) {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/** Decodes one value. */
export function decode(bytes) {
  const unpacker = new Unpacker(bytes);
  const value = unpacker.value();
  if (!unpacker.done) throw new SyntaxError("something comes after a value");
  return value;
}
