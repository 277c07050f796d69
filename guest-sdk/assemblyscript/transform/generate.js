import { chunks, nameBytes } from "./names.js";

/** Gives the source of the methods of a class that payload.js has read. */
export function generate(payload) {
  const [write, read, describe] = payload.oneof
    ? [writeVariant, readVariant, describeVariant]
    : [writeFields, readFields, describeFields];
  return `
__eshostWrite(): void {${write(payload)}}
__eshostRead(): void {${read(payload)}}
__eshostDescribe(schema: __eshost.Schema): void {${describe(payload)}}
__eshostIsPlain(): bool { return ${payload.fields.map((f) => `__eshost.isPlain<${f.type}>()`).join(" && ") || "true"}; }
`;
}

const literal = (text) => JSON.stringify(text);
const integer = (bits) => "0x" + bits.toString(16);
const valueType = (field) => (field.optional ? `nonnull<${field.type}>` : field.type);

/** Statements that write these bytes. */
function writeBytes(bytes) {
  return chunks(bytes)
    .map(({ bits, size }) => `__eshost.token(${integer(bits)}, ${size});`)
    .join(" ");
}

/** An expression that passes over these bytes if they are what comes next. */
function matchBytes(bytes) {
  const parts = chunks(bytes);
  if (parts.length === 1)
    return `__eshost.matches(${integer(parts[0].bits)}, ${integer(parts[0].mask)}, ${parts[0].size})`;
  const checks = parts.map(({ bits, mask, size }, i) =>
    i < parts.length - 1
      ? `__eshost.comes(${integer(bits)}, ${8 * i})`
      : `__eshost.endsWith(${integer(bits)}, ${integer(mask)}, ${8 * i}, ${size})`,
  );
  return [`__eshost.has(${bytes.length})`, ...checks].join(" && ");
}

function writeFields({ fields }) {
  const required = fields.filter((f) => !f.optional);
  const lines = [];
  // The head and the first name are written at once, where that is possible.
  let before = Buffer.alloc(0);
  if (required.length === fields.length && fields.length < 16) {
    before = Buffer.from([0x80 | fields.length]);
  } else {
    const optional = fields.filter((f) => f.optional).map((f) => `+ u32(this.${f.property} !== null)`);
    lines.push(`__eshost.writeMapHead(${required.length} ${optional.join(" ")});`);
  }
  fields.forEach((f, i) => {
    const name = writeBytes(Buffer.concat([before, nameBytes(f.name)]));
    before = Buffer.alloc(0);
    if (!f.optional) {
      lines.push(name, `__eshost.write<${f.type}>(this.${f.property});`);
    } else {
      lines.push(`const field${i} = this.${f.property};`);
      lines.push(`if (field${i} !== null) { ${name} __eshost.write<${valueType(f)}>(field${i}); }`);
    }
  });
  return fields.length > 0 ? lines.join("\n") : writeBytes(Buffer.from([0x80]));
}

function readFields({ fields }) {
  const lines = ['let left = __eshost.readMapHead("a map");', "if (__eshost.failed) return;"];
  for (const f of fields) if (f.optional) lines.push(`this.${f.property} = null;`);
  const required = fields.map((f, i) => (f.optional ? 0n : 1n << BigInt(i))).reduce((sum, bit) => sum | bit, 0n);
  if (required) lines.push("let seen: u64 = 0;");
  const readField = (f, i) => {
    const value = `this.${f.property} = __eshost.read<${valueType(f)}>();`;
    return [
      f.optional ? `if (__eshost.readNil()) this.${f.property} = null; else ${value}` : value,
      `if (__eshost.failed) return __eshost.inside(${literal(f.name)});`,
      f.optional ? "" : `seen |= ${integer(1n << BigInt(i))};`,
    ].join(" ");
  };
  // First in the order in which they are usually written, then the rest in any.
  fields.forEach((f, i) =>
    lines.push(`if (left > 0 && ${matchBytes(nameBytes(f.name))}) { ${readField(f, i)} left--; }`),
  );
  lines.push("while (left > 0) {", "const key = __eshost.readText();", "if (__eshost.failed) return;");
  fields.forEach((f, i) => lines.push(`if (key == ${literal(f.name)}) { ${readField(f, i)} } else`));
  lines.push("{ __eshost.skip(); if (__eshost.failed) return __eshost.inside(key); }", "left--;", "}");
  if (required) {
    lines.push(`if (seen != ${integer(required)}) {`);
    fields.forEach((f, i) => {
      if (f.optional) return;
      lines.push(`if (!(seen & ${integer(1n << BigInt(i))})) return __eshost.failAt(${literal(f.name)}, "missing");`);
    });
    lines.push("}");
  }
  return lines.join("\n");
}

function describeFields({ fields }) {
  const lines = [`schema.add(${literal('"type":"object","properties":{')});`];
  fields.forEach((f, i) => {
    lines.push(
      `schema.add(${literal(`${i > 0 ? "}," : ""}${literal(f.name)}:{`)});`,
      `__eshost.describe<${valueType(f)}>(schema);`,
    );
  });
  const required = fields.filter((f) => !f.optional).map((f) => f.name);
  const end = (fields.length > 0 ? "}}" : "}") + (required.length > 0 ? `,"required":${literal(required)}` : "");
  lines.push(`schema.add(${literal(end)});`);
  return lines.join("\n");
}

function writeVariant({ name, fields }) {
  const wrong = `${name} needs exactly one field that is not null`;
  const lines = [
    `if (${fields.map((f) => `u32(this.${f.property} !== null)`).join(" + ")} != 1) throw new Error(${literal(wrong)});`,
  ];
  fields.forEach((f, i) => {
    lines.push(`const variant${i} = this.${f.property};`, `if (variant${i} !== null) {`);
    if (f.none) lines.push(writeBytes(nameBytes(f.name)));
    else
      lines.push(
        writeBytes(Buffer.concat([Buffer.from([0x81]), nameBytes(f.name)])),
        `__eshost.write<${valueType(f)}>(variant${i});`,
      );
    lines.push("return;", "}");
  });
  return lines.join("\n");
}

function readVariant({ name, fields }) {
  const wanted = `a variant of ${name}: a string or a map of one entry`;
  const lines = fields.map((f) => `this.${f.property} = null;`);
  const without = fields.filter((f) => f.none);
  if (without.length > 0) {
    lines.push("if (__eshost.isStr()) {", "const variant = __eshost.readText();", "if (__eshost.failed) return;");
    for (const f of without)
      lines.push(`if (variant == ${literal(f.name)}) { this.${f.property} = new __eshost.None(); return; }`);
    lines.push(`return __eshost.failWith(${literal(`${name} has no variant without content of this name`)});`, "}");
  }
  lines.push(`const count = __eshost.readMapHead(${literal(wanted)});`, "if (__eshost.failed) return;");
  lines.push(`if (count != 1) return __eshost.failWith(${literal(`${name} is a map of one entry, the variant`)});`);
  lines.push("const variant = __eshost.readText();", "if (__eshost.failed) return;");
  for (const f of fields.filter((f) => !f.none)) {
    lines.push(`if (variant == ${literal(f.name)}) { this.${f.property} = __eshost.read<${valueType(f)}>();`);
    lines.push(`if (__eshost.failed) __eshost.inside(${literal(f.name)}); return; }`);
  }
  lines.push(`__eshost.failWith(${literal(`${name} has no variant with content of this name`)});`);
  return lines.join("\n");
}

function describeVariant({ fields }) {
  const lines = [`schema.add(${literal('"oneOf":[')});`];
  fields.forEach((f, i) => {
    const comma = i > 0 ? "," : "";
    if (f.none) {
      lines.push(`schema.add(${literal(`${comma}{"const":${literal(f.name)}}`)});`);
      return;
    }
    lines.push(`schema.add(${literal(`${comma}{"type":"object","properties":{${literal(f.name)}:{`)});`);
    lines.push(`__eshost.describe<${valueType(f)}>(schema);`);
    lines.push(`schema.add(${literal(`}},"required":[${literal(f.name)}],"additionalProperties":false}`)});`);
  });
  lines.push(`schema.add("]");`);
  return lines.join("\n");
}
