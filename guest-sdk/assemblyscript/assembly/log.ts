import { log as hostLog } from "./eshost_v1";
import { Buffer } from "./buffer";
import { utf8Anyway } from "./utf8";

/** Says how much a line of the log matters. */
export enum Level {
  Debug = 0,
  Info = 1,
  Warn = 2,
  Error = 3,
}

const line: Buffer = new Buffer();

export function writeLog(level: Level, text: string): void {
  line.reserve(<usize>text.length * 3);
  hostLog(level, line.start, utf8Anyway(text, line.start) - line.start);
}
