import { Packer, Unpacker } from "./msgpack.js";

/** The kinds of faults: what went wrong when a command was not decided. */
export const Kind = Object.freeze({ UnknownCommand: 1, BadPayload: 2, BadState: 3, Panicked: 4, BadEvent: 5 });

const payload = (packer, bytes) => (bytes === null ? packer.nil() : packer.bin(bytes));

function head(places, { type, id, seq, state }) {
  return payload(new Packer().array(places).string(type).string(id).integer(seq), state);
}

/** Encodes a command request. The state and the payloads are bytes, or null. */
export function commandRequest(entity, now, commands) {
  const packer = head(6, entity).integer(now).array(commands.length);
  for (const command of commands) payload(packer.array(2).string(command.name), command.payload);
  return packer.bytes();
}

/** Encodes an event request. */
export function eventRequest(entity, events) {
  const packer = head(5, entity).array(events.length);
  for (const event of events) payload(packer.array(3).string(event.name).integer(event.version), event.payload);
  return packer.bytes();
}

/** Decodes a command answer: { outcomes, state } or { refused }. */
export function commandAnswer(bytes) {
  const unpacker = new Unpacker(bytes);
  unpacker.array(3);
  if (unpacker.value() === 1) return { refused: { kind: unpacker.value(), message: unpacker.value() } };
  const outcomes = Array.from({ length: unpacker.array() }, () => outcome(unpacker));
  const answer = { outcomes, state: unpacker.value() };
  if (!unpacker.done) throw new SyntaxError("something comes after an answer");
  return answer;
}

function outcome(unpacker) {
  const start = unpacker.at;
  unpacker.array(3);
  const result = {};
  switch (unpacker.value()) {
    case 0:
      result.accepted = {
        reply: unpacker.value(),
        events: Array.from({ length: unpacker.array() }, () => event(unpacker)),
      };
      break;
    case 1:
      result.rejected = { code: unpacker.value(), payload: unpacker.value() };
      break;
    default:
      result.fault = { kind: unpacker.value(), message: unpacker.value() };
  }
  return { ...result, raw: unpacker.since(start) };
}

function event(unpacker) {
  unpacker.array(3);
  return { name: unpacker.value(), version: unpacker.value(), payload: unpacker.value() };
}

/** Decodes an event answer: { state } or { refused }. */
export function eventAnswer(bytes) {
  const unpacker = new Unpacker(bytes);
  const places = unpacker.array();
  if (unpacker.value() === 0 && places === 2) return { state: unpacker.value() };
  return { refused: { kind: unpacker.value(), index: unpacker.value(), message: unpacker.value() } };
}
