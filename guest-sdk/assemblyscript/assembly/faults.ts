import { utf8Anyway } from "./utf8";
import * as writer from "./writer";

// The kinds of faults, as the ABI numbers them.
export const KIND_COMMAND: u32 = 1; // unknown command
export const KIND_PAYLOAD: u32 = 2; // payload does not decode
export const KIND_STATE: u32 = 3; // state does not decode
export const KIND_PANIC: u32 = 4; // handler broke a rule
export const KIND_FOLD: u32 = 5; // event cannot be folded

export const BAD_REQUEST: string = "the request does not decode; the host and the SDK disagree about the ABI";

/** How many units of a message are written. */
const MOST_UNITS: i32 = 1000;

/** Writes the outcome that a command could not be decided. */
export function writeFault(kind: u32, message: string): void {
  writer.token(0x0293, 2);
  writer.writeUint(kind);
  writeMessage(message);
}

/** Makes the answer that nothing was decided. */
export function refuseCommands(kind: u32, message: string): void {
  writer.rewind(0);
  writer.token(0x0193, 2);
  writer.writeUint(kind);
  writeMessage(message);
}

/** Makes the answer that nothing was folded, because of the event at index. */
export function refuseEvents(kind: u32, index: u32, message: string): void {
  writer.rewind(0);
  writer.token(0x0194, 2);
  writer.writeUint(kind);
  writer.writeUint(index);
  writeMessage(message);
}

/** Writes text for people, whatever is in it. */
function writeMessage(message: string): void {
  const text = message.slice(0, MOST_UNITS);
  const bytes = new Uint8Array(text.length * 3);
  const size = utf8Anyway(text, bytes.dataStart) - bytes.dataStart;
  writer.writeUtf8String(bytes.dataStart, size);
}
