import { failed, inside, readMapHead, readText, skip } from "./reader";
import { Schema } from "./schema";
import { describe, isPlain, read, write } from "./value";
import { token } from "./writer";

/** What carries nothing: a command, an event, or a variant, which is a field of a `@oneof` class of type `None | null`. */
export class None {
  __eshostWrite(): void {
    token(0x80, 1);
  }

  __eshostRead(): void {
    for (let left = readMapHead("a map"); left > 0 && !failed; left--) {
      const key = readText();
      if (failed) return;
      skip();
      if (failed) inside(key);
    }
  }

  __eshostDescribe(schema: Schema): void {
    schema.add('"type":"object","properties":{}');
  }

  __eshostIsPlain(): bool {
    return true;
  }

  __eshostIsFrozen(): bool {
    return true;
  }
}

/** Holds a value of a type that cannot be null, for a field that may be absent: `Box<u64> | null`. */
export class Box<T> {
  constructor(public readonly value: T) {}

  __eshostWrite(): void {
    write<T>(this.value);
  }

  __eshostRead(): void {
    const value = read<T>();
    store<T>(changetype<usize>(this), value, offsetof<this>("value"));
  }

  __eshostDescribe(schema: Schema): void {
    describe<T>(schema);
  }

  __eshostIsFrozen(): bool {
    return isPlain<T>();
  }
}
