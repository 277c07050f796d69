import { AssertionError } from "node:assert";
import { inspect } from "node:util";

import { Trap } from "./instance.js";
import { decode, encode } from "./msgpack.js";
import { Outcome } from "./outcome.js";
import { commandAnswer, commandRequest, eventAnswer, eventRequest } from "./wire.js";

/**
 * An entity at some point of its life. Beside what a test asks for, each step checks what a host relies on: that decisions
 * and folds give the same bytes each time and on each instance, that a batch of commands gives what its commands give one
 * by one, that the state after a command is the fold of the events, in one call or in many, and that a state is
 * read as it was written.
 */
export class Scenario {
  #type;
  #used;
  #id = "test";
  #now = 1767225600000;
  #seq = 0;
  #state = null;
  #history = [];
  /** What was decided since the last point from which it can all be decided again in one request. */
  #batch;

  constructor(type, events) {
    this.#type = type;
    this.#used = type.plugin.instance();
    this.#history = events.map((event) => this.encodeEvent(event));
    const state = this.#checkFolds();
    if (events.length > 0) [this.#seq, this.#state] = [events.length, state];
    this.#rebase();
  }

  /** Changes the entity's id. */
  id(id) {
    this.#id = id;
    return this.#rebase();
  }

  /** Sets the time of the commands that follow, in milliseconds since 1970. */
  at(millis) {
    this.#now = millis;
    return this.#rebase();
  }

  /** The state of the entity now. */
  get state() {
    return decode(this.#state ?? this.#fold(this.#type.plugin.instance(), 0, null, []));
  }

  /** Sends a command by its name, with any value as its payload: also one that it does not take. Without one, there is none. */
  when(name, payload) {
    const command = { name, payload: payload === undefined ? null : encode(payload) };
    const label = payload === undefined ? name : `${name} ${inspect(payload, { breakLength: Infinity })}`;
    const decided = this.#decide(this.#type.plugin.instance(), this.#seq, this.#state, [command]);
    this.#checkAgain(label, command, decided);
    if (!decided.panic) {
      this.#checkBatch(label, command, decided);
      const { accepted } = decided.outcomes[0];
      if (accepted && accepted.events.length > 0) {
        this.#history.push(...accepted.events);
        this.#seq += accepted.events.length;
        this.#state = decided.state;
        this.#expectSame(
          "the state after the command is not the fold of the entity's events",
          label,
          decided.state,
          this.#checkFolds(),
        );
      }
    }
    const logged = decided.logged;
    return new Outcome(
      this,
      label,
      decided.panic ? { panic: decided.panic, logged } : { ...decided.outcomes[0], logged },
    );
  }

  /** Encodes an event that is given as an object of one entry, or by its name if it has no content. */
  encodeEvent(event) {
    const entries = typeof event === "string" ? [[event, {}]] : Object.entries(event);
    if (entries.length !== 1)
      throw new TypeError(
        `an event is an object of one entry, its name to its content, or only a name, not ${inspect(event)}`,
      );
    const [[label, content]] = entries;
    const [name, given] = label.split("@");
    const listed = this.#type.description.events.filter((e) => e.name === name).map((e) => e.version);
    const version = given === undefined ? Math.max(...listed) : Number(given);
    if (!listed.includes(version)) throw new TypeError(`type ${this.#type.name} has no event ${label}`);
    return { name, version, payload: encode(content) };
  }

  #rebase() {
    this.#batch = { seq: this.#seq, state: this.#state, commands: [], outcomes: [] };
    return this;
  }

  /** Has an instance decide commands: { outcomes, state } or { panic }. It ends the test if nothing was decided. */
  #decide(instance, seq, state, commands) {
    instance.logged = [];
    const request = commandRequest({ type: this.#type.name, id: this.#id, seq, state }, this.#now, commands);
    try {
      const raw = instance.call("handle_command", request);
      const answer = commandAnswer(raw);
      if (answer.refused) throw failure(`nothing was decided: kind ${answer.refused.kind}, ${answer.refused.message}`);
      return { ...answer, raw, logged: instance.logged };
    } catch (error) {
      if (!(error instanceof Trap)) throw error;
      return { panic: error.message, raw: Buffer.from(error.message), logged: instance.logged };
    }
  }

  #fold(instance, seq, state, events) {
    const answer = eventAnswer(
      instance.call("handle_event", eventRequest({ type: this.#type.name, id: this.#id, seq, state }, events)),
    );
    if (!answer.refused) return answer.state;
    const { kind, index, message } = answer.refused;
    throw failure(
      `event ${index + 1} of ${events.length}, ${events[index]?.name}, cannot be folded: kind ${kind}, ${message}`,
    );
  }

  /** Decides the same command again, on fresh instances and on a used one. */
  #checkAgain(label, command, first) {
    for (let i = 0; i < 4; i++) {
      const instance = i % 2 === 0 ? this.#used : this.#type.plugin.instance();
      const again = this.#decide(instance, this.#seq, this.#state, [command]);
      if (again.panic) this.#used = this.#type.plugin.instance();
      const what = "is not decided the same each time, as happens with a variable that outlives a call";
      this.#expectSame(what, label, first.raw, again.raw);
    }
  }

  /** Decides all commands since the last rebase in one request, then the latest one once more behind them. */
  #checkBatch(label, command, latest) {
    const { seq, state, commands, outcomes } = this.#batch;
    commands.push(command);
    outcomes.push(latest.outcomes[0].raw);
    const events = latest.outcomes[0].accepted?.events.length ?? 0;
    const now = { seq: this.#seq + events, state: latest.state ?? this.#state };
    const next = this.#decide(this.#type.plugin.instance(), now.seq, now.state, [command]);
    const more = next.panic ? [] : [command];
    const whole = this.#decide(this.#type.plugin.instance(), seq, state, [...commands, ...more]);
    if (whole.panic) throw failure(`${label}: a batch gives up, but its commands alone do not: ${whole.panic}`);
    const wanted = next.panic ? outcomes : [...outcomes, next.outcomes[0].raw];
    wanted.forEach((raw, i) => {
      this.#expectSame(
        `command ${i + 1} of a batch of ${wanted.length} gives another outcome than alone`,
        label,
        raw,
        whole.outcomes[i].raw,
      );
    });
    const last = next.state ?? now.state;
    if (whole.state)
      this.#expectSame(
        "after a batch the state is another one than after its commands one by one",
        label,
        last,
        whole.state,
      );
  }

  /** Folds the history in one call, event by event, and again. Gives the state. */
  #checkFolds() {
    const instance = this.#type.plugin.instance();
    const whole = this.#fold(instance, 0, null, this.#history);
    let step = this.#history.length === 0 ? whole : null;
    this.#history.forEach((event, i) => (step = this.#fold(instance, i, step, [event])));
    const again = this.#fold(this.#type.plugin.instance(), 0, null, this.#history);
    this.#expectSame("folding the same events twice gives different states", "", whole, again);
    this.#expectSame("folding event by event gives another state than folding all at once", "", whole, step);
    const same = this.#fold(instance, Math.max(1, this.#history.length), whole, []);
    this.#expectSame("the state is not read as it was written", "", whole, same);
    return whole;
  }

  #expectSame(what, label, first, second) {
    if (first.equals(second)) return;
    throw failure(`${label ? label + ": " : ""}${what}:\n${printable(first)}\nand\n${printable(second)}`);
  }
}

/** The error of a step that is not as it should be. */
export function failure(message) {
  return new AssertionError({ message, stackStartFn: Scenario.prototype.when });
}

const printable = (bytes) => JSON.stringify(bytes.toString("latin1"));
