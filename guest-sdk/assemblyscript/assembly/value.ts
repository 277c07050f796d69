import { decimal, signedDecimal } from "./digits";
import * as reader from "./reader";
import { Schema } from "./schema";
import { compareTexts, inOrder } from "./order";
import * as writer from "./writer";

/** Whether a value of T shares no memory that can change with its copies. */
export function isPlain<T>(): bool {
  if (!isReference<T>() || isString<T>()) return true;
  if (isDefined(changetype<nonnull<T>>(0).__eshostIsFrozen)) return changetype<nonnull<T>>(0).__eshostIsFrozen();
  return false;
}

/** Whether T is a class whose fields are all plain: its copy shares nothing that can change. */
export function isFlat<T>(): bool {
  if (isDefined(changetype<nonnull<T>>(0).__eshostIsPlain)) return changetype<nonnull<T>>(0).__eshostIsPlain();
  return false;
}

/** Whether no object that is handed out can become part of a value of T. */
export function holdsNoObject<T>(): bool {
  return isPlain<T>() || isFlat<T>();
}

/** Writes a value in its canonical form. */
export function write<T>(value: T): void {
  if (isNullable<T>()) {
    ERROR("null has no form of its own; only a field of a @payload class may be `T | null`");
  } else if (isBoolean<T>()) {
    writer.writeBool(<bool>value);
  } else if (isInteger<T>()) {
    if (isSigned<T>()) writer.writeInt(<i64>value);
    else writer.writeUint(<u64>value);
  } else if (isFloat<T>()) {
    writer.writeFloat(<f64>value);
  } else if (isString<T>()) {
    writer.writeString(<string>value);
  } else if (value instanceof Uint8Array) {
    writer.writeBytes(value.dataStart, value.length);
  } else if (isArray<T>()) {
    writeArray<T>(value);
  } else if (value instanceof Map) {
    writeMap<T>(value);
  } else if (isDefined(value.__eshostWrite)) {
    writer.enter();
    value.__eshostWrite();
    writer.leave();
  } else {
    ERROR("a value of this class cannot be a payload; decorate the class with @payload or @oneof");
  }
}

function writeArray<T>(array: T): void {
  writer.enter();
  const length = array.length;
  writer.writeArrayHead(length);
  for (let i = 0; i < length; i++) write<valueof<T>>(unchecked(array[i]));
  writer.leave();
}

function writeMap<T>(map: T): void {
  writer.enter();
  const keys = map.keys();
  const count = keys.length;
  writer.writeMapHead(count);
  if (inOrder(keys)) {
    const values = map.values();
    for (let i = 0; i < count; i++) {
      writer.writeString(unchecked(keys[i]));
      write<valueof<T>>(unchecked(values[i]));
    }
  } else {
    writer.noteDisorder();
    keys.sort(compareTexts);
    for (let i = 0; i < count; i++) {
      const key = unchecked(keys[i]);
      writer.writeString(key);
      write<valueof<T>>(map.get(key));
    }
  }
  writer.leave();
}

/**
 * Reads a value. If reader.failed says that this went wrong, what it gives must not be used, nor be kept where the
 * collector finds it: its fields may be anything.
 */
export function read<T>(): T {
  if (isBoolean<T>()) {
    return <T>reader.readBool();
  } else if (isInteger<T>()) {
    return readInteger<T>();
  } else if (isFloat<T>()) {
    return reader.readFloat<T>();
  } else if (isString<T>()) {
    return <T>reader.readText();
  } else if (idof<T>() == idof<Uint8Array>()) {
    return changetype<T>(readBytes());
  } else if (isArray<T>()) {
    return readArray<T>();
  } else if (changetype<T>(0) instanceof Map) {
    return readMap<T>();
  } else {
    // Every field of the object is set, or the reading fails.
    const object = changetype<T>(__new(offsetof<T>(), idof<T>()));
    readInto<T>(object);
    return object;
  }
}

/** Reads an object of a payload class into one that is there already. */
export function readInto<T>(object: T): void {
  reader.enter();
  object.__eshostRead();
  reader.leave();
}

function readInteger<T>(): T {
  const start = reader.place();
  const bits = reader.readInteger(isSigned<T>() ? "an integer" : "an integer that is not negative");
  if (isSigned<T>()) {
    if (reader.negative ? <i64>bits < <i64>minOf<T>() : bits > <u64>maxOf<T>()) outOfRange<T>(start);
  } else if (reader.negative || bits > <u64>maxOf<T>()) {
    outOfRange<T>(start);
  }
  return <T>bits;
}

function outOfRange<T>(start: usize): void {
  if (reader.failed) return;
  reader.moveTo(start);
  const range = leastOf<T>() + " to " + decimal(<u64>maxOf<T>());
  if (reader.negative && !isSigned<T>()) reader.fail("an integer from " + range);
  else reader.failWith("an integer that is not from " + range);
}

function readBytes(): Uint8Array {
  const size = reader.readBin("bytes");
  const bytes = new Uint8Array(<i32>size);
  memory.copy(bytes.dataStart, reader.content, size);
  return bytes;
}

function readArray<T>(): T {
  reader.enter();
  const count = <i32>reader.readArrayHead();
  const array = instantiate<T>(reader.failed ? 0 : count);
  for (let i = 0; i < count; i++) {
    const element = read<valueof<T>>();
    if (reader.failed) {
      reader.insideIndex(i);
      break;
    }
    unchecked((array[i] = element));
  }
  reader.leave();
  return array;
}

function readMap<T>(): T {
  reader.enter();
  const map = instantiate<T>();
  for (let left = reader.readMapHead("a map"); left > 0 && !reader.failed; left--) {
    const key = reader.readText();
    if (reader.failed) break;
    const value = read<valueof<T>>();
    if (reader.failed) reader.inside(key);
    else map.set(key, value);
  }
  reader.leave();
  return map;
}

/** The least value of an integer type. */
function minOf<T>(): T {
  if (!isSigned<T>()) return 0 as T;
  return (i64.MIN_VALUE >> (64 - 8 * sizeof<T>())) as T;
}

/** The least value of an integer type in digits. */
function leastOf<T>(): string {
  return isSigned<T>() ? signedDecimal(<i64>minOf<T>()) : "0";
}

/** The largest value of an integer type. */
function maxOf<T>(): T {
  if (isSigned<T>()) return (i64.MAX_VALUE >> (64 - 8 * sizeof<T>())) as T;
  return (u64.MAX_VALUE >> (64 - 8 * sizeof<T>())) as T;
}

/** Writes a value as the bin that a payload is. */
export function writePayload<T>(value: T): void {
  const bin = writer.beginBin();
  write<T>(value);
  writer.endBin(bin);
}

/** Reads a value that was written or read before from other bytes than those that are being read. */
export function readFrom<T>(start: usize, size: usize): T {
  const place = reader.place();
  const left = reader.remaining();
  reader.open(start, size);
  const value = read<T>();
  if (reader.failed) throw new Error("what was written cannot be read: " + reader.failure());
  reader.open(place, left);
  return value;
}

/** The JSON Schema of a type. */
export function schemaOf<T>(): string {
  const schema = new Schema();
  describe<T>(schema);
  schema.found();
  describe<T>(schema);
  return schema.finish();
}

/** Describes a type. */
export function describe<T>(schema: Schema): void {
  if (isBoolean<T>()) {
    schema.add('"type":"boolean"');
  } else if (isInteger<T>()) {
    schema.add('"type":"integer","minimum":' + leastOf<T>() + ',"maximum":' + decimal(<u64>maxOf<T>()));
  } else if (isFloat<T>()) {
    schema.add('"anyOf":[{"type":"number"},' + special("float", '"type":"string"') + "]");
  } else if (isString<T>()) {
    schema.add('"type":"string"');
  } else if (idof<T>() == idof<Uint8Array>()) {
    schema.add(special("bin", '"type":"string","contentEncoding":"base64"').slice(1, -1));
  } else if (isArray<T>()) {
    schema.add('"type":"array","items":{');
    describe<valueof<T>>(schema);
    schema.add("}");
  } else if (changetype<T>(0) instanceof Map) {
    schema.add('"type":"object","additionalProperties":{');
    describe<valueof<T>>(schema);
    schema.add("}");
  } else if (schema.open(idof<T>())) {
    changetype<T>(0).__eshostDescribe(schema);
    schema.close(idof<T>());
  }
}

/** The form that JSON has for what it cannot say. */
function special(name: string, content: string): string {
  return '{"type":"object","properties":{"$' + name + '":{' + content + '}},"required":["$' + name + '"]}';
}
