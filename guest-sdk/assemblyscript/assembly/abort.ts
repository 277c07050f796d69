import { panic } from "./eshost_v1";

/** How many units of a text are passed on: the host takes 4096 bytes. */
const MOST_UNITS: i32 = 1200;

/** Room for two such texts and a number. It may be an allocation that gives up, so that none is made here. */
const text: usize = memory.data(8192);

/** Takes the place of the runtime's abort: tells the host why the plugin gives up, and where, and traps. */
export function abort(message: string | null, file: string | null, line: u32, _column: u32): void {
  let end = append(text, message === null || message.length == 0 ? "abort" : message);
  if (file !== null) {
    end = append(append(append(end, " ("), file), ":");
    end = digits(end, line);
    end = append(end, ")");
  }
  panic(text, end - text);
  unreachable();
}

function append(to: usize, part: string): usize {
  const short = part.length > MOST_UNITS;
  const units = short ? MOST_UNITS : part.length;
  return to + String.UTF8.encodeUnsafe(changetype<usize>(part), units, to, false, String.UTF8.ErrorMode.REPLACE);
}

function digits(to: usize, value: u32): usize {
  if (value >= 10) to = digits(to, value / 10);
  store<u8>(to, <u8>(0x30 + (value % 10)));
  return to + 1;
}
