// A plugin for the messages of the golden vectors, and one of every type that a payload may have.
import { accept, Box, Context, define, Effect, None, nothing, Rejection, RejectionWith, serve } from "@eshost/guest";

@payload
class Empty {}

@payload
class By {
  constructor(public by: u64) {}
}

@payload
class Decrease {
  constructor(public by: u64) {}
}

@payload
class Decreased {
  constructor(public by: u64) {}
}

@payload
class Increased {
  constructor(public by: u64) {}
}

@payload
class Most {
  constructor(public most: u64) {}
}

const overflow = new Rejection("overflow");
const underflow = new Rejection("underflow");
const tooMuch = new RejectionWith<Most>("too-much");

const counter = define<u64>("counter", 0);
counter
  .command("increase", (_context: Context, value: u64, c: By): Effect => {
    return c.by > u64.MAX_VALUE - value ? overflow.reject() : accept(new Increased(c.by));
  })
  .replyState()
  .rejects(overflow)
  .example(new By(5));
counter
  .command("decrease", (_context: Context, value: u64, c: Decrease): Effect => {
    return c.by > value ? underflow.reject() : accept(new Decreased(c.by));
  })
  .replyState()
  .rejects(underflow);
counter.command("rest", (_context: Context, _value: u64, _c: Empty): Effect => nothing());
counter
  .command("overdo", (_context: Context, _value: u64, _c: Empty): Effect => tooMuch.reject(new Most(300)))
  .rejects(tooMuch);
counter.event("increased", 1, (value: u64, e: Increased): u64 => value + e.by);
counter.event("decreased", 1, (value: u64, e: Decreased): u64 => value - e.by);
serve(counter);

// An order says what a decide knows.
@payload
class Order {
  total: i64 = 0;
}

@payload
class Seen {
  constructor(
    public id: string,
    public seq: u64,
    public now: i64,
    public total: i64,
    public tick: u64,
  ) {}
}

const seen = new RejectionWith<Seen>("seen");

function see(context: Context, state: Order, tick: u64): Effect {
  return seen.reject(new Seen(context.id, context.seq, context.nowMillis, state.total, tick));
}

const order = define<Order>("order", new Order());
order.command("pay", (context: Context, state: Order, _c: Empty): Effect => see(context, state, 100)).rejects(seen);
order.command("cancel", (context: Context, state: Order, _c: Empty): Effect => see(context, state, 200)).rejects(seen);
order.command("tick", (context: Context, state: Order, c: u64): Effect => see(context, state, c)).rejects(seen);
serve(order);

const door = define<Empty>("door", new Empty());
door.event("opened", 1, (state: Empty, _e: Empty): Empty => state);
door.event("painted", u32.MAX_VALUE, (state: Empty, _e: string): Empty => state);
serve(door);

@payload
class Line {
  owner: string = "";
  amount: u64 = 0;
}

@payload
class Tree {
  name: string = "";
  children: Tree[] = [];
}

@oneof
class Method {
  cash: None | null = null;
  card: Line | null = null;
  number: Box<u64> | null = null;
}

@payload
class All {
  orderID: string = "";
  n: i8 = 0;
  m: i64 = 0;
  u: u32 = 0;
  f: f64 = 0;
  b: bool = false;
  x: Uint8Array = new Uint8Array(0);
  lines: Line[] = [];
  tags: Map<string, string[]> = new Map();
  note: string | null = null;
  limit: Box<u64> | null = null;
  method: Method = new Method();
  root: Tree = new Tree();
  empty: Empty = new Empty();
}

function cash(): All {
  const all = new All();
  all.method.cash = new None();
  return all;
}

const everything = define<All>("everything", cash());
everything
  .command("take", (_context: Context, _state: All, c: All): Effect => accept(c))
  .reply((state: All): Tree => state.root);
everything.command("unset", (_context: Context, _state: All, _c: Empty): Effect => accept(new All()));
everything.event("taken", 1, (_state: All, e: All): All => e);
serve(everything);

const tree = define<Tree>("tree", new Tree());
tree.event("planted", 1, (_state: Tree, e: Tree): Tree => e);
serve(tree);

// What the golden answers have that the others do not give.
@payload
class Steps {
  n: u64 = 0;
}

@payload
class Started {}

@payload
class Moved {
  x: f64 = 1.5;
}

@payload
class Stopped {}

const stepping = new Rejection("stepping");

function step(state: Steps): Steps {
  state.n++;
  return state;
}

const steps = define<Steps>("c", new Steps());
steps.command("go", (_context: Context, _state: Steps, _c: Empty): Effect => {
  return accept(new Started()).and(new Moved()).and(new Stopped());
});
steps
  .command("count", (_context: Context, _state: Steps, _c: Empty): Effect => nothing())
  .reply((_state: Steps): u64 => 0);
steps.command("rest", (_context: Context, _state: Steps, _c: Empty): Effect => nothing());
steps.command("undeclared", (_context: Context, _state: Steps, _c: Empty): Effect => stepping.reject());
steps.command("undefined", (_context: Context, _state: Steps, _c: Empty): Effect => accept(new Most(1)));
steps.command("x", (_context: Context, _state: Steps, _c: By): Effect => nothing());
steps.event("started", 1, (state: Steps, _e: Started): Steps => step(state));
steps.event("moved", 2, (state: Steps, _e: Moved): Steps => step(state));
steps.event("stopped", u32.MAX_VALUE, (state: Steps, _e: Stopped): Steps => step(state));
steps.event("x", 1, (state: Steps, _e: By): Steps => state);
serve(steps);
