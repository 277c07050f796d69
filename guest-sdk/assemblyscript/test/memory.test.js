import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { compile } from "../testing/index.js";
import { encode } from "../testing/msgpack.js";
import { commandAnswer, commandRequest, eventRequest } from "../testing/wire.js";
import { project } from "./project.js";

const source = readFileSync(new URL("account.ts", import.meta.url), "utf8");
const plugin = await compile({ directory: project({ "assembly/index.ts": source }) });

/** How many calls are made: 100,000, or as many as ESHOST_SOAK_CALLS says. */
const CALLS = Number(process.env.ESHOST_SOAK_CALLS ?? 100_000);

const owners = { anna: 1, bert: 2, carl: 3 };
const state = encode({ owners, notes: ["a", "b"], limit: 5, last: { owner: "anna", amount: 1 } });
const entity = { type: "account", id: "a", seq: 4, state };

test("memory stays flat over many calls of every kind", () => {
  const commands = [
    { name: "deposit", payload: encode({ owner: "anna", amount: 1 }) },
    { name: "spoil", payload: encode({ how: "reject" }) },
    { name: "look", payload: null },
    { name: "spoil", payload: encode({ how: "accept" }) },
    { name: "split", payload: encode({ owners: ["dora", "emil"] }) },
    { name: "deposit", payload: encode({ owner: 1 }) },
    { name: "unknown", payload: null },
  ];
  const events = [
    { name: "deposited", version: 1, payload: encode({ amount: 3 }) },
    { name: "noted", version: 1, payload: encode({ notes: ["n", "m"] }) },
  ];
  const requests = [
    ["handle_command", commandRequest(entity, 0, commands)],
    ["handle_event", eventRequest(entity, events)],
    [
      "handle_command",
      commandRequest({ type: "point", id: "a", seq: 0, state: null }, 0, [
        { name: "move", payload: encode({ by: 1 }) },
      ]),
    ],
  ];
  const instance = plugin.instance();
  const run = (calls) => {
    for (let i = 0; i < calls; i++) instance.call(...requests[i % requests.length]);
    return instance.memoryBytes;
  };
  const first = requests.map((request) => instance.call(...request));
  const before = run(CALLS / 10);
  assert.equal(run(CALLS), before);
  requests.forEach((request, i) => assert.deepEqual(instance.call(...request), first[i]));
});

test("what could not be read is never seen by the collector", () => {
  const instance = plugin.instance();
  const broken = { last: { owner: "anna", amount: -1 }, owners, notes: ["a", "b", 5] };
  const states = [encode(broken), encode({ notes: ["a"], owners: { anna: -1 } }), encode({ x: 5, label: "a" })];
  const commands = [
    { name: "deposit", payload: encode({ owner: "anna" }) },
    { name: "split", payload: encode({ owners: ["a", 5] }) },
    { name: "rename", payload: encode({ other: "a" }) },
  ];
  for (let i = 0; i < CALLS / 10; i++) {
    const type = i % 3 === 2 ? "point" : "account";
    const request = { type, id: "a", seq: 4, state: states[i % 3] };
    // The last one comes when free memory is no longer empty.
    const sent = i < CALLS / 20 ? commands.slice(0, 2) : commands;
    instance.call("handle_command", commandRequest(request, 0, sent));
    instance.call("handle_command", commandRequest({ ...request, seq: 0, state: null }, 0, sent));
    instance.call("handle_event", eventRequest(request, []));
  }
  assert.deepEqual(commandAnswer(instance.call("handle_command", commandRequest(entity, 0, []))).outcomes, []);
});

test("garbage is collected within a call, too", () => {
  const instance = plugin.instance();
  const owners = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`owner${String(i).padStart(4, "0")}`, i]));
  const large = encode({ owners, notes: [] });
  const commands = Array.from({ length: 1000 }, () => ({ name: "spoil", payload: encode({ how: "reject" }) }));
  const request = commandRequest({ ...entity, state: large }, 0, commands);
  for (let i = 0; i < 3; i++)
    assert.equal(commandAnswer(instance.call("handle_command", request)).outcomes.length, 1000);
  assert.ok(instance.memoryBytes <= 4 << 20, `${instance.memoryBytes} bytes`);
});

test("a large request and a large answer find room", () => {
  const instance = plugin.instance();
  const notes = Array.from({ length: 2000 }, () => "x".repeat(2000));
  const request = commandRequest({ ...entity, state: encode({ owners, notes }) }, 0, [{ name: "look", payload: null }]);
  const [outcome] = commandAnswer(instance.call("handle_command", request)).outcomes;
  assert.deepEqual(outcome.accepted.reply, encode({ owners, notes }));
});
