import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { compile, Kind } from "../testing/index.js";
import { project } from "./project.js";

const source = readFileSync(new URL("account.ts", import.meta.url), "utf8");
const plugin = await compile({ directory: project({ "assembly/index.ts": source }) });

const givenAccount = () =>
  plugin
    .type("account")
    .given(
      { opened: { owner: "anna" } },
      { opened: { owner: "bert" } },
      { deposited: { line: { owner: "anna", amount: 10 } } },
      { noted: { notes: ["hello"] } },
    );

const untouched = { owners: { anna: 10, bert: 0 }, notes: ["hello!"], last: { owner: "anna", amount: 10 } };

// The kit compares each step with the same commands in one batch, so that these tests hold in batches, too.

const spoiling = {
  reject: (outcome) => outcome.rejects("spoilt"),
  "reject with what is not declared": (outcome) => outcome.faults(Kind.Panicked),
  throw: (outcome) => outcome.panics(/^spoilt and gave up \(assembly\/index\.ts:\d+\)$/),
  index: (outcome) => outcome.panics(/^Index out of range \(/),
  surrogate: (outcome) => outcome.panics(/half of a surrogate pair/),
  "unregistered event": (outcome) => outcome.faults(Kind.BadEvent),
  nothing: (outcome) => outcome.emits().replies(10),
};

for (const [how, check] of Object.entries(spoiling)) {
  test(`a command that does not change the entity leaves no trace: ${how}`, () => {
    const outcome = givenAccount().when("spoil", { how });
    check(outcome);
    outcome.leaves(untouched).when("look").emits().replies(untouched);

    const behind = givenAccount().when("deposit", { owner: "bert", amount: 1 }).when("spoil", { how });
    if (how !== "nothing") check(behind);
    behind.when("look").replies({ ...untouched, owners: { anna: 10, bert: 1 }, last: { owner: "bert", amount: 1 } });
  });
}

test("of an accepted command only the events leave a trace", () => {
  givenAccount()
    .when("spoil", { how: "accept" })
    .emits({ opened: { owner: "zoe" } }, { deposited: { line: { owner: "anna", amount: 1 } } })
    .replies(11)
    .leaves({ ...untouched, owners: { anna: 11, bert: 0, zoe: 0 }, last: { owner: "anna", amount: 1 } });
});

test("what a reply does to the state is undone", () => {
  givenAccount()
    .when("vandalize")
    .emits()
    .replies(2)
    .when("deposit", { owner: "anna", amount: 1 })
    .replies(11)
    .when("look")
    .replies({ ...untouched, owners: { anna: 11, bert: 0 }, last: { owner: "anna", amount: 1 } });
});

test("a command that became part of the state is no part of the next one", () => {
  givenAccount()
    .when("recall", { owner: "anna", amount: 10 })
    .rejects("too large", { missing: 10 })
    .when("recall", { owner: "bert", amount: 99 })
    .rejects("too large", { missing: 10 });
});

test("events that share memory are folded as they are written", () => {
  givenAccount()
    .when("twice", { owners: ["carl"] })
    .emits({ noted: { notes: ["carl"] } }, { noted: { notes: ["carl"] } })
    .leaves({ ...untouched, notes: ["carl!"] });
});

test("several events are emitted together, and folded before the reply", () => {
  givenAccount()
    .when("split", { owners: ["dora", "carl"] })
    .emits(
      { opened: { owner: "dora" } },
      { opened: { owner: "carl" } },
      { noted: { notes: ["hello!", "dora", "carl"] } },
    )
    .replies(4)
    .leaves({ ...untouched, owners: { anna: 10, bert: 0, carl: 0, dora: 0 }, notes: ["hello!!", "dora!", "carl!"] });
});

test("the order of a map does not depend on what else is in the request", () => {
  givenAccount()
    .when("open", { owner: "zoe" })
    .when("open", { owner: "carl" })
    .when("keys")
    .replies(["anna", "bert", "carl", "zoe"]);
});

test("an old version of an event is folded", () => {
  const scenario = plugin
    .type("account")
    .given(
      { opened: { owner: "anna" } },
      { "deposited@1": { amount: 7 } },
      { "deposited@2": { line: { owner: "anna", amount: 1 } } },
    );
  assert.equal(scenario.state.owners.anna, 8);
});

test("a rejection carries its payload", () => {
  givenAccount()
    .when("deposit", { owner: "anna", amount: 995 })
    .rejects("too large", { missing: 5 })
    .when("deposit", { owner: "zoe", amount: 1 })
    .rejects("not open");
});

test("an object without anything shared in it is guarded as well", () => {
  plugin
    .type("point")
    .given({ moved: { by: 1 } })
    .when("move", { by: 0 })
    .rejects("spoilt")
    .when("move", { by: -1 })
    .emits()
    .replies({ x: 1, label: "new" })
    .when("move", { by: 2 })
    .emits({ moved: { by: 2 } }, { moved: { by: 3 } })
    .replies({ x: 6, label: "new" });
});

test("a promise to only read the state is watched by the kit", () => {
  const given = () => plugin.type("careful").given({ opened: { owner: "anna" } });
  given().when("open", { owner: "zoe" }).replies(0).when("open", { owner: "bert" }).replies(0);
  for (const how of ["reject", "accept", "nothing"])
    given()
      .when("spoil", { how })
      .panics(/readOnly/);
  given()
    .when("vandalize")
    .panics(/readOnly/);
});

test("a decide knows the entity, the number, the time and repeatable random numbers", () => {
  const scenario = plugin.type("witness").given().id("Zoë/1").at(1763892000000);
  const first = scenario.when("ask", { what: "a" });
  // The same as the Go SDK draws from the same entity, command and number.
  first.replies({
    seen: {
      type: "witness",
      id: "Zoë/1",
      seq: 0,
      now: 1763892000000,
      numbers: [13117757406715997445n, 17072266693825008171n, 3353182103821192564n],
      dice: [3, 3, 0, 0, 1],
      part: 0.8654311020276082,
      large: [4562431918486141203n, 1138572954263343949n, 8366605144213481225n],
    },
  });
  scenario.when("ask", { what: "a" }).when("ask", { what: "b" });
  assert.deepEqual(first.logged, [{ level: 2, text: "asked a €" }]);
});

test("the schema of a state changes with its layout and its revision", () => {
  const names = plugin.manifest.types.map((type) => type.state_schema);
  assert.equal(names[0].replace("account", ""), names[1].replace("careful", ""));
  const changed = [
    source.replace("class Point {", "class Point {\n  more: bool = false;"),
    source.replace("x: i32 = 0", "x: i64 = 0"),
    source.replace("label: string", "@name('text') label: string"),
    source
      .replace("weight: Box<f64> | null = null;", "weight: f64 = 0;")
      .replace("state.weight = new Box<f64>(6.5);", ""),
    source.replace(".revision(2)", ".revision(3)"),
  ];
  return Promise.all(
    changed.map(async (text) => {
      const other = await compile({ directory: project({ "assembly/index.ts": text }) });
      const differing = other.manifest.types.map((type) => type.state_schema).filter((name) => !names.includes(name));
      assert.equal(differing.length, 1);
    }),
  );
});
