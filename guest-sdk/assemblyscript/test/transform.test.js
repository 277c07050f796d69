import assert from "node:assert/strict";
import { test } from "node:test";

import { compile } from "../testing/index.js";
import { snakeCase } from "../transform/names.js";
import { project } from "./project.js";

const plugin = (classes, more = "") => `
import { accept, Box, Context, define, Effect, None, nothing, RejectionWith, serve } from "@eshost/guest";
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
  "a number that is null": [
    "@payload class A { f: u64 | null = null; }",
    "A.f: a number or a boolean cannot be null; use Box<u64> | null",
  ],
  "a boolean that is null, by another name": [
    "type Flag = bool; @payload class A { f: Flag[] = []; g: Box<bool | null> | null = null; }",
    "A.g: a number or a boolean cannot be null",
  ],
  "a set": ["@payload class A { f: Set<string> = new Set(); }", "A.f: Set has no form in a payload; use an array"],
  "an array of another kind": ["@payload class A { f: Float32Array | null = null; }", "use an array"],
  "a map whose keys are no strings": [
    "@payload class A { f: Map<u32, string> = new Map(); }",
    "A.f: the keys of a map are strings; use Map<string, T>, or an array of a @payload class",
  ],
  "a map in an alias whose keys are no strings": [
    "type Key = i8; type Names = Map<Key, string>; @payload class A { f: Names[] = []; }",
    "A.f: the keys of a map are strings",
  ],
  "a class without a decorator": [
    "class Bare {} @payload class A { f: Bare[] = []; }",
    "A.f: Bare has no form in a payload; decorate the class with @payload or @oneof",
  ],
  "a state without a decorator": ["class Bare {} define<Bare>('bare', new Bare());", "the state: Bare has no form"],
  "a command without a decorator": [
    "class Bare {} const a = define<u64>('a', 0); a.command('b', (_c: Context, _s: u64, _b: Bare): Effect => nothing());",
    'command "b": Bare has no form in a payload; decorate the class',
  ],
  "an event without a decorator, of a function with a name": [
    "class Bare {} const a = define<u64>('a', 0); a.event('b', 1, fold); function fold(s: u64, _b: Bare): u64 { return s; }",
    'event "b": Bare has no form in a payload',
  ],
  "a reply without a decorator": [
    "class Bare {} const a = define<u64>('a', 0); " +
      "a.command('b', (_c: Context, _s: u64, _b: u8): Effect => nothing()).reply((_s: u64): Bare => new Bare());",
    "the reply: Bare has no form in a payload",
  ],
  "a rejection without a decorator": [
    "class Bare {} export const r = new RejectionWith<Bare>('r');",
    "the rejection's payload: Bare has no form in a payload",
  ],
  "a command that is null": [
    "const a = define<u64>('a', 0); a.command('b', (_c: Context, _s: u64, _b: Ask | null): Effect => nothing());",
    'command "b": only a field may be null, not what it contains, and no whole payload',
  ],
  "a command without a decorator, of a function in a variable": [
    "class Bare {} const a = define<u64>('a', 0); const b = (_c: Context, _s: u64, _b: Bare): Effect => nothing(); a.command('b', b);",
    'command "b": Bare has no form in a payload; decorate the class',
  ],
  "two events of one class": [
    "const a = define<u64>('a', 0); a.event('b', 1, fold); a.event('c', 2, fold); function fold(s: u64, _b: Ask): u64 { return s; }",
    'events "b" version 1 and "c" version 2 are of the same class, Ask; each needs a class of its own',
  ],
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

test("the compiler takes what looks like one of these and is none", async () => {
  const source = plugin(
    `class Helper { inner: Set<u32> = new Set(); } type Text = string;
     @payload class Date { at: i64 = 0; } @payload class A { f: Map<Text, Date> = new Map(); g: Box<u64> | null = null; }`,
    'thing.event("a", 1, (state: u64, e: A): u64 => state + new Helper().inner.size + e.f.size);',
  );
  (await load(source)).type("thing");
});

test("the compiler refuses a type that only it can know to have no form in a payload", async () => {
  const source = plugin(
    "class Bare {} const bare = new Bare();",
    "function typed<T>(_value: T): void { define<T>('other', changetype<T>(0)); } typed(bare);",
  );
  await assert.rejects(load(source), /a value of this class cannot be a payload/);
});

test("a command and an event may carry nothing", async () => {
  const source = plugin(
    "",
    `const door = define<u64>("door", 0);
     door.command("close", (_context: Context, _times: u64, _c: None): Effect => accept(new None())).replyState().example(new None());
     door.event("closed", 1, (times: u64, _e: None): u64 => times + 1);
     serve(door);`,
  );
  const door = (await load(source)).type("door");
  door
    .given("closed")
    .when("close")
    .emits("closed")
    .replies(2)
    .when("close", {})
    .emits({ closed: {} })
    .replies(3)
    .when("close", { more: [1, "x"] })
    .replies(4);
  for (const wrong of [5, [], "close"]) door.given().when("close", wrong).faults(2);
  const [command] = door.description.commands;
  assert.match(command.schema, /"type":"object","properties":\{\}/);
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
