import { Buffer } from "./buffer";
import { decimal } from "./digits";
import { quote } from "./names";
import { State } from "./state";
import { Token } from "./token";
import * as reader from "./reader";
import { holdsNoObject, isFlat, read, readFrom, schemaOf, write } from "./value";
import * as writer from "./writer";

/** What an event is called in messages. */
export function eventLabel(name: string, version: u64): string {
  return quote(name) + " version " + decimal(version);
}

/** The number by which an emitted event is found; 0 for what cannot be emitted. */
export function eventId<E>(): u32 {
  return isReference<E>() ? idof<E>() : 0;
}

/** An event of entities with state S, whatever its class. */
export abstract class AnyEvent<S> {
  readonly token: Token;

  constructor(
    public readonly name: string,
    public readonly version: u32,
    public readonly id: u32,
  ) {
    this.token = new Token(3, name, version);
  }

  /** What the event is called in messages. */
  get label(): string {
    return eventLabel(this.name, this.version);
  }

  /** Writes an event of this class that is emitted into a buffer that is the writer's, and folds it. */
  abstract emit(event: usize, state: State<S>, buffer: Buffer): void;

  /** Reads the payload that is open and folds the event, unless it cannot be read. */
  abstract foldNext(state: State<S>): void;

  protected abstract schema(): string;

  describe(): void {
    writer.writeMapHead(3);
    writer.writeString("name");
    writer.writeString(this.name);
    writer.writeString("version");
    writer.writeUint(this.version);
    writer.writeString("schema");
    writer.writeString(this.schema());
  }
}

/** An event of class E. */
export class Event<S, E> extends AnyEvent<S> {
  constructor(
    name: string,
    version: u32,
    private readonly fold: (state: S, event: E) => S,
  ) {
    super(name, version, eventId<E>());
  }

  emit(event: usize, state: State<S>, buffer: Buffer): void {
    if (!isReference<E>()) return; // it cannot be emitted
    let emitted = changetype<E>(event);
    this.token.write();
    const bin = writer.beginBin();
    write<E>(emitted);
    const size = writer.written() - bin;
    // An event that shares memory could be changed by its own fold, or be part of the state it is folded into. Its fold
    // gets what a later activation will get: the event as it is read from its bytes.
    if (!isFlat<E>() || !holdsNoObject<S>()) emitted = readFrom<E>(buffer.start + bin, size);
    writer.endBin(bin);
    state.value = this.fold(state.value, emitted);
  }

  foldNext(state: State<S>): void {
    const event = read<E>();
    reader.closePayload();
    if (!reader.failed) state.value = this.fold(state.value, event);
  }

  protected schema(): string {
    return schemaOf<E>();
  }
}
