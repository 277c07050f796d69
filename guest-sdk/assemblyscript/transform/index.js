import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { CallChecker } from "./calls.js";
import { generate } from "./generate.js";
import { ClassReader } from "./payload.js";

const SDK = "~lib/@eshost/guest/";
const EXPORTS = "export { alloc, describe, eshost_abi_v1, handle_command, handle_event }";

/**
 * Makes an AssemblyScript program a plugin: gives the classes decorated with @payload and @oneof the methods that
 * encode, decode and describe them, exports what the ABI wants, and lets the SDK report why a program gives up.
 */
export default class PluginTransform {
  constructor() {
    // The compiler sets these for all transforms of a class, and another compilation may begin before this one has ended.
    const { program, baseDir } = this;
    Object.assign(this, { program, baseDir });
  }

  async afterParse(parser) {
    const compiler = await importCompiler(this.baseDir);
    const aliases = (this.program.options.globalAliases ??= new Map());
    aliases.set("abort", SDK + "assembly/abort/abort");
    aliases.set("__new", SDK + "assembly/memory/allocate");
    aliases.set("__renew", SDK + "assembly/memory/reallocate");

    const reader = new ClassReader(compiler, parser);
    const calls = new CallChecker(compiler, parser.sources, reader.types);
    for (const source of parser.sources.slice()) {
      if (source.internalPath.startsWith(SDK)) continue;
      if (!source.internalPath.startsWith("~lib/")) calls.checkAll(source);
      let generated = "";
      for (const node of source.statements) {
        const payload = reader.read(node);
        if (!payload) continue;
        const [declaration] = parse(compiler, parser, `class ${payload.name} {\n${generate(payload)}}\n`, source);
        for (const member of declaration.members) node.members.push(member);
        generated = 'import * as __eshost from "@eshost/guest/assembly/generated";\n';
      }
      if (source.sourceKind === compiler.SourceKind.UserEntry) {
        generated += EXPORTS + ' from "@eshost/guest/assembly/serve";\nimport "@eshost/guest/assembly/abort";\n';
      }
      if (generated) source.statements.push(...parse(compiler, parser, generated, source));
    }
  }
}

/** Imports the copy of the compiler that the project uses, which need not be one that this package finds. */
async function importCompiler(baseDir) {
  const path = createRequire(resolve(baseDir, "package.json")).resolve("assemblyscript/dist/assemblyscript.js");
  return import(pathToFileURL(path));
}

/** Parses text as if it stood in a source. What it imports is parsed, too. */
function parse(compiler, parser, text, source) {
  const inner = new compiler.Parser(parser.diagnostics);
  inner.parseFile(text, source.normalizedPath, false);
  for (const path of inner.backlog) {
    if (parser.seenlog.has(path)) continue;
    parser.seenlog.add(path);
    parser.dependees.set(path, inner.dependees.get(path));
    parser.backlog.push(path);
  }
  return inner.sources[0].statements;
}
