import { Schema } from "./schema";
import { describe, isPlain, read, write } from "./value";

/** What a variant without content carries: a field of a `@oneof` class of type `None | null`. */
export class None {
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
