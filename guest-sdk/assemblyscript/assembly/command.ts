import { Buffer } from "./buffer";
import { Context } from "./context";
import { Effect } from "./effect";
import { Entity } from "./entity";
import { KIND_PAYLOAD, writeFault } from "./faults";
import { quote } from "./names";
import * as reader from "./reader";
import { AnyRejection } from "./rejection";
import { Token } from "./token";
import { holdsNoObject, isFlat, read, readInto, schemaOf, write, writePayload } from "./value";
import * as writer from "./writer";

/** A command of entities with state S, whatever its own type. */
export abstract class AnyCommand<S> {
  /** @internal */
  readonly token: Token;
  /** @internal */
  readonly rejections: AnyRejection[] = [];
  /** @internal */
  replier: Replier<S> | null = null;
  protected readonly encodedExamples: Buffer[] = [];

  constructor(public readonly name: string) {
    this.token = new Token(2, name, 0);
  }

  /** Decides the command whose payload is open, and adds its outcome to the answer. */
  abstract run(entity: Entity<S>): void;

  /** Gives the schema of the command's payload. */
  protected abstract schema(): string;

  /** @internal */
  describe(): void {
    const replier = this.replier;
    const rejections = this.rejections;
    const examples = this.encodedExamples;
    writer.writeMapHead(2 + u32(replier !== null) + u32(rejections.length > 0) + u32(examples.length > 0));
    writer.writeString("name");
    writer.writeString(this.name);
    writer.writeString("schema");
    writer.writeString(this.schema());
    if (replier !== null) {
      writer.writeString("reply");
      writer.writeString(replier.schema());
    }
    if (rejections.length > 0) {
      writer.writeString("rejections");
      writer.writeArrayHead(rejections.length);
      for (let i = 0; i < rejections.length; i++) writer.writeString(rejections[i].code);
    }
    if (examples.length > 0) {
      writer.writeString("examples");
      writer.writeArrayHead(examples.length);
      for (let i = 0; i < examples.length; i++) writer.writeBytes(examples[i].start, examples[i].size);
    }
  }
}

/** A command of class C for entities with state S. */
export class Command<S, C> extends AnyCommand<S> {
  private latest: Object | null = null;

  constructor(
    name: string,
    private readonly decide: (context: Context, state: S, command: C) => Effect,
  ) {
    super(name);
  }

  /** Answers the command with what this function makes of the state after the command's own events. */
  reply<R>(reply: (state: S) => R): Command<S, C> {
    this.replier = new FunctionReplier<S, R>(reply);
    return this;
  }

  /** Answers the command with the state after its own events. */
  replyState(): Command<S, C> {
    this.replier = new StateReplier<S>();
    return this;
  }

  /** Declares that the command may be rejected for this reason. A rejection that is not declared is a fault. */
  rejects(rejection: AnyRejection): Command<S, C> {
    for (let i = 0; i < this.rejections.length; i++) {
      if (this.rejections[i].code == rejection.code) {
        throw new Error("command " + quote(this.name) + " declares the rejection " + quote(rejection.code) + " twice");
      }
    }
    this.rejections.push(rejection);
    return this;
  }

  /**
   * Adds an example to the plugin's description. Tools show them, and feed a plugin with them to check it, in this order:
   * the best examples are accepted one after the other by a new entity, with one or two that are rejected in between.
   */
  example(command: C): Command<S, C> {
    const example = new Buffer();
    const former = writer.begin(example);
    write<C>(command);
    writer.resume(former);
    this.encodedExamples.push(example);
    return this;
  }

  /** @internal */
  run(entity: Entity<S>): void {
    const command = this.read();
    reader.closePayload();
    if (reader.failed) {
      writeFault(KIND_PAYLOAD, reader.failure());
      reader.recover();
      return;
    }
    entity.settle(this, this.decide(entity.context, entity.state.value, command));
  }

  /**
   * Reads the command. If neither it nor the state can hold an object, one object serves all commands: it cannot outlive
   * its decide, since an event that contains it is written, and read again.
   */
  private read(): C {
    if (isDefined(changetype<C>(0).__eshostIsPlain)) {
      if (!isFlat<C>() || !holdsNoObject<S>()) return read<C>();
      const latest = this.latest;
      if (latest === null) {
        const command = read<C>();
        if (!reader.failed) this.latest = changetype<Object>(command);
        return command;
      }
      readInto<C>(changetype<C>(latest));
      return changetype<C>(latest);
    } else {
      return read<C>();
    }
  }

  protected schema(): string {
    return schemaOf<C>();
  }
}

/** Makes the reply of a command. */
export abstract class Replier<S> {
  /** Whether it runs code of the author, which may write to the state. */
  abstract get runsCode(): bool;
  abstract write(state: S): void;
  abstract schema(): string;
}

class StateReplier<S> extends Replier<S> {
  get runsCode(): bool {
    return false;
  }

  write(state: S): void {
    writePayload<S>(state);
  }

  schema(): string {
    return schemaOf<S>();
  }
}

class FunctionReplier<S, R> extends Replier<S> {
  constructor(private readonly reply: (state: S) => R) {
    super();
  }

  get runsCode(): bool {
    return true;
  }

  write(state: S): void {
    writePayload<R>(this.reply(state));
  }

  schema(): string {
    return schemaOf<R>();
  }
}
