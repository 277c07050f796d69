import { Level, writeLog } from "./log";
import { Random, Seed } from "./random";
import { textOf, utf8Units } from "./utf8";

/** What a decide may know besides the state and the command. It is valid until the decide returns. */
export class Context {
  /** The type of the entity. */
  type: string = "";
  /**
   * The number of the last event that is folded into the state; 0 if there is none yet.
   */
  seq: u64 = 0;
  /**
   * The time of the commit in milliseconds since 1970, which is also the form for a time in a payload. It is the same for
   * all commands of a batch and never goes back between the commits of an entity.
   */
  nowMillis: i64 = 0;

  /** @internal */
  idStart: usize = 0;
  /** @internal */
  idSize: usize = 0;
  /** @internal */
  command: string = "";
  /** @internal */
  payloadStart: usize = 0;
  /** @internal */
  payloadSize: usize = 0;

  /** The id of the entity. */
  get id(): string {
    return textOf(this.idStart, this.idSize, utf8Units(this.idStart, this.idSize));
  }

  /**
   * Gives a source of random numbers that is a function of the entity's type and id, of seq, and of the command's name
   * and payload. Every call gives the same source, from its start. A decision that is taken again, on another machine
   * or in another batch, so draws the same numbers. Whoever knows those inputs can compute them: they are no secrets.
   * The same command sent twice draws the same numbers, too, unless the first one emitted an event.
   */
  random(): Random {
    const seed = new Seed();
    mixName(seed, this.type);
    seed.mixBytes(this.idStart, this.idSize);
    seed.mix(this.seq);
    mixName(seed, this.command);
    seed.mixBytes(this.payloadStart, this.payloadSize);
    return seed.random();
  }

  /**
   * Writes a line to the host's log, which adds the plugin and the entity. It is for people who look for a fault: a host
   * may drop lines, and a decision that is taken again writes its lines again or not.
   */
  log(level: Level, text: string): void {
    writeLog(level, text);
  }
}

/** Mixes in a name, which is ASCII. */
function mixName(seed: Seed, name: string): void {
  seed.mix(name.length);
  for (let i = 0; i < name.length; i++) seed.mix(name.charCodeAt(i));
}
