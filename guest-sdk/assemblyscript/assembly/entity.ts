import { Buffer } from "./buffer";
import { AnyCommand, Command } from "./command";
import { Context } from "./context";
import { Effect, Emission } from "./effect";
import { hexadecimal } from "./digits";
import { AnyEvent, Event, eventLabel } from "./event";
import * as faults from "./faults";
import { breathe } from "./memory";
import { checkName, quote } from "./names";
import * as reader from "./reader";
import { State } from "./state";
import { Token } from "./token";
import { schemaOf } from "./value";
import * as writer from "./writer";

/** Events of the command at hand, encoded. */
const emitted: Buffer = new Buffer();

/** An Entity whatever its state. */
export abstract class AnyEntity {
  /** @internal */
  readonly token: Token;

  constructor(public readonly name: string) {
    checkName("type", name);
    this.token = new Token(0, name, 0);
  }

  /** What the type is called in messages. */
  protected get label(): string {
    return "type " + quote(this.name);
  }

  /** Answers a command request that was read up to the type. */
  abstract handleCommand(): void;
  /** Answers an event request that was read up to the type. */
  abstract handleEvent(): void;
  /** Adds what the type is to the manifest. */
  abstract describe(): void;
}

/** Defines a type of entity: its name, and the state of an entity without events. */
export function define<S>(name: string, initial: S): Entity<S> {
  return new Entity<S>(name, initial);
}

/** A type of entity with state S. Make it with define. */
export class Entity<S> extends AnyEntity {
  /** @internal */
  readonly state: State<S>;
  /** @internal */
  readonly context: Context = new Context();
  private readonly commands: AnyCommand<S>[] = [];
  private readonly events: AnyEvent<S>[] = [];
  private layoutRevision: u32 = 0;
  private latestCommand: AnyCommand<S> | null = null;

  constructor(name: string, initial: S) {
    super(name);
    this.state = new State<S>(initial);
    this.context.type = name;
  }

  /** Registers a command of class C: decide says what it does to the state it meets. */
  command<C>(name: string, decide: (context: Context, state: S, command: C) => Effect): Command<S, C> {
    checkName("command", name);
    for (let i = 0; i < this.commands.length; i++) {
      if (this.commands[i].name == name) throw new Error(this.label + " has two commands " + quote(name));
    }
    const command = new Command<S, C>(name, decide);
    this.commands.push(command);
    return command;
  }

  /**
   * Registers an event of class E under a name and a version, which is 1 or more: fold gives the state after it. Every
   * version needs a class of its own. An event that was ever emitted must stay registered as long as it is in a log.
   */
  event<E>(name: string, version: u32, fold: (state: S, event: E) => S): Entity<S> {
    checkName("event", name);
    if (version == 0) throw new Error("event " + quote(name) + ": versions begin at 1");
    const event = new Event<S, E>(name, version, fold);
    for (let i = 0; i < this.events.length; i++) {
      const other = this.events[i];
      if (other.name == name && other.version == version)
        throw new Error(this.label + " has two events " + event.label);
      if (event.id != 0 && other.id == event.id) {
        throw new Error(this.label + ": events " + other.label + " and " + event.label + " are of the same class");
      }
    }
    this.events.push(event);
    return this;
  }

  /**
   * Numbers the meaning of the state. Raise it when folds come to other states than before although the class of the state
   * is the same: snapshots of another revision are not used, and the events are folded again.
   */
  revision(number: u32): Entity<S> {
    this.layoutRevision = number;
    return this;
  }

  /**
   * Promises that decides and replies only read the state they are given, and do not depend on the order of a map. It
   * saves the SDK from encoding a state with arrays, maps or objects in it two or three times a command, to find out
   * whether it was written to. Tests still do, and there a handler that breaks the promise gives up and says so.
   */
  readOnly(): Entity<S> {
    this.state.trusted = true;
    return this;
  }

  /** @internal */
  handleCommand(): void {
    const context = this.context;
    const kind = this.open();
    if (kind != 0) return faults.refuseCommands(kind, this.refusal(kind));
    const first = context.seq;
    context.nowMillis = <i64>reader.readInteger("a time");
    if (context.nowMillis < 0 && !reader.negative) reader.failWith(faults.BAD_REQUEST);
    const count = reader.readArrayHead();
    if (reader.failed) return faults.refuseCommands(faults.KIND_PAYLOAD, faults.BAD_REQUEST);
    writer.token(0x0093, 2);
    writer.writeArrayHead(count);
    for (let left = count; left > 0; left--) {
      if (!this.decideNext()) return faults.refuseCommands(faults.KIND_PAYLOAD, faults.BAD_REQUEST);
      breathe();
    }
    if (reader.remaining() != 0) return faults.refuseCommands(faults.KIND_PAYLOAD, faults.BAD_REQUEST);
    if (context.seq == first) writer.writeNil();
    else this.state.write();
  }

  /** @internal */
  handleEvent(): void {
    const kind = this.open();
    if (kind != 0) return faults.refuseEvents(kind, 0, this.refusal(kind));
    const count = reader.readArrayHead();
    if (reader.failed) return faults.refuseEvents(faults.KIND_PAYLOAD, 0, faults.BAD_REQUEST);
    for (let index: u32 = 0; index < count; index++) {
      const event = this.findEvent();
      if (reader.failed) return faults.refuseEvents(faults.KIND_PAYLOAD, 0, faults.BAD_REQUEST);
      if (event === null) return faults.refuseEvents(faults.KIND_FOLD, index, this.unknownEvent);
      if (!reader.openPayload()) return faults.refuseEvents(faults.KIND_PAYLOAD, 0, faults.BAD_REQUEST);
      event.foldNext(this.state);
      if (reader.failed) {
        return faults.refuseEvents(faults.KIND_FOLD, index, "event " + event.label + ": " + reader.failure());
      }
      breathe();
    }
    if (reader.remaining() != 0) return faults.refuseEvents(faults.KIND_PAYLOAD, 0, faults.BAD_REQUEST);
    writer.token(0x0092, 2);
    this.state.writeValue();
  }

  /** Reads what a request begins with, behind the type. Gives the kind of what is wrong, or 0. */
  private open(): u32 {
    const context = this.context;
    context.idSize = reader.readStr("an id");
    context.idStart = reader.content;
    context.seq = reader.readInteger("a number");
    if (reader.failed || reader.negative) return faults.KIND_PAYLOAD;
    if (reader.readNil()) {
      if (context.seq != 0) return faults.KIND_PAYLOAD;
      this.state.loadInitial();
      return 0;
    }
    if (context.seq == 0) return faults.KIND_PAYLOAD;
    if (!reader.openPayload()) return faults.KIND_PAYLOAD;
    this.state.load();
    return reader.failed ? faults.KIND_STATE : 0;
  }

  private refusal(kind: u32): string {
    if (kind != faults.KIND_STATE) return faults.BAD_REQUEST;
    return "the state of " + this.name + " does not decode: " + reader.failure();
  }

  /** Decides the next command of the request. Gives false if the request is malformed. */
  private decideNext(): bool {
    let command = this.latestCommand; // neighbours are often of one kind
    if (command === null || !command.token.matches()) {
      command = this.findCommand();
      if (reader.failed) return false;
      this.latestCommand = command;
    }
    if (!reader.openPayload()) return false;
    if (command === null) {
      reader.passPayload();
      faults.writeFault(faults.KIND_COMMAND, "there is no command " + quote(this.unknownCommand));
      return true;
    }
    const context = this.context;
    context.command = command.name;
    context.payloadStart = reader.payloadStart;
    context.payloadSize = reader.payloadEnd - reader.payloadStart;
    command.run(this);
    return true;
  }

  /** Reads the name of a command; null, and its name in unknownCommand, if there is no such command. */
  private findCommand(): AnyCommand<S> | null {
    const commands = this.commands;
    for (let i = 0; i < commands.length; i++) {
      if (unchecked(commands[i]).token.matches()) return unchecked(commands[i]);
    }
    const places = reader.readArrayHead();
    const name = reader.readText();
    if (places != 2) reader.failWith(faults.BAD_REQUEST);
    for (let i = 0; i < commands.length; i++) {
      if (unchecked(commands[i]).name == name) return unchecked(commands[i]);
    }
    this.unknownCommand = name;
    return null;
  }

  private unknownCommand: string = "";
  private unknownEvent: string = "";

  /** Reads the name and version of an event; null, and a reason in unknownEvent, if there is no such event. */
  private findEvent(): AnyEvent<S> | null {
    const events = this.events;
    for (let i = 0; i < events.length; i++) {
      if (unchecked(events[i]).token.matches()) return unchecked(events[i]);
    }
    const places = reader.readArrayHead();
    const name = reader.readText();
    const version = reader.readInteger("a version");
    if (places != 3) reader.failWith(faults.BAD_REQUEST);
    for (let i = 0; i < events.length; i++) {
      const event = unchecked(events[i]);
      if (<u64>event.version == version && event.name == name) return event;
    }
    this.unknownEvent = this.label + " does not define event " + eventLabel(name, version);
    return null;
  }

  /** @internal Adds the outcome of a command that was decided to the answer. */
  settle(command: AnyCommand<S>, effect: Effect): void {
    const state = this.state;
    state.verify();
    const refusal = effect.refusal;
    if (refusal !== null) {
      if (command.rejections.includes(refusal.rejection)) return refusal.write();
      const why = "command " + quote(command.name) + " was rejected with " + quote(refusal.rejection.code);
      return faults.writeFault(faults.KIND_PANIC, why + ", which it does not declare; add it with rejects");
    }
    let count: u32 = 0;
    let emission: Emission | null = effect.id != 0 ? effect : null;
    while (emission !== null) {
      if (this.eventOf(emission) === null) {
        const why =
          "an event of class " + emission.className + " was emitted, which " + this.label + " does not define";
        return faults.writeFault(faults.KIND_FOLD, why + "; register it with event");
      }
      count++;
      emission = emission.next;
    }
    if (count > 0) {
      const answer = writer.begin(emitted);
      emission = effect;
      while (emission !== null) {
        this.eventOf(emission)!.emit(emission.event, state, emitted);
        emission = emission.next;
      }
      writer.resume(answer);
      this.context.seq += count;
      state.keep();
    }
    writer.token(0x0093, 2);
    const replier = command.replier;
    if (replier === null) {
      writer.writeNil();
    } else {
      replier.write(state.value);
      if (replier.runsCode) state.verify();
    }
    writer.writeArrayHead(count);
    if (count > 0) writer.writeRaw(emitted.start, emitted.size);
  }

  /** Gives the registration of an event; null if there is none. */
  private eventOf(emission: Emission): AnyEvent<S> | null {
    const events = this.events;
    for (let i = 0; i < events.length; i++) {
      if (unchecked(events[i]).id == emission.id) return unchecked(events[i]);
    }
    return null;
  }

  /** @internal */
  describe(): void {
    writer.writeMapHead(4);
    writer.writeString("type");
    writer.writeString(this.name);
    writer.writeString("state_schema");
    writer.writeString(this.name + "-" + fingerprint(schemaOf<S>(), this.layoutRevision));
    writer.writeString("commands");
    writer.writeArrayHead(this.commands.length);
    for (let i = 0; i < this.commands.length; i++) this.commands[i].describe();
    writer.writeString("events");
    writer.writeArrayHead(this.events.length);
    for (let i = 0; i < this.events.length; i++) this.events[i].describe();
  }
}

/** A short text that differs where the layout of a state or its revision does: FNV-1a of 64 bits. */
function fingerprint(schema: string, revision: u32): string {
  let hash: u64 = 14695981039346656037 ^ (<u64>revision);
  for (let i = 0; i < schema.length; i++) hash = (hash ^ (<u64>schema.charCodeAt(i))) * 1099511628211;
  return hexadecimal(hash);
}
