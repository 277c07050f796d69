import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { after } from "node:test";

const SDK = fileURLToPath(new URL("..", import.meta.url));

/** Makes a folder that holds a plugin as `npm install` leaves it, with these files, until the tests have ended. */
export function project(files) {
  const directory = mkdtempSync(join(tmpdir(), "eshost-guest-"));
  after(() => rmSync(directory, { recursive: true }));
  const write = (path, text) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  };
  write("package.json", JSON.stringify({ name: "plugin", private: true, type: "module" }));
  write("asconfig.json", JSON.stringify({ extends: "@eshost/guest/asconfig.json", entries: ["./assembly/index.ts"] }));
  for (const [path, text] of Object.entries(files)) write(path, text);
  mkdirSync(join(directory, "node_modules", "@eshost"), { recursive: true });
  symlinkSync(SDK, join(directory, "node_modules", "@eshost", "guest"));
  symlinkSync(join(SDK, "node_modules", "assemblyscript"), join(directory, "node_modules", "assemblyscript"));
  return directory;
}
