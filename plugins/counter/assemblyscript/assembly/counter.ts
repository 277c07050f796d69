import { accept, Context, define, Effect, Rejection } from "@eshost/guest";

/** Asks to add `by`. */
@payload
class Increase {
  constructor(public by: u64) {}
}

/** Asks to subtract `by`. */
@payload
class Decrease {
  constructor(public by: u64) {}
}

/** Says that `by` was added. */
@payload
class Increased {
  constructor(public by: u64) {}
}

/** Says that `by` was subtracted. */
@payload
class Decreased {
  constructor(public by: u64) {}
}

const overflow = new Rejection("overflow");
const underflow = new Rejection("underflow");

/** Entities that hold a number, which can be increased and decreased but never leaves the range of 64 bits. */
export const counter = define<u64>("counter", 0);

counter
  .command("increase", increase)
  .replyState()
  .rejects(overflow)
  .example(new Increase(5))
  .example(new Increase(u64.MAX_VALUE));
counter
  .command("decrease", decrease)
  .replyState()
  .rejects(underflow)
  .example(new Decrease(2))
  .example(new Decrease(u64.MAX_VALUE));
counter.event("increased", 1, increased);
counter.event("decreased", 1, decreased);

function increase(_context: Context, value: u64, command: Increase): Effect {
  if (command.by > u64.MAX_VALUE - value) return overflow.reject();
  return accept(new Increased(command.by));
}

function decrease(_context: Context, value: u64, command: Decrease): Effect {
  if (command.by > value) return underflow.reject();
  return accept(new Decreased(command.by));
}

function increased(value: u64, event: Increased): u64 {
  return value + event.by;
}

function decreased(value: u64, event: Decreased): u64 {
  return value - event.by;
}
