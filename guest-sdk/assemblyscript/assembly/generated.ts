// What the code uses that the transform writes into the classes of an author.

export { Schema } from "./schema";
export { describe, isPlain, read, write } from "./value";
export {
  comes,
  endsWith,
  fail,
  failAt,
  failWith,
  failed,
  has,
  inside,
  isStr,
  matches,
  readMapHead,
  readNil,
  readText,
  skip,
} from "./reader";
export { token, writeMapHead } from "./writer";
export { None } from "./types";
