import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { Plugin } from "./plugin.js";

/**
 * Compiles the plugin of a folder as its asconfig.json says, into memory, and loads it. In what it makes, a decide or a
 * reply that writes to a state which it promised to only read gives up.
 *
 * @param {{ directory?: string, entry?: string }} [options] the folder, by default the present one, and the file
 *   to compile in place of the one that asconfig.json names
 * @returns {Promise<Plugin>}
 */
export async function compile({ directory = ".", entry } = {}) {
  return Plugin.load(await compileToWasm({ directory, entry, options: ["--use", "ESHOST_WATCH=1"] }));
}

/** Compiles the plugin of a folder with more options of the compiler, and gives the bytes of the .wasm file. */
export async function compileToWasm({ directory = ".", entry, options = [] }) {
  const base = resolve(directory);
  const compiler = createRequire(join(base, "package.json")).resolve("assemblyscript/dist/asc.js");
  const { default: asc } = await import(pathToFileURL(compiler));
  let wasm = null;
  let said = "";
  const listen = { write: (text) => (said += text) };
  const { error } = await asc.main(
    [...(entry ? [entry] : []), "--baseDir", base, "--outFile", "plugin.wasm", "--noColors", ...options],
    {
      stdout: listen,
      stderr: listen,
      writeFile: (name, contents) => {
        if (name.endsWith(".wasm")) wasm = contents;
      },
    },
  );
  if (error || !wasm) throw new Error(`${base} does not compile:\n${said}${error?.message ?? ""}`);
  return wasm;
}
