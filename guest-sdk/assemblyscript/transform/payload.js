import { isWireName, snakeCase } from "./names.js";

/** How many fields a class may have: one bit each of a 64-bit integer tells which were read. */
const MAX_FIELDS = 64;

/** Reads the declarations of the classes that are decorated with @payload or @oneof, and reports what they cannot be. */
export class ClassReader {
  constructor(compiler, parser) {
    this.compiler = compiler;
    this.parser = parser;
    this.enums = new Set();
    for (const source of parser.sources) {
      for (const node of source.statements) {
        if (node.kind === compiler.NodeKind.EnumDeclaration) this.enums.add(node.name.text);
      }
    }
  }

  /** Gives what a statement declares: { name, oneof, fields }. Gives null if that is no such class. */
  read(node) {
    if (node.kind !== this.compiler.NodeKind.ClassDeclaration) return null;
    const decorators = (node.decorators ?? []).filter((d) => ["payload", "oneof"].includes(d.name.text));
    if (decorators.length === 0) return null;
    const oneof = decorators[0].name.text === "oneof";
    const payload = { name: node.name.text, oneof, fields: [] };
    if (decorators.length > 1) this.report(decorators[1], `${payload.name} cannot be decorated twice`);
    if (node.extendsType) {
      this.report(node.extendsType, `${payload.name} cannot extend a class: a payload has the fields that it declares`);
    }
    for (const member of node.members) {
      if (member.kind !== this.compiler.NodeKind.FieldDeclaration) continue;
      if (member.flags & this.compiler.CommonFlags.Static) continue;
      payload.fields.push(this.readField(payload, member));
    }
    if (payload.fields.length > MAX_FIELDS) {
      this.report(node.name, `${payload.name} has more than ${MAX_FIELDS} fields; move some into a class of their own`);
    }
    if (oneof && payload.fields.length === 0) this.report(node.name, `${payload.name} needs a field for each variant`);
    return payload;
  }

  readField(payload, member) {
    const label = `${payload.name}.${member.name.text}`;
    const type = member.type;
    const optional = Boolean(type.isNullable);
    if (payload.oneof && !optional) {
      this.report(type, `${label} must be a type or null, since only one variant is there at a time`);
    }
    this.checkType(label, type);
    const field = { property: member.name.text, name: this.wireName(member), type: type.range.toString(), optional };
    field.none = payload.oneof && type.name?.identifier.text === "None";
    if (payload.fields.some((other) => other.name === field.name)) {
      this.report(member.name, `${payload.name} has two fields named ${JSON.stringify(field.name)}`);
    }
    return field;
  }

  /** Reports what cannot be seen any more when the type is known. */
  checkType(label, type) {
    if (type.kind !== this.compiler.NodeKind.NamedType) {
      this.report(type, `${label}: a function cannot be part of a payload`);
      return;
    }
    const name = type.name.identifier.text;
    if (this.enums.has(name)) {
      this.report(
        type,
        `${label}: an enum has no names when it runs; declare a @oneof class with a field for each name`,
      );
    }
    for (const argument of type.typeArguments ?? []) {
      if (argument.isNullable) this.report(argument, `${label}: only a field may be null, not what it contains`);
      this.checkType(label, argument);
    }
  }

  /** The name of a field in the payload. */
  wireName(member) {
    const decorator = member.decorators?.find((d) => d.name.text === "name");
    if (!decorator) return snakeCase(member.name.text);
    const value = decorator.args?.[0]?.value;
    if (decorator.args?.length !== 1 || typeof value !== "string" || !isWireName(value)) {
      this.report(decorator, "@name takes the name as a string, of 1 to 255 bytes");
      return member.name.text;
    }
    return value;
  }

  report(node, message) {
    this.parser.error(this.compiler.DiagnosticCode.User_defined_0, node.range, message);
  }
}
