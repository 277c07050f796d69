import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { compile, Kind } from "../testing/index.js";
import { decode, encode } from "../testing/msgpack.js";
import { commandAnswer, commandRequest, eventAnswer, eventRequest } from "../testing/wire.js";
import { project } from "./project.js";
import { vectors } from "./vectors.js";

const source = readFileSync(new URL("messages.ts", import.meta.url), "utf8");
const plugin = await compile({ directory: project({ "assembly/index.ts": source }) });
const instance = plugin.instance();

const unhex = (text) => Buffer.from(text.replaceAll(" ", ""), "hex");
const number = (value) => (value.$int === undefined ? value : BigInt(value.$int));

test("the worked example of the specification is answered byte for byte", () => {
  const request = unhex(
    "96 a7 636f756e746572 a1 61 00 c0 cf 0000019ab027f500 92 92 a8 696e637265617365 c4 05 81 a2 6279 05 " +
      "92 a8 6465637265617365 c4 05 81 a2 6279 07",
  );
  const answer = unhex(
    "93 00 92 93 00 c4 01 05 91 93 a9 696e63726561736564 01 c4 05 81 a2 6279 05 93 01 a9 756e646572666c6f77 c0 c4 01 05",
  );
  assert.deepEqual(instance.call("handle_command", request), answer);
});

test("golden command requests are read in every form", () => {
  for (const { name, message, encodings } of vectors.command_requests) {
    const answers = encodings.map((form) => instance.call("handle_command", unhex(form)));
    answers.forEach((answer) => assert.deepEqual(answer, answers[0], name));
    const answer = commandAnswer(answers[0]);
    assert.equal(answer.outcomes?.length, message.commands.length, name);
    if (message.type !== "order") continue;
    const { total } = decode(unhex(message.state));
    message.commands.forEach((command, i) => {
      const tick = { pay: 100, cancel: 200 }[command.name] ?? decode(unhex(command.payload));
      const seen = { id: message.id, seq: number(message.seq), now: message.now, total, tick };
      assert.deepEqual(decode(answer.outcomes[i].rejected.payload), seen, name);
    });
  }
});

test("golden event requests are read in every form", () => {
  const states = {
    "no events and no state: asks for the initial state": "00",
    "the first events of an entity": "03",
    "events after a state": "cd012f",
    "an event without payload, one of the largest version": "80",
  };
  const names = vectors.event_requests.map((vector) => vector.name);
  assert.deepEqual(names, Object.keys(states), "the cases are those that are known here");
  for (const { name, encodings } of vectors.event_requests) {
    for (const form of encodings) {
      assert.equal(eventAnswer(instance.call("handle_event", unhex(form))).state?.toString("hex"), states[name], name);
    }
  }
});

test("golden answers are written byte for byte", () => {
  const expected = Object.fromEntries(vectors.command_answers.map((vector) => [vector.name, vector.encodings[0]]));
  const by = (n) => encode({ by: n });
  const decided = {
    "a rejection with a payload": [{ name: "overdo", payload: null }],
    "sixteen commands that did nothing": Array.from({ length: 16 }, () => ({ name: "rest", payload: null })),
    "no outcomes, as there were no commands": [],
    "accepted, rejected and accepted again": [
      { name: "increase", payload: by(1) },
      { name: "increase", payload: by(2n ** 64n - 1n) },
      { name: "increase", payload: by(1) },
    ],
  };
  for (const [name, commands] of Object.entries(decided)) {
    const answer = instance.call(
      "handle_command",
      commandRequest({ type: "counter", id: "a", seq: 0, state: null }, 0, commands),
    );
    assert.equal(answer.toString("hex"), expected[name], name);
  }
  const folded = instance.call(
    "handle_event",
    unhex(vectors.event_requests[1].encodings[0].replace("a2627902", "a2627900")),
  );
  assert.equal(folded.toString("hex"), vectors.event_answers[0].encodings[0]);
});

/** An answer as the vectors have it: bytes in hex, faults without their words, no payload like the empty map. */
function shown(answer) {
  const hex = (bytes) => (bytes === null ? null : bytes.toString("hex"));
  if (answer.refused) return { refused: { ...answer.refused, message: "" } };
  if (!answer.outcomes) return { state: hex(answer.state) };
  const outcomes = answer.outcomes.map(({ accepted, rejected, fault }) => {
    if (fault) return { fault: { ...fault, message: "" } };
    if (rejected) return { rejected: { ...rejected, payload: hex(rejected.payload) } };
    const events = accepted.events.map((event) => ({ ...event, payload: hex(event.payload) ?? "80" }));
    return { accepted: { reply: hex(accepted.reply), events } };
  });
  return { outcomes, state: hex(answer.state) };
}

/** The message of a golden answer, in the same way. */
function golden({ outcomes, state, refused }) {
  if (refused) return { refused: { ...refused, message: "" } };
  if (!outcomes) return { state };
  const some = outcomes.map((outcome) => {
    if (outcome.fault) return { fault: { ...outcome.fault, message: "" } };
    if (outcome.rejected) return outcome;
    const events = outcome.accepted.events.map((event) => ({ ...event, payload: event.payload ?? "80" }));
    return { accepted: { ...outcome.accepted, events } };
  });
  return { outcomes: some, state };
}

test("golden answers that an SDK words itself, or writes otherwise, have the same message", () => {
  const by = (n) => ({ by: n });
  const decide = (type, commands, state = null) =>
    instance.call(
      "handle_command",
      commandRequest(
        { type, id: "a", seq: state ? 1 : 0, state },
        0,
        commands.map(([name, content]) => ({ name, payload: content === undefined ? null : encode(content) })),
      ),
    );
  const given = {
    "the worked example: increased to 5, then an underflow": decide("counter", [
      ["increase", by(5)],
      ["decrease", by(7)],
    ]),
    "several events of one command, without and with payload, the largest version; a reply without events; neither":
      decide("c", [["go"], ["count"], ["rest"]]),
    "refused: the state does not decode": decide("c", [["rest"]], encode([])),
    "one fault of each kind": decide("c", [["walk"], ["x", by(-1)], ["undeclared"], ["undefined"]]),
  };
  for (const { name, message } of vectors.command_answers) {
    if (!given[name]) continue;
    const want = golden(message);
    // A state that does not decode is no fault of one command.
    if (want.outcomes) want.outcomes = want.outcomes.filter(({ fault }) => fault?.kind !== Kind.BadState);
    assert.deepEqual(shown(commandAnswer(given[name])), want, name);
    delete given[name];
  }
  assert.deepEqual(Object.keys(given), [], "all of these are in the vectors");

  const event = { name: "started", version: 1, payload: null };
  const fold = (state, events) =>
    shown(
      eventAnswer(
        instance.call("handle_event", eventRequest({ type: "c", id: "a", seq: state ? 1 : 0, state }, events)),
      ),
    );
  const [, unfolded, unread] = vectors.event_answers.map(({ message }) => golden(message));
  assert.deepEqual(fold(null, [...Array(7).fill(event), { ...event, name: "ended" }]), unfolded);
  assert.deepEqual(fold(encode([]), [event]), unread);
});

test("golden requests that are malformed are refused, and nothing comes of them", () => {
  for (const { name, bytes } of vectors.malformed_command_requests) {
    const { refused, outcomes } = commandAnswer(instance.call("handle_command", unhex(bytes)));
    const kind = refused?.kind ?? outcomes?.[0].fault?.kind;
    assert.equal(kind, Kind.BadPayload, name);
    assert.ok((outcomes?.length ?? 1) === 1, name);
  }
  for (const { name, bytes } of vectors.malformed_event_requests) {
    const { refused } = eventAnswer(instance.call("handle_event", unhex(bytes)));
    assert.ok(refused?.kind === Kind.BadPayload || refused?.kind === Kind.BadEvent, `${name}: ${refused?.kind}`);
  }
  assert.ok(vectors.malformed_command_requests.length > 5 && vectors.malformed_event_requests.length > 3);
  const rested = commandRequest({ type: "c", id: "a", seq: 0, state: null }, 0, [{ name: "rest", payload: null }]);
  assert.ok(commandAnswer(instance.call("handle_command", rested)).outcomes[0].accepted);
});

test("what cannot be decided or folded is said with its kind", () => {
  const entity = { type: "counter", id: "a", seq: 1, state: encode(5) };
  const decide = (changes, commands = [{ name: "rest", payload: null }]) =>
    commandAnswer(instance.call("handle_command", commandRequest({ ...entity, ...changes }, 0, commands)));
  const fold = (changes, events) =>
    eventAnswer(instance.call("handle_event", eventRequest({ ...entity, ...changes }, events)));

  assert.deepEqual(decide({ type: "clock" }).refused, { kind: 1, message: "the plugin has no type of this name" });
  assert.deepEqual(decide({ state: encode("x") }).refused, {
    kind: 3,
    message: "the state of counter does not decode: want an integer that is not negative, found a string",
  });
  const outcomes = decide({}, [
    { name: "reset", payload: encode({ any: [1, { thing: null }] }) },
    { name: "increase", payload: encode({ by: 1, more: [-1] }) },
    { name: "increase", payload: encode({ by: "x" }) },
    { name: "reset", payload: null },
    { name: "decrease", payload: encode({}) },
  ]).outcomes;
  assert.deepEqual(
    outcomes.map((outcome) => outcome.fault ?? decode(outcome.accepted.reply)),
    [
      { kind: Kind.UnknownCommand, message: 'there is no command "reset"' },
      6,
      { kind: Kind.BadPayload, message: "by: want an integer that is not negative, found a string" },
      { kind: Kind.UnknownCommand, message: 'there is no command "reset"' },
      { kind: Kind.BadPayload, message: "by: missing" },
    ],
  );
  const good = { name: "increased", version: 1, payload: encode({ by: 1 }) };
  assert.deepEqual(fold({}, [good, { ...good, version: 2 }]).refused, {
    kind: 5,
    index: 1,
    message: 'type "counter" does not define event "increased" version 2',
  });
  assert.deepEqual(fold({}, [good, good, { ...good, payload: encode({ by: -1 }) }]).refused, {
    kind: 5,
    index: 2,
    message:
      'event "increased" version 1: by: want an integer from 0 to 18446744073709551615, found a negative integer',
  });
  assert.equal(fold({ state: encode(null) }, []).refused.kind, 3);
  assert.equal(fold({ type: "clock" }, [good]).refused.kind, 1);
  for (const malformed of ["", "05", "96a7636f756e746572", "95a7636f756e746572a16100c090"]) {
    assert.equal(commandAnswer(instance.call("handle_command", unhex(malformed || "c1"))).refused.kind, 2);
  }
});

test("a message names the place in the value that is at fault", () => {
  const message = (content) => {
    const request = commandRequest({ type: "everything", id: "a", seq: 0, state: null }, 0, [
      { name: "take", payload: encode(content) },
    ]);
    return commandAnswer(instance.call("handle_command", request)).outcomes[0].fault.message;
  };
  const lines = [
    { owner: "a", amount: 1 },
    { owner: "b", amount: true },
  ];
  assert.equal(message({ lines }), "lines[1].amount: want an integer that is not negative, found a boolean");
  assert.equal(message({ tags: { red: ["x", 5] } }), "tags.red[1]: want a string, found an integer");
  assert.equal(message({ n: 128 }), "n: an integer that is not from -128 to 127");
  assert.equal(message({ method: "credit" }), "method: Method has no variant without content of this name");
  assert.equal(message({ method: { card: { owner: 1 } } }), "method.card.owner: want a string, found an integer");
  assert.equal(message({ other: 1 }), "order_id: missing");
});

/** Has the plugin read a state whose one note is these bytes, and gives the answer. */
function readNote(bytes) {
  const state = encode({ name: "NOTE".padEnd(bytes.length), children: [] });
  Buffer.from(bytes).copy(state, state.indexOf("NOTE"));
  return eventAnswer(instance.call("handle_event", eventRequest({ type: "tree", id: "a", seq: 1, state }, [])));
}

test("text of all widths at all places is read and written", () => {
  for (const character of [
    "\0",
    "\u007f",
    "\u0080",
    "é",
    "\u07ff",
    "\u0800",
    "€",
    "\ud7ff",
    "\uffff",
    "😀",
    "\u{10ffff}",
  ]) {
    for (let i = 0; i < 12; i++) {
      const text = "a".repeat(i) + character + "b".repeat(11 - i);
      assert.deepEqual(decode(readNote(Buffer.from(text)).state).name, text);
    }
  }
});

test("text of any length is read and written, however many bytes its characters have", () => {
  for (const character of ["a", "é", "€"]) {
    for (const length of [0, 10, 11, 15, 16, 31, 32, 85, 86, 127, 128, 255, 256, 21845, 21846, 65535, 65536]) {
      const text = character.repeat(length);
      const state = encode({ name: text, children: [] });
      const answer = eventAnswer(
        instance.call("handle_event", eventRequest({ type: "tree", id: "a", seq: 1, state }, [])),
      );
      assert.deepEqual(answer.state, state, `${length} times ${character}`);
    }
  }
});

test("bytes that are not UTF-8 are refused at all places", () => {
  const wrong =
    "80 bf c0 c080 c1bf c3 c328 e08080 e09fbf e28228 e282 eda080 edbfbf f0808080 f08fbfbf f09f98 f4908080 f5808080 ff";
  for (const bytes of wrong.split(" ")) {
    for (let i = 0; i < 12; i++) {
      const text = Buffer.concat([Buffer.alloc(i, "a"), unhex(bytes), Buffer.alloc(11 - i, "b")]);
      assert.equal(readNote(text).refused?.kind, 3, `${bytes} at ${i}`);
    }
  }
});

test("a variant of which not exactly one is set gives up, and says so", () => {
  plugin
    .type("everything")
    .given()
    .when("unset")
    .panics(/^Method needs exactly one field that is not null \(/);
});

test("the manifest says what there is", () => {
  const { abi, sdk, types } = plugin.manifest;
  assert.deepEqual([abi, sdk], [[1, 0], "eshost-assemblyscript 0.1.0"]);
  assert.deepEqual(
    types.map((type) => type.type),
    ["counter", "order", "door", "everything", "tree", "c"],
  );
  const schema = (text) => `{"$schema":"https://json-schema.org/draft/2020-12/schema",${text}}`;
  const integer = '"type":"integer","minimum":0,"maximum":18446744073709551615';
  const by = schema(`"type":"object","properties":{"by":{${integer}}},"required":["by"]`);
  const [counter] = types;
  assert.match(counter.state_schema, /^counter-[0-9a-f]{16}$/);
  assert.deepEqual(counter.commands[0], {
    name: "increase",
    schema: by,
    reply: schema(integer),
    rejections: ["overflow"],
    examples: [encode({ by: 5 })],
  });
  assert.deepEqual(counter.commands[2], { name: "rest", schema: schema('"type":"object","properties":{}') });
  assert.deepEqual(counter.events[1], { name: "decreased", version: 1, schema: by });
});

test("schemas are those that the Go SDK writes", () => {
  const all = plugin.type("everything").description;
  const expected = readFileSync(new URL("everything.schema.json", import.meta.url), "utf8").trim();
  assert.equal(all.commands[0].schema, expected);
  assert.equal(
    all.commands[0].reply,
    '{"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"#/$defs/1","$defs":{"1":{"type":"object","properties":' +
      '{"name":{"type":"string"},"children":{"type":"array","items":{"$ref":"#/$defs/1"}}},"required":["name","children"]}}}',
  );
});
