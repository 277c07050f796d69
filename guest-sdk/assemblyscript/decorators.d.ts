/** Makes a class a payload: all its fields are encoded and decoded, under their names in snake case. */
declare function payload(target: unknown, context?: unknown): void;

/** Makes a class a variant: exactly one of its fields is not null, and only that one is encoded. */
declare function oneof(target: unknown, context?: unknown): void;

/** Names a field of a payload or a variant. */
declare function name(name: string): (target: unknown, context?: unknown) => void;
