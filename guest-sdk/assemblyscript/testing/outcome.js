import { inspect, isDeepStrictEqual } from "node:util";

import { decode, encode } from "./msgpack.js";
import { failure } from "./scenario.js";
import { Kind } from "./wire.js";

/** What became of a command. */
export class Outcome {
  #scenario;
  #command;
  #result;

  constructor(scenario, command, result) {
    this.#scenario = scenario;
    this.#command = command;
    this.#result = result;
  }

  /** Sends the next command: see Scenario. */
  when(name, payload) {
    return this.#scenario.when(name, payload);
  }

  /** Sets the time of the commands that follow, in milliseconds since 1970. */
  at(millis) {
    return this.#scenario.at(millis);
  }

  /** The state of the entity after the command. */
  get state() {
    return this.#scenario.state;
  }

  /** The lines that the plugin logged: { level, text }. */
  get logged() {
    return this.#result.logged;
  }

  /** The reply, if the command was accepted. */
  get reply() {
    const { reply } = this.#accepted();
    return reply === null ? null : decode(reply);
  }

  /** Checks that the command was accepted and emitted exactly these events; none, if none are given. */
  emits(...events) {
    const emitted = this.#accepted().events;
    const wanted = events.map((event) => this.#scenario.encodeEvent(event));
    const plain = (all) =>
      all.map(({ name, version, payload }) => [name, version, payload === null ? null : decode(payload)]);
    if (!isDeepStrictEqual(plain(emitted), plain(wanted)))
      throw this.#failure(`emitted ${describe(emitted)}, want ${describe(wanted)}`);
    return this;
  }

  /** Checks that the command was accepted and answered with this; without a value, that there was no reply. */
  replies(value = null) {
    if (!same(this.reply, value)) throw this.#failure(`replied ${show(this.reply)}, want ${show(value)}`);
    return this;
  }

  /** Checks the state of the entity after the command. */
  leaves(state) {
    if (!same(this.state, state)) throw this.#failure(`the state is ${show(this.state)}, want ${show(state)}`);
    return this;
  }

  /** Checks that the command was rejected with this code and, if one is given, with this payload. */
  rejects(code, payload) {
    const { rejected } = this.#result;
    if (rejected?.code !== code) throw this.#failure(`${this.#text()}, want it rejected with ${show(code)}`);
    if (payload === undefined) return this;
    const given = rejected.payload === null ? null : decode(rejected.payload);
    if (!same(given, payload))
      throw this.#failure(`rejected with ${show(code)} and ${show(given)}, want ${show(payload)}`);
    return this;
  }

  /** Checks that the command could not be decided. A plugin that gives up is a fault of kind Panicked, as a host sees it. */
  faults(kind) {
    const found = this.#result.panic ? Kind.Panicked : this.#result.fault?.kind;
    if (found !== kind) throw this.#failure(`${this.#text()}, want a fault of kind ${kind}`);
    return this;
  }

  /** Checks that the plugin gave up with a message that matches. */
  panics(pattern) {
    if (!this.#result.panic) throw this.#failure(`${this.#text()}, want it to give up`);
    if (!this.#result.panic.match(pattern))
      throw this.#failure(`gave up with ${show(this.#result.panic)}, want ${show(pattern)}`);
    return this;
  }

  #accepted() {
    if (!this.#result.accepted) throw this.#failure(`${this.#text()}, want it accepted`);
    return this.#result.accepted;
  }

  #text() {
    const { accepted, rejected, fault, panic } = this.#result;
    if (accepted) return `accepted with ${describe(accepted.events)}`;
    if (rejected) return `rejected with ${show(rejected.code)}`;
    if (fault) return `a fault of kind ${fault.kind} (${fault.message})`;
    return `gave up (${panic})`;
  }

  #failure(text) {
    return failure(`${this.#command}: ${text}`);
  }
}

/** Whether values are the same in a payload, where 5 and 5n are. */
function same(got, want) {
  return isDeepStrictEqual(got, decode(encode(want)));
}

function show(value) {
  return inspect(value, { breakLength: Infinity, depth: null });
}

function describe(events) {
  if (events.length === 0) return "no events";
  return events.map((e) => `${e.name}@${e.version} ${e.payload === null ? "" : show(decode(e.payload))}`).join(", ");
}
