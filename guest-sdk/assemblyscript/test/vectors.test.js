import assert from "node:assert/strict";
import { test } from "node:test";

import { compile } from "../testing/index.js";
import { encode } from "../testing/msgpack.js";
import { commandAnswer, commandRequest, eventAnswer, eventRequest } from "../testing/wire.js";
import { project } from "./project.js";
import { PluginWriter, valueOf, vectors } from "./vectors.js";

const writer = new PluginWriter();
const cases = ["payloads", "strict_decoding", "no_payload"].flatMap((section) =>
  vectors[section].map((vector) => ({ section, ...vector })),
);
for (const vector of cases) vector.entity = writer.entity(vector.type);
const plugin = await compile({ directory: project({ "assembly/index.ts": writer.source() }) });
const instance = plugin.instance();

assert.ok(vectors.payloads.length > 50 && vectors.strict_decoding.length > 50 && vectors.no_payload.length > 5);

/** Has the plugin take a payload as a command, so that it becomes a state and a reply, and gives the outcome. */
function take(entity, payload) {
  const request = commandRequest({ type: entity, id: "a", seq: 0, state: null }, 0, [{ name: "take", payload }]);
  const answer = commandAnswer(instance.call("handle_command", request));
  const [outcome] = answer.outcomes;
  if (outcome.accepted) assert.deepEqual(answer.state, outcome.accepted.reply);
  return outcome;
}

/** Has the plugin read a state, and gives it as it writes it, or the refusal. */
function keep(entity, state) {
  return eventAnswer(instance.call("handle_event", eventRequest({ type: entity, id: "a", seq: 1, state }, [])));
}

for (const vector of cases) {
  test(`${vector.section}: ${vector.name}`, () => {
    const bytes = vector.bytes === undefined ? null : Buffer.from(vector.bytes, "hex");
    const outcome = take(vector.entity, bytes);
    if (vector.kind !== undefined) {
      assert.equal(outcome.fault?.kind, vector.kind);
      assert.notEqual(outcome.fault.message, "");
      if (bytes) assert.equal(keep(vector.entity, bytes).refused?.kind, 3);
      return;
    }
    const canonical = encode(valueOf(vector.type, vector.value));
    if (vector.section === "payloads") assert.deepEqual(canonical, bytes);
    assert.deepEqual(outcome.accepted?.reply, canonical, outcome.fault?.message);
    for (const form of vector.also ?? []) {
      assert.deepEqual(take(vector.entity, Buffer.from(form, "hex")).accepted?.reply, canonical, form);
    }
    if (bytes) assert.deepEqual(keep(vector.entity, bytes).state, canonical);
  });
}
