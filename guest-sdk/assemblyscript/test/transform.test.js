import assert from "node:assert/strict";
import { test } from "node:test";

import { compile } from "../testing/index.js";
import { snakeCase } from "../transform/names.js";
import { project } from "./project.js";

const plugin = (classes, more = "") => `
import { accept, Box, Context, define, Effect, None, nothing, serve } from "@eshost/guest";
${classes}
@payload class Ask { what: string = ""; }
const thing = define<u64>("thing", 0);
thing.command("ask", (_context: Context, _state: u64, _c: Ask): Effect => nothing());
serve(thing);
${more}
`;

const load = (source) => compile({ directory: project({ "assembly/index.ts": source }) });

const refused = {
  "a field that is a function": [
    "@payload class A { f: () => void = () => {}; }",
    "A.f: a function cannot be part of a payload",
  ],
  "an enum": ["enum E { X } @payload class A { f: E[] = []; }", "A.f: an enum has no names when it runs"],
  "null inside a field": ["@payload class A { f: Array<string | null> = []; }", "A.f: only a field may be null"],
  "a class that extends another": ["class B {} @payload class A extends B {}", "A cannot extend a class"],
  "a variant that is always there": ["@oneof class A { f: string = ''; }", "A.f must be a type or null"],
  "a variant without fields": ["@oneof class A {}", "A needs a field for each variant"],
  "two decorators": ["@payload @oneof class A { f: string | null = null; }", "A cannot be decorated twice"],
  "two fields of one name": [
    "@payload class A { fooBar: u8 = 0; foo_bar: u8 = 0; }",
    'A has two fields named "foo_bar"',
  ],
  "a name that is none": ["@payload class A { @name(5) f: u8 = 0; }", "@name takes the name as a string"],
  "too many fields": [
    `@payload class A { ${Array.from({ length: 65 }, (_, i) => `f${i}: u8 = 0;`).join(" ")} }`,
    "A has more than 64 fields",
  ],
};

for (const [what, [classes, message]] of Object.entries(refused)) {
  test(`the compiler refuses ${what}, and says where`, async () => {
    await assert.rejects(load(plugin(classes)), (error) => {
      assert.ok(error.message.includes(message), error.message);
      assert.match(error.message, /in assembly\/index\.ts\(\d+,\d+\)/);
      return true;
    });
  });
}

test("the compiler refuses a value that has no form in a payload", async () => {
  const source = plugin(
    "class Bare {} @payload class A { f: Bare = new Bare(); }",
    'thing.event("a", 1, (state: u64, _e: A): u64 => state);',
  );
  await assert.rejects(load(source), /a value of this class cannot be a payload/);
});

test("what a definition does wrong is said when the plugin is loaded", async () => {
  const event = (name, version) => `thing.event("${name}", ${version}, (state: u64, _e: Ask): u64 => state);`;
  const wrong = {
    [event("Bad", 1)]: /event "Bad": a name is 1 to 64 characters/,
    [event("a", 0)]: /event "a": versions begin at 1/,
    [event("a", 1) + event("a", 2)]: /events "a" version 1 and "a" version 2 are of the same class/,
    "serve(thing);": /two types named "thing"/,
    'thing.command("ask", (_context: Context, _state: u64, _c: Ask): Effect => nothing());':
      /type "thing" has two commands "ask"/,
  };
  for (const [more, message] of Object.entries(wrong)) await assert.rejects(load(plugin("", more)), message);
});

test("a plugin that needs what no host has is not loaded, with a word on what to use", async () => {
  const source = plugin(
    "",
    'thing.command("toss", (_context: Context, _state: u64, _c: Ask): Effect => Math.random() < 0.5 ? nothing() : nothing());',
  );
  await assert.rejects(load(source), /imports env\.seed, which no host offers.*Math\.random: use the context's random/);
});

test("names in a payload are in snake case", () => {
  for (const [name, snake] of [
    ["by", "by"],
    ["orderId", "order_id"],
    ["orderID", "order_id"],
    ["parseURLPath", "parse_url_path"],
    ["x2Y", "x2_y"],
    ["a_b", "a_b"],
  ]) {
    assert.equal(snakeCase(name), snake);
  }
});

test("fields of names of any length are read in any order", async () => {
  const names = [
    "a",
    "ab",
    "abcdefg",
    "abcdefgh",
    "abcdefghijklmno",
    "abcdefghijklmnop",
    "x".repeat(31),
    "y".repeat(32),
    "z".repeat(40),
  ];
  const fields = names.map((name) => `${name}: u64 = 0;`).join(" ");
  const source = plugin(
    `@payload class Many { ${fields} } @payload class Kept { constructor(public many: Many) {} }`,
    `const many = define<Many>("many", new Many());
     many.command("keep", (_context: Context, _state: Many, c: Many): Effect => accept(new Kept(c))).replyState();
     many.event("kept", 1, (_state: Many, e: Kept): Many => e.many);
     serve(many);`,
  );
  const content = Object.fromEntries(names.map((name, i) => [name, i * 100]));
  const backwards = Object.fromEntries(Object.entries(content).reverse());
  const many = (await load(source)).type("many");
  many
    .given()
    .when("keep", content)
    .replies(content)
    .when("keep", backwards)
    .replies(content)
    .when("keep", { ...content, more: 1 })
    .replies(content);
  for (const name of names)
    many
      .given()
      .when("keep", { ...content, [name]: undefined })
      .faults(2);
});
