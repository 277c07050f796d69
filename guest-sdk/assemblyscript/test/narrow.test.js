import assert from "node:assert/strict";
import { test } from "node:test";

import { compile } from "../testing/index.js";
import { commandAnswer, commandRequest } from "../testing/wire.js";
import { project } from "./project.js";

const source = `
import { accept, Context, define, Effect, serve } from "@eshost/guest";

@payload
class Narrow {
  f: f32 = 0;
}

const narrow = define<Narrow>("narrow", new Narrow());
narrow.command("set", (_context: Context, _state: Narrow, c: Narrow): Effect => accept(c));
narrow.event("set", 1, (_state: Narrow, e: Narrow): Narrow => e);
serve(narrow);
`;

const instance = (await compile({ directory: project({ "assembly/index.ts": source }) })).instance();

/** What becomes of {"f": value}, a float of 64 bits. */
function set(value) {
  const payload = Buffer.alloc(12);
  payload.write("81a166cb", "hex");
  payload.writeDoubleBE(value, 4);
  const request = commandRequest({ type: "narrow", id: "a", seq: 0, state: null }, 0, [{ name: "set", payload }]);
  return commandAnswer(instance.call("handle_command", request)).outcomes[0];
}

test("a float that does not fit 32 bits is refused, and is not taken for infinity", () => {
  for (const value of [1e300, -1e300, 3.5e38]) assert.equal(set(value).fault?.kind, 2, `${value}`);
  for (const value of [1.5, -0, 3.4e38, Infinity, -Infinity, NaN]) assert.ok(set(value).accepted, `${value}`);
});
