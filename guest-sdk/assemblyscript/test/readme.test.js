import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";

import { compile } from "../testing/index.js";
import { project } from "./project.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const blocks = [...readme.matchAll(/```(\w+)\n(.*?)```/gs)].map(([, language, text]) => ({ language, text }));
const code = (language) => blocks.filter((block) => block.language === language).map((block) => block.text);
const [plugin, versions, types] = code("ts");

test("the README's plugin passes the README's test", async () => {
  const directory = project({
    "asconfig.json": code("json")[0],
    "assembly/index.ts": plugin,
    "test/counter.test.js": code("js")[0],
  });
  const env = { ...process.env };
  delete env.NODE_TEST_CONTEXT; // or the inner runner would report to the outer one
  const { stdout } = await promisify(execFile)(process.execPath, ["--test", "--test-reporter=tap"], {
    cwd: directory,
    env,
  });
  assert.match(stdout, /^# pass 1$/m);
});

test("the rest of the README's code compiles", async () => {
  const source = `
import { accept, Context, define, Effect, None, serve } from "@eshost/guest";
${types}
@payload class Position { x: i32 = 0; }
@payload class Moved { by: i32 = 0; }
@payload class MovedV1 { upgraded(): Moved { return new Moved(); } }
@payload class Pay { payment: Payment = new Payment(); }
const position = define<Position>("position", new Position());
position.command("pay", (_context: Context, _state: Position, _c: Pay): Effect => accept(Payment.byCard(new Card())));
position.event("paid", 1, (state: Position, _e: Payment): Position => state);
${versions}
function moved(state: Position, event: Moved): Position { state.x += event.by; return state; }
serve(position);
`;
  const loaded = await compile({ directory: project({ "assembly/index.ts": source }) });
  loaded
    .type("position")
    .given({ moved: { by: 3 } }, { "moved@1": {} })
    .when("pay", { payment: "cash" })
    .emits({ paid: { card: { number: "" } } })
    .leaves({ x: 3 });
});
