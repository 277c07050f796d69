/** A name as it is shown in messages. */
export function quote(name: string): string {
  return '"' + name + '"';
}

/** Throws if this cannot name a type, a command or an event. */
export function checkName(what: string, name: string): void {
  let ok = name.length > 0 && name.length <= 64 && isLower(name.charCodeAt(0));
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    ok = ok && (isLower(c) || (c >= 0x30 && c <= 0x39) || c == 0x5f || c == 0x2e || c == 0x2d);
  }
  if (!ok) {
    throw new Error(
      what + " " + quote(name) + ": a name is 1 to 64 characters: a-z first, then a-z, 0-9, '_', '.' or '-'",
    );
  }
}

function isLower(c: i32): bool {
  return c >= 0x61 && c <= 0x7a;
}

/** Throws if this cannot be the code of a rejection. */
export function checkCode(code: string): void {
  const size = String.UTF8.byteLength(code);
  let ok = size > 0 && size <= 128;
  for (let i = 0; i < code.length; i++) {
    const c = code.charCodeAt(i);
    ok = ok && c >= 0x20 && (c < 0x7f || c > 0x9f);
  }
  if (!ok)
    throw new Error("rejection " + quote(code) + ": a code is 1 to 128 bytes of UTF-8 without control characters");
}
