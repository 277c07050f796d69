import { __new, __renew } from "rt/tcms";

/** The least that is allocated between two collections, in bytes. */
const LEAST: usize = 128 << 10;

let allocated: usize = 0;
let budget: usize = LEAST;

/** Takes the place of the runtime's allocation of objects, and counts what is allocated. */
export function allocate(size: usize, id: i32): usize {
  allocated += size + 32; // about what the header takes
  return __new(size, id);
}

/** Takes the place of the runtime's change of an object's size. */
export function reallocate(object: usize, size: usize): usize {
  allocated += size + 32;
  return __renew(object, size);
}

/**
 * Collects garbage if much has been allocated since the last time. What only a local variable refers to is garbage, so
 * this is called where there is no such thing: between two calls of the author's code, by code that keeps what it needs
 * in what global variables reach.
 */
export function breathe(): void {
  if (allocated >= budget) collect();
}

function collect(): void {
  __collect();
  allocated = 0;
  // A larger heap takes longer to mark, so it is marked less often.
  budget = max(LEAST, ((<usize>memory.size()) << 16) >> 3);
}
