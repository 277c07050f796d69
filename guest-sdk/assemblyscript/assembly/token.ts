import { Buffer } from "./buffer";
import { begin, finish, resume, writeArrayHead, writeRaw, writeString, writeUint } from "./writer";
import * as reader from "./reader";

/** The bytes that a command or an event begins with in the form that the host writes. */
export class Token {
  private bytes: Buffer = new Buffer();

  /** Makes the token of a name, with the head of the array of this many places that it is the first of; 0: of none. */
  constructor(places: u32, name: string, version: u32) {
    this.bytes.reserve(1);
    const former = begin(this.bytes);
    if (places > 0) writeArrayHead(places);
    writeString(name);
    if (version > 0) writeUint(version);
    finish();
    // What lies behind is compared, too, and must be the same each time.
    store<u64>(this.bytes.end, 0);
    resume(former);
  }

  /** Passes over the bytes if they are what comes next. */
  matches(): bool {
    const size = this.bytes.size;
    if (!reader.has(size)) return false;
    const from = reader.place();
    const own = this.bytes.start;
    let i: usize = 0;
    for (; i + 8 <= size; i += 8) {
      if (load<u64>(own + i) != load<u64>(from + i)) return false;
    }
    const bits = (size - i) << 3;
    if (bits > 0 && (load<u64>(own + i) ^ load<u64>(from + i)) << (64 - bits) != 0) return false;
    reader.moveTo(from + size);
    return true;
  }

  write(): void {
    writeRaw(this.bytes.start, this.bytes.size);
  }
}
