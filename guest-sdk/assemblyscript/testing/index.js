export { compile } from "./compile.js";
export { float } from "./msgpack.js";
export { Kind } from "./wire.js";
