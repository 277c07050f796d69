/** The types that are no classes, and that nothing can be in place of: null neither. */
const SCALARS = new Set("bool boolean i8 i16 i32 i64 isize u8 u16 u32 u64 usize f32 f64 number".split(" "));

/** What of the standard library has no form in a payload, and what to use. */
const INSTEAD = new Map([
  ["Set", "use an array"],
  ["StaticArray", "use an array"],
  ["ArrayBuffer", "use Uint8Array"],
  ["DataView", "use Uint8Array"],
  ["Date", "use i64, in milliseconds"],
  ["Function", "a function cannot be part of a payload"],
  ...["Int8", "Uint8Clamped", "Int16", "Uint16", "Int32", "Uint32", "Int64", "Uint64", "Float32", "Float64"].map(
    (kind) => [`${kind}Array`, "use an array"],
  ),
]);

/** Reports types that have no form in a payload where the author wrote them: the compiler would name a place in the SDK. */
export class TypeChecker {
  /** @param sources all that is compiled @param report takes a node and a message */
  constructor(compiler, sources, report) {
    const { NodeKind } = compiler;
    this.namedType = NodeKind.NamedType;
    this.report = report;
    this.enums = new Set();
    this.decorated = new Set();
    this.bare = new Set();
    this.aliases = new Map();
    for (const source of sources) {
      if (source.internalPath.startsWith("~lib/") && !source.internalPath.startsWith("~lib/@eshost/")) continue;
      for (const node of source.statements) {
        const name = node.name?.text;
        if (node.kind === NodeKind.EnumDeclaration) this.enums.add(name);
        if (node.kind === NodeKind.TypeDeclaration) this.aliases.set(name, node.type);
        if (node.kind !== NodeKind.ClassDeclaration && node.kind !== NodeKind.InterfaceDeclaration) continue;
        const known = source.internalPath.startsWith("~lib/") || isDecorated(node);
        (known ? this.decorated : this.bare).add(name);
      }
    }
  }

  /**
   * Reports what of a type has no form. label says what the type is of, maybe whether null may stand there, names which
   * names mean something else here.
   */
  check(label, type, { maybe = false, names = [] } = {}) {
    if (type.kind !== this.namedType) {
      this.report(type, `${label}: a function cannot be part of a payload`);
      return;
    }
    const name = type.name.identifier.text;
    if (type.name.next || names.includes(name)) return;
    if (this.aliases.has(name)) {
      this.check(label, this.aliases.get(name), { maybe, names: [...names, name] });
      return;
    }
    if (type.isNullable && SCALARS.has(name)) {
      const boxed = maybe ? `; use Box<${name}> | null` : "";
      this.report(type, `${label}: a number or a boolean cannot be null${boxed}`);
    } else if (type.isNullable && !maybe) {
      this.report(type, `${label}: only a field may be null, not what it contains, and no whole payload`);
    }
    if (this.enums.has(name)) {
      this.report(
        type,
        `${label}: an enum has no names when it runs; declare a @oneof class with a field for each name`,
      );
    } else if (this.bare.has(name) && !this.decorated.has(name)) {
      this.report(type, `${label}: ${name} has no form in a payload; decorate the class with @payload or @oneof`);
    } else if (INSTEAD.has(name) && !this.decorated.has(name)) {
      this.report(type, `${label}: ${name} has no form in a payload; ${INSTEAD.get(name)}`);
    } else if (name === "Map" && !this.decorated.has(name)) {
      this.checkKey(label, type.typeArguments?.[0]);
    }
    for (const argument of type.typeArguments ?? []) this.check(label, argument, { names });
  }

  checkKey(label, key) {
    let name = key?.name?.identifier.text;
    while (this.aliases.get(name)?.name) name = this.aliases.get(name).name.identifier.text;
    if (key && name !== "string" && name !== "String") {
      const advice = "use Map<string, T>, or an array of a @payload class that has the key as a field";
      this.report(key, `${label}: the keys of a map are strings; ${advice}`);
    }
  }
}

function isDecorated(node) {
  return (node.decorators ?? []).some((d) => d.name.text === "payload" || d.name.text === "oneof");
}
