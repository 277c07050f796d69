import { readFileSync } from "node:fs";

import { float } from "../testing/index.js";

/** The golden vectors: see abi/testdata/README.md. */
export const vectors = JSON.parse(readFileSync(new URL("../../../abi/testdata/vectors.json", import.meta.url), "utf8"));

/** Gives what a vector's JSON value means: what the kit encodes as the canonical form. */
export function valueOf(type, value) {
  if (typeof type === "string") {
    if (type.endsWith("?")) return valueOf(type.slice(0, -1), value);
    if (value?.$int !== undefined) return BigInt(value.$int);
    if (value?.$bin !== undefined) return Buffer.from(value.$bin, "base64");
    if (value?.$float !== undefined) return float({ nan: NaN, inf: Infinity, "-inf": -Infinity }[value.$float]);
    return type === "f64" || type === "f32" ? float(value) : value;
  }
  const [[form, inner]] = Object.entries(type);
  switch (form) {
    case "list":
      return value.map((element) => valueOf(inner, element));
    case "map":
      return new Map(
        Object.entries(value)
          .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
          .map(([key, content]) => [key, valueOf(inner, content)]),
      );
    case "optional":
      return valueOf(inner, value);
    case "struct":
      return new Map(inner.filter(([name]) => name in value).map(([name, type]) => [name, valueOf(type, value[name])]));
    default: {
      if (typeof value === "string") return value;
      const [[name, content]] = Object.entries(value);
      return new Map([[name, valueOf(inner.find((variant) => variant[0] === name)[1], content)]]);
    }
  }
}

/** Writes a plugin that has an entity for each type of the vectors. */
export class PluginWriter {
  #classes = [];
  #types = new Map();
  #entities = [];

  /** Gives the name of the entity whose state, commands and events are of this type. */
  entity(type) {
    const key = JSON.stringify(type);
    if (!this.#types.has(key)) {
      const name = `t${this.#types.size}`;
      this.#types.set(key, name);
      this.#define(name, this.#type(type));
    }
    return this.#types.get(key);
  }

  source() {
    const imports = 'import { accept, Box, Context, define, Effect, None, serve } from "@eshost/guest";';
    return [imports, ...this.#classes, ...this.#entities].join("\n");
  }

  #define(name, { type, initial }) {
    this.#entities.push(`
@payload class Held_${name} { constructor(public value: ${type}) {} }
const ${name} = define<${type}>("${name}", ${initial});
${name}.command("take", (_context: Context, _state: ${type}, c: ${type}): Effect => accept(new Held_${name}(c))).replyState();
${name}.event("held", 1, (_state: ${type}, e: Held_${name}): ${type} => e.value);
serve(${name});`);
  }

  /** Gives the AssemblyScript type of a vector's type, and an expression for a value. */
  #type(type) {
    if (typeof type === "string") {
      if (type === "bool") return { type, initial: "false" };
      if (type === "str") return { type: "string", initial: '""' };
      if (type === "bytes") return { type: "Uint8Array", initial: "new Uint8Array(0)" };
      return { type, initial: "0" };
    }
    const [[form, inner]] = Object.entries(type);
    if (form === "list") return { type: `${this.#type(inner).type}[]`, initial: "[]" };
    if (form === "map") return { type: `Map<string, ${this.#type(inner).type}>`, initial: "new Map()" };
    return this.#class(inner, form === "enum");
  }

  #class(fields, oneof) {
    const name = `Class${this.#classes.length}`;
    const index = this.#classes.push("") - 1;
    const lines = fields.map(([label, type], i) => {
      const optional = this.#optional(oneof ? { optional: type } : type);
      const { type: text, initial } = optional ? { type: `${optional} | null`, initial: "null" } : this.#type(type);
      return `@name(${JSON.stringify(label)}) f${i}: ${text} = ${initial};`;
    });
    // Of a variant, the first one is there at first, which has no content in the vectors.
    const first = oneof ? "constructor() { this.f0 = new None(); }" : "";
    this.#classes[index] = `@${oneof ? "oneof" : "payload"} class ${name} { ${lines.join(" ")} ${first} }`;
    return { type: name, initial: `new ${name}()` };
  }

  /** Gives the type of a field that may be absent, or nothing. */
  #optional(type) {
    const inner = typeof type === "string" && type.endsWith("?") ? type.slice(0, -1) : type.optional;
    if (inner === undefined) return null;
    if (inner === null) return "None";
    const { type: text } = this.#type(inner);
    return /^([uif]\d+|bool)$/.test(text) ? `Box<${text}>` : text;
  }
}
