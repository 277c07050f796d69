/** Gives a name as payloads have it: orderId is order_id, parseURLPath is parse_url_path. */
export function snakeCase(name) {
  return name
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** Whether this can be the name of a field of a payload. */
export function isWireName(name) {
  const size = Buffer.byteLength(name);
  return size > 0 && size < 256 && name.isWellFormed();
}

/** Gives the bytes of a name as msgpack has it. */
export function nameBytes(name) {
  const bytes = Buffer.from(name, "utf8");
  const head = bytes.length < 32 ? [0xa0 | bytes.length] : [0xd9, bytes.length];
  return Buffer.from([...head, ...bytes]);
}

/** Splits bytes into integers of up to 8, the first byte lowest: [{ bits, mask, size }]. */
export function chunks(bytes) {
  const all = [];
  for (let start = 0; start < bytes.length; start += 8) {
    const part = bytes.subarray(start, start + 8);
    const bits = part.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    all.push({ bits, mask: (1n << (8n * BigInt(part.length))) - 1n, size: part.length });
  }
  return all;
}
