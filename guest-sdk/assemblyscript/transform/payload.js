import { isWireName, snakeCase } from "./names.js";
import { TypeChecker } from "./types.js";

/** How many fields a class may have: one bit each of a 64-bit integer tells which were read. */
const MAX_FIELDS = 64;

/** Reads the declarations of the classes that are decorated with @payload or @oneof, and reports what they cannot be. */
export class ClassReader {
  constructor(compiler, parser) {
    this.compiler = compiler;
    this.parser = parser;
    this.types = new TypeChecker(compiler, parser.sources, (node, message) => this.report(node, message));
  }

  /** Gives what a statement declares: { name, oneof, fields }. Gives null if that is no such class. */
  read(node) {
    if (node.kind !== this.compiler.NodeKind.ClassDeclaration) return null;
    const decorators = (node.decorators ?? []).filter((d) => ["payload", "oneof"].includes(d.name.text));
    if (decorators.length === 0) return null;
    const oneof = decorators[0].name.text === "oneof";
    const payload = {
      name: node.name.text,
      oneof,
      fields: [],
      parameters: (node.typeParameters ?? []).map((p) => p.name.text),
    };
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
    this.types.check(label, type, { maybe: true, names: payload.parameters });
    const field = { property: member.name.text, name: this.wireName(member), type: type.range.toString(), optional };
    field.none = payload.oneof && type.name?.identifier.text === "None";
    if (payload.fields.some((other) => other.name === field.name)) {
      this.report(member.name, `${payload.name} has two fields named ${JSON.stringify(field.name)}`);
    }
    return field;
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
