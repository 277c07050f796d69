// A plugin whose state shares memory in every way, and whose commands misbehave in every way that must be harmless.
import {
  accept,
  Box,
  Context,
  define,
  Effect,
  Level,
  None,
  nothing,
  Rejection,
  RejectionWith,
  serve,
} from "@eshost/guest";

@payload
class Account {
  owners: Map<string, u64> = new Map();
  notes: string[] = [];
  limit: Box<u64> | null = null;
  last: Line | null = null;
}

@payload
class Line {
  constructor(
    public owner: string = "",
    public amount: u64 = 0,
  ) {}
}

@payload
class Open {
  owner: string = "";
}

@payload
class Deposit {
  owner: string = "";
  amount: u64 = 0;
}

@payload
class Spoil {
  how: string = "";
}

@payload
class Look {}

@payload
class Split {
  owners: string[] = [];
}

@payload
class Opened {
  constructor(public owner: string) {}
}

@payload
class DepositedV1 {
  constructor(public amount: u64) {}
}

@payload
class Deposited {
  constructor(public line: Line) {}
}

@payload
class Noted {
  constructor(public notes: string[]) {}
}

@payload
class Unknown {}

@payload
class Shortage {
  constructor(public missing: u64) {}
}

const notOpen = new Rejection("not open");
const tooLarge = new RejectionWith<Shortage>("too large");
const spoilt = new Rejection("spoilt");
const secret = new Rejection("secret");

const account = define<Account>("account", new Account());

account.command("open", (_context: Context, _state: Account, c: Open): Effect => accept(new Opened(c.owner)));
account.command("deposit", deposit).reply(total).rejects(notOpen).rejects(tooLarge);
account.command("look", (_context: Context, _state: Account, _c: Look): Effect => nothing()).replyState();
account.command("keys", (_context: Context, _state: Account, _c: Look): Effect => nothing()).reply(keys);
account.command("split", split).reply((state: Account): i32 => state.owners.size);
account.command("twice", twice);
account.command("recall", recall).rejects(tooLarge);
account.command("spoil", spoil).reply(total).rejects(spoilt);
account.command("vandalize", (_context: Context, _state: Account, _c: Look): Effect => nothing()).reply(vandalize);
account.event("opened", 1, opened);
account.event("deposited", 1, (state: Account, e: DepositedV1): Account =>
  deposited(state, new Deposited(new Line("anna", e.amount))),
);
account.event("deposited", 2, deposited);
account.event("noted", 1, noted);
serve(account);

function deposit(_context: Context, state: Account, c: Deposit): Effect {
  if (!state.owners.has(c.owner)) return notOpen.reject();
  const sum = state.owners.get(c.owner) + c.amount;
  if (sum > 1000) return tooLarge.reject(new Shortage(sum - 1000));
  return accept(new Deposited(new Line(c.owner, c.amount)));
}

function split(_context: Context, state: Account, c: Split): Effect {
  const effect = nothing();
  for (let i = 0; i < c.owners.length; i++) effect.and(new Opened(c.owners[i]));
  return effect.and(new Noted(state.notes.concat(c.owners)));
}

function twice(_context: Context, _state: Account, c: Split): Effect {
  return accept(new Noted(c.owners)).and(new Noted(c.owners));
}

/** Says what the last line is, and puts an equal one in its place. */
function recall(_context: Context, state: Account, c: Line): Effect {
  const amount = state.last!.amount;
  state.last = c;
  return tooLarge.reject(new Shortage(amount));
}

function spoil(_context: Context, state: Account, c: Spoil): Effect {
  spoilState(state);
  if (c.how == "reject") return spoilt.reject();
  if (c.how == "reject with what is not declared") return secret.reject();
  if (c.how == "throw") throw new Error("spoilt and gave up");
  if (c.how == "index") return accept(new Opened(state.notes[state.notes.length]));
  if (c.how == "surrogate") return accept(new Opened("a" + String.fromCharCode(0xd83d)));
  if (c.how == "unregistered event") return accept(new Line("anna", 1)).and(new Unknown());
  if (c.how == "accept") return accept(new Opened("zoe")).and(new Deposited(new Line("anna", 1)));
  return nothing();
}

function spoilState(state: Account): void {
  state.owners.set("mallory", 666);
  state.owners.delete("anna");
  for (let i = 0; i < state.notes.length; i++) state.notes[i] = "spoilt";
  state.limit = new Box<u64>(666);
  if (state.last !== null) state.last!.amount = 666;
}

function vandalize(state: Account): i32 {
  spoilState(state);
  return state.owners.size;
}

function opened(state: Account, e: Opened): Account {
  if (!state.owners.has(e.owner)) state.owners.set(e.owner, 0);
  return state;
}

function deposited(state: Account, e: Deposited): Account {
  state.owners.set(e.line.owner, state.owners.get(e.line.owner) + e.line.amount);
  state.last = e.line; // its own copy
  return state;
}

function noted(state: Account, e: Noted): Account {
  for (let i = 0; i < e.notes.length; i++) e.notes[i] += "!"; // its own copy, too
  state.notes = e.notes;
  return state;
}

function total(state: Account): u64 {
  let sum: u64 = 0;
  const amounts = state.owners.values();
  for (let i = 0; i < amounts.length; i++) sum += amounts[i];
  return sum;
}

function keys(state: Account): string[] {
  return state.owners.keys();
}

// The same with a promise not to write to the state.
const careful = define<Account>("careful", new Account()).readOnly();
careful
  .command("open", (_context: Context, _state: Account, c: Open): Effect => accept(new Opened(c.owner)))
  .reply(total);
careful.command("spoil", spoil).rejects(spoilt);
careful.command("vandalize", (_context: Context, _state: Account, _c: Look): Effect => nothing()).reply(vandalize);
careful.event("opened", 1, opened);
serve(careful);

// A state that is an object without anything shared in it.
@payload
class Point {
  x: i32 = 0;
  label: string = "new";
  weight: Box<f64> | null = null;
}

@payload
class Move {
  by: i32 = 0;
}

@payload
class Moved {
  constructor(public by: i32) {}
}

@payload
class Rename {
  label: string = "";
  again: string = "";
}

const point = define<Point>("point", new Point());
point.command("move", move).replyState().rejects(spoilt);
point.command("rename", (_context: Context, _state: Point, _c: Rename): Effect => spoilt.reject()).rejects(spoilt);
point.event("moved", 1, (state: Point, e: Moved): Point => {
  state.x += e.by;
  return state;
});
serve(point);

function move(_context: Context, state: Point, c: Move): Effect {
  state.x = 666;
  state.label = "spoilt";
  state.weight = new Box<f64>(6.5);
  if (c.by == 0) return spoilt.reject();
  if (c.by < 0) return nothing();
  return accept(new Moved(c.by)).and(new Moved(c.by + 1));
}

// What a decide may know.
@payload
class Seen {
  type: string = "";
  id: string = "";
  seq: u64 = 0;
  now: i64 = 0;
  numbers: u64[] = [];
  dice: u64[] = [];
  part: f64 = 0;
  large: u64[] = [];
}

@payload
class Ask {
  what: string = "";
}

@oneof
class Told {
  nothing: None | null = null;
  seen: Seen | null = null;

  static of(seen: Seen): Told {
    const told = new Told();
    told.seen = seen;
    return told;
  }
}

const witness = define<Told>("witness", neverTold()).revision(2);
witness.command("ask", ask).replyState();
witness.event("told", 1, (_state: Told, e: Told): Told => e);
serve(witness);

function neverTold(): Told {
  const told = new Told();
  told.nothing = new None();
  return told;
}

function ask(context: Context, _state: Told, c: Ask): Effect {
  const seen = new Seen();
  seen.type = context.type;
  seen.id = context.id;
  seen.seq = context.seq;
  seen.now = context.nowMillis;
  const random = context.random();
  for (let i = 0; i < 3; i++) seen.numbers.push(random.next());
  for (let i = 0; i < 5; i++) seen.dice.push(random.below(6));
  seen.part = random.float();
  for (let i = 0; i < 3; i++) seen.large.push(random.below(((<u64>1) << 63) + 12345));
  context.log(Level.Warn, "asked " + c.what + " €");
  return accept(Told.of(seen));
}
