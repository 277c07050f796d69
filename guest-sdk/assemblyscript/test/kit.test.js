import assert from "node:assert/strict";
import { test } from "node:test";

import { compile, float } from "../testing/index.js";
import { decode, encode } from "../testing/msgpack.js";
import { project } from "./project.js";

// A cart with a good command and several that break a law.
const source = `
import { accept, Context, define, Effect, nothing, Rejection, RejectionWith, serve } from "@eshost/guest";

@payload class Cart { items: Map<string, u64> = new Map(); }
@payload class Add { item: string = ""; }
@payload class Misuse { how: string = ""; }
@payload class Added { constructor(public item: string) {} }
@payload class Counted { constructor(public n: u64) {} }

const full = new RejectionWith<u64>("full");
const closed = new Rejection("closed");
let calls: u64 = 0; // what no handler may have

const cart = define<Cart>("cart", new Cart());
cart.command("add", add).reply((state: Cart): i32 => state.items.size).rejects(full).rejects(closed);
cart.command("misuse", misuse);
cart.event("added", 1, (state: Cart, e: Added): Cart => {
  state.items.set(e.item, 1);
  return state;
});
cart.event("counted", 1, (state: Cart, _e: Counted): Cart => {
  state.items.set("calls", ++calls);
  return state;
});
serve(cart);

function add(_context: Context, state: Cart, c: Add): Effect {
  return state.items.size == 3 ? full.reject(3) : accept(new Added(c.item));
}

function misuse(_context: Context, _state: Cart, c: Misuse): Effect {
  if (c.how == "variable") return accept(new Counted(++calls));
  if (c.how == "throw") throw new Error("gave up");
  return nothing();
}
`;

const cart = (await compile({ directory: project({ "assembly/index.ts": source }) })).type("cart");

const given = () => cart.given({ added: { item: "pen" } }, { added: { item: "ink" } });

test("a scenario that holds passes", () => {
  given()
    .when("add", { item: "pad" })
    .emits({ added: { item: "pad" } })
    .replies(3)
    .leaves({ items: { ink: 1, pad: 1, pen: 1 } })
    .when("add", { item: "cap" })
    .rejects("full", 3)
    .rejects("full")
    .when("misuse", { how: "throw" })
    .panics(/gave up/)
    .faults(4)
    .when("misuse", { how: "" })
    .emits()
    .replies()
    .when("remove")
    .faults(1);
});

const failing = {
  "event not emitted": [
    () => given().when("add", { item: "x" }).emits(),
    /add { item: 'x' }: emitted added@1 { item: 'x' }, want no events/,
  ],
  "another event": [
    () =>
      given()
        .when("add", { item: "x" })
        .emits({ added: { item: "y" } }),
    /want added@1 { item: 'y' }/,
  ],
  "one event too many": [
    () =>
      given()
        .when("add", { item: "x" })
        .emits({ added: { item: "x" } }, { added: { item: "x" } }),
    /emitted added@1/,
  ],
  "another reply": [() => given().when("add", { item: "x" }).replies(2), /replied 3, want 2/],
  "no reply": [() => given().when("add", { item: "x" }).replies(), /replied 3, want null/],
  "another state": [
    () => given().when("misuse", { how: "" }).leaves({ items: {} }),
    /the state is .*, want { items: {} }/,
  ],
  "not rejected": [
    () => given().when("add", { item: "x" }).rejects("full"),
    /accepted with added@1 .*, want it rejected with 'full'/,
  ],
  "another code": [
    () => given().when("add", { item: "x" }).when("add", { item: "y" }).rejects("closed"),
    /rejected with 'full', want it rejected with 'closed'/,
  ],
  "another payload": [
    () => given().when("add", { item: "x" }).when("add", { item: "y" }).rejects("full", 4),
    /rejected with 'full' and 3, want 4/,
  ],
  "not accepted": [
    () => given().when("add", { item: "x" }).when("add", { item: "y" }).emits(),
    /rejected with 'full', want it accepted/,
  ],
  "no reply of what gave up": [
    () => given().when("misuse", { how: "throw" }).replies(1),
    /gave up \(gave up \(assembly.*want it accepted/,
  ],
  "no fault": [() => given().when("add", { item: "x" }).faults(4), /accepted .*, want a fault of kind 4/],
  "another text": [
    () =>
      given()
        .when("misuse", { how: "throw" })
        .panics(/another/),
    /gave up with .*, want \/another\//,
  ],
  "a variable in a decide": [() => given().when("misuse", { how: "variable" }), /not decided the same each time/],
  "a variable in a fold": [
    () => cart.given({ counted: { n: 1 } }),
    /folding event by event gives another state than folding all at once/,
  ],
  "an unknown event": [() => cart.given({ removed: {} }), /type cart has no event removed/],
  "an unknown version": [() => cart.given({ "added@2": {} }), /type cart has no event added@2/],
  "an event that cannot be folded": [
    () => cart.given({ added: { item: 5 } }),
    /event 1 of 1, added, cannot be folded: kind 5, event "added" version 1: item: want a string/,
  ],
};

for (const [what, [scenario, message]] of Object.entries(failing)) {
  test(`a scenario that does not hold fails: ${what}`, () => assert.throws(scenario, message));
}

test("values keep what they are through msgpack", () => {
  const value = {
    n: [0, -1, 255, -129, 2 ** 53 - 1, 2n ** 64n - 1n, -(2n ** 63n)],
    f: [0.5, -0, NaN, Infinity],
    t: "Zoë €",
    b: Buffer.from([0]),
    z: null,
    y: true,
  };
  assert.deepEqual(decode(encode(value)), value);
  assert.equal(encode(float(5)).toString("hex"), "cb4014000000000000");
  assert.throws(() => encode(2n ** 64n), /more than 64 bits/);
  assert.throws(() => encode("\ud83d"), /surrogate/);
  assert.throws(() => encode(() => {}), /a function cannot be a payload/);
  assert.throws(() => decode(Buffer.from("cd01", "hex")), /too early/);
});

test("what does not compile is shown as the compiler shows it", async () => {
  await assert.rejects(
    compile({ directory: project({ "assembly/index.ts": "let x: i32 = '';" }) }),
    /does not compile:\n.*ERROR TS2322/s,
  );
});
