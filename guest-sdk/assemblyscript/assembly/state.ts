import { Buffer } from "./buffer";
import * as reader from "./reader";
import { isFlat, isPlain, read, readFrom, write, writePayload } from "./value";
import * as writer from "./writer";

/**
 * The state of the entity at hand, guarded against decides and replies that write to it: what they do must leave no
 * trace, and what a command sees must not depend on whether those before it came in the same request.
 *
 * A plain state (a number, a string) is passed by value and needs no guard. Of an object whose fields are all plain the
 * guard keeps a copy of its memory. Any other object is encoded after each decide and each reply, and compared; that
 * costs about as much as encoding it for the answer, and it is left out if the author promised to only read.
 */
export class State<S> {
  value: S;
  private readonly initial: Buffer = new Buffer();
  private readonly initialValue: S;
  /** The state as it should be: an encoding, or the memory of the object. It lies in one of the two buffers or in a request. */
  private good: usize = 0;
  private goodSize: usize = 0;
  private kept: Buffer = new Buffer();
  private spare: Buffer = new Buffer();
  /** Whether the author promised that decides and replies only read the state. */
  trusted: bool = false;

  constructor(initial: S) {
    this.value = initial;
    this.initialValue = initial;
    this.encode(this.initial);
  }

  /** Makes the state that of an entity without events. */
  loadInitial(): void {
    if (isPlain<S>()) {
      this.value = this.initialValue;
      return;
    }
    this.value = readFrom<S>(this.initial.start, this.initial.size);
    this.loaded(this.initial.start, this.initial.size);
  }

  /** Reads the state from the payload that is open. Whether that went well, reader.failed tells. */
  load(): void {
    const value = read<S>();
    reader.closePayload();
    if (reader.failed) return; // what was read must not be seen by the collector
    this.value = value;
    this.loaded(reader.payloadStart, reader.payloadEnd - reader.payloadStart);
  }

  private loaded(from: usize, size: usize): void {
    if (isPlain<S>()) return;
    if (isFlat<S>()) {
      this.copy();
    } else if (!this.trusted) {
      this.good = from;
      this.goodSize = size;
    } else if (isDefined(ESHOST_WATCH)) {
      this.keep(); // in the canonical form, so that a difference is a change
    }
  }

  /** Takes the state as it is now for how it should be. */
  keep(): void {
    if (isPlain<S>()) return;
    if (isFlat<S>()) {
      this.copy();
    } else if (!this.trusted || isDefined(ESHOST_WATCH)) {
      writer.expectOrder();
      this.encode(this.spare);
      this.take();
      // A map that is read has its keys in order. In which order they were set must not be seen.
      if (writer.metDisorder()) this.value = readFrom<S>(this.good, this.goodSize);
    }
  }

  /** Makes what lies in the spare buffer the good state. */
  private take(): void {
    const taken = this.spare;
    this.spare = this.kept;
    this.kept = taken;
    this.good = taken.start;
    this.goodSize = taken.size;
  }

  /** Undoes what a decide or a reply did to the state. */
  verify(): void {
    if (isPlain<S>()) return;
    if (isFlat<S>()) {
      if (isReference<S>()) {
        const object = changetype<usize>(this.value);
        if (memory.compare(object, this.good, this.goodSize) != 0) memory.copy(object, this.good, this.goodSize);
      }
    } else if (!this.trusted) {
      if (this.changed()) this.restore();
    } else if (isDefined(ESHOST_WATCH)) {
      if (this.changed()) {
        throw new Error(
          "a decide or a reply wrote to the state, which readOnly promises not to happen; copy what is to be changed",
        );
      }
    }
  }

  private changed(): bool {
    this.encode(this.spare);
    return this.spare.size != this.goodSize || memory.compare(this.spare.start, this.good, this.goodSize) != 0;
  }

  private restore(): void {
    this.value = readFrom<S>(this.good, this.goodSize);
    // What came with a request need not be canonical, and would differ each time.
    this.encode(this.spare);
    this.take();
  }

  /** Keeps the memory of the object. */
  private copy(): void {
    if (isReference<S>()) {
      const size = offsetof<S>();
      this.kept.reserve(size);
      memory.copy(this.kept.start, changetype<usize>(this.value), size);
      this.good = this.kept.start;
      this.goodSize = size;
    }
  }

  private encode(to: Buffer): void {
    const former = writer.begin(to);
    write<S>(this.value);
    writer.resume(former);
  }

  /** Adds the state to the answer. */
  write(): void {
    if (!isPlain<S>() && !isFlat<S>() && !this.trusted && this.kept.start == this.good) {
      writer.writeBytes(this.good, this.goodSize);
    } else {
      this.writeValue();
    }
  }

  /** Adds the state to the answer, wherever it came from. */
  writeValue(): void {
    writePayload<S>(this.value);
  }
}
