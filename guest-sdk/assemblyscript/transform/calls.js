/** Checks the types that the author's calls of the SDK take for payloads: of states, commands, events, replies, rejections. */
export class CallChecker {
  constructor(compiler, sources, types) {
    this.kinds = compiler.NodeKind;
    this.types = types;
    this.functions = new Map();
    for (const source of sources) {
      if (source.internalPath.startsWith("~lib/")) continue;
      for (const node of source.statements) {
        if (node.kind === this.kinds.FunctionDeclaration) this.functions.set(node.name.text, node);
        for (const { name, initializer } of node.declarations ?? []) {
          if (initializer?.kind === this.kinds.Function) this.functions.set(name.text, initializer.declaration);
        }
      }
    }
  }

  /** Looks at all calls in a source, wherever they stand. */
  checkAll(source) {
    this.eventsOf = new Map();
    const seen = new Set();
    const visit = (node) => {
      if (node === null || typeof node !== "object" || seen.has(node)) return;
      seen.add(node);
      if (Array.isArray(node)) {
        node.forEach(visit);
        return;
      }
      if (node.kind === this.kinds.Call) this.checkCall(node);
      if (node.kind === this.kinds.New) this.checkNew(node);
      for (const [key, value] of Object.entries(node)) if (key !== "range" && key !== "source") visit(value);
    };
    visit(source.statements);
  }

  checkCall(call) {
    const { expression, args, typeArguments } = call;
    if (expression.kind === this.kinds.Identifier && expression.text === "define" && typeArguments?.length === 1) {
      this.types.check("the state", typeArguments[0]);
    }
    if (expression.kind !== this.kinds.PropertyAccess) return;
    const name = typeof args[0]?.value === "string" ? ` ${JSON.stringify(args[0].value)}` : "";
    switch (expression.property.text) {
      case "command":
        if (name) this.checkParameters(args[1], [null, "the state", `command${name}`]);
        break;
      case "event":
        if (name) this.checkParameters(args[2], ["the state", `event${name}`]);
        if (name) this.checkClass(call, `${name.trim()} version ${args[1]?.range.toString()}`);
        break;
      case "reply": {
        const reply = this.signatureOf(args[0]);
        if (reply && reply.parameters.length === 1) this.types.check("the reply", reply.returnType);
      }
    }
  }

  /** Checks that no two events of a type are of one class: by it the SDK knows which of them is emitted. */
  checkClass({ expression, args }, label) {
    const parameter = this.signatureOf(args[2])?.parameters[1];
    let type = expression.expression;
    while (type.expression) type = type.expression;
    if (!parameter || type.kind !== this.kinds.Identifier) return;
    const text = parameter.type.range.toString();
    const key = `${type.text} ${text}`;
    const other = this.eventsOf.get(key);
    if (other === undefined) this.eventsOf.set(key, label);
    else if (other !== label)
      this.types.report(
        args[2],
        `events ${other} and ${label} are of the same class, ${text}; each needs a class of its own`,
      );
  }

  checkNew({ typeName, typeArguments }) {
    if (typeName.identifier.text === "RejectionWith" && typeArguments?.length === 1) {
      this.types.check("the rejection's payload", typeArguments[0]);
    }
  }

  checkParameters(node, labels) {
    const parameters = this.signatureOf(node)?.parameters ?? [];
    if (parameters.length !== labels.length) return; // the compiler says what is wrong
    labels.forEach((label, i) => label && this.types.check(label, parameters[i].type));
  }

  /** The signature of a function that is written in place, or named. */
  signatureOf(node) {
    if (node?.kind === this.kinds.Function) return node.declaration.signature;
    if (node?.kind === this.kinds.Identifier) return this.functions.get(node.text)?.signature;
    return undefined;
  }
}
