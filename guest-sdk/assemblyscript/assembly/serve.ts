import { Buffer } from "./buffer";
import { AnyEntity } from "./entity";
import { KIND_COMMAND, KIND_PAYLOAD, BAD_REQUEST, refuseCommands, refuseEvents } from "./faults";
import { breathe } from "./memory";
import { quote } from "./names";
import * as reader from "./reader";
import * as writer from "./writer";

/** What a plugin's description says it was built with. */
const SDK: string = "eshost-assemblyscript 0.1.0";

/** The largest request that is taken, which is more than a host sends. */
const LARGEST: usize = 256 << 20;

const UNKNOWN_TYPE: string = "the plugin has no type of this name";

const entities: AnyEntity[] = [];
const request: Buffer = new Buffer();
const answer: Buffer = new Buffer();

/** Makes a type one of those that the plugin offers. */
export function serve(entity: AnyEntity): void {
  for (let i = 0; i < entities.length; i++) {
    if (entities[i].name == entity.name) throw new Error("two types named " + quote(entity.name));
  }
  entities.push(entity);
}

/** The marker of the ABI's major version. It is never called. */
export function eshost_abi_v1(): void {}

/** Gives room for a request of this many bytes, the same for all. */
export function alloc(size: usize): usize {
  if (size > LARGEST) return 0;
  request.reserve(size);
  return request.start;
}

/** Answers with the manifest. */
export function describe(): u64 {
  if (entities.length == 0) throw new Error("the plugin serves nothing; call serve");
  writer.begin(answer);
  writer.writeMapHead(3);
  writer.writeString("abi");
  writer.token(0x000192, 3);
  writer.writeString("sdk");
  writer.writeString(SDK);
  writer.writeString("types");
  writer.writeArrayHead(entities.length);
  for (let i = 0; i < entities.length; i++) entities[i].describe();
  return located();
}

/** Answers a command request. */
export function handle_command(at: usize, size: usize): u64 {
  const entity = begin(at, size, 6);
  if (entity !== null) entity.handleCommand();
  else if (reader.failed) refuseCommands(KIND_PAYLOAD, BAD_REQUEST);
  else refuseCommands(KIND_COMMAND, UNKNOWN_TYPE);
  return located();
}

/** Answers an event request. */
export function handle_event(at: usize, size: usize): u64 {
  const entity = begin(at, size, 5);
  if (entity !== null) entity.handleEvent();
  else if (reader.failed) refuseEvents(KIND_PAYLOAD, 0, BAD_REQUEST);
  else refuseEvents(KIND_COMMAND, 0, UNKNOWN_TYPE);
  return located();
}

/** Begins an answer, and reads a request up to the type, which it gives; null if there is no such type. */
function begin(at: usize, size: usize, places: u32): AnyEntity | null {
  breathe();
  reader.open(at, size);
  writer.begin(answer);
  if (reader.readArrayHead() != places) reader.failWith(BAD_REQUEST);
  if (reader.failed) return null;
  for (let i = 0; i < entities.length; i++) {
    if (unchecked(entities[i]).token.matches()) return unchecked(entities[i]);
  }
  const name = reader.readText();
  for (let i = 0; i < entities.length; i++) {
    if (unchecked(entities[i]).name == name) return unchecked(entities[i]);
  }
  return null;
}

/** Ends the answer and gives its place as the ABI packs it. */
function located(): u64 {
  writer.finish();
  return ((<u64>answer.start) << 32) | (<u64>answer.size);
}
