// The specification's own guest: a counter written from ABI.md alone, with a C compiler and nothing of eshost's (wire.h is of the same
// kind). It is here to find out whether that page says all that is needed; to write a plugin in C, take the SDK. Numbers in brackets are
// sections of the page.
//
//   clang --target=wasm32-unknown-unknown -O2 -nostdlib -ffreestanding -Wl,--no-entry -Wl,-z,stack-size=65536 -Wl,--stack-first \
//     -Wl,--strip-all counter.c -o counter.wasm

#include "wire.h"

void EXPORT(eshost_abi_v1)(void) {}

u32 EXPORT(alloc)(u32 size) { return reserve(size); }

// The counter.

// write_bare writes a bin that holds a bare integer, as states and replies are.
static void write_bare(u64 n) {
  u8 *bin = begin_bin();
  write_uint(n);
  end_bin(bin);
}

// write_by writes a bin that holds {by: n}, as the payloads of commands and events are.
static void write_by(u64 n) {
  u8 *bin = begin_bin();
  write_head(0x80, 1);
  write_str("by");
  write_uint(n);
  end_bin(bin);
}

// read_by decodes {by: u64} by the rules of strict decoding [7]. No payload reads like the empty map, in which by is missing.
static int read_by(Bytes payload, u64 *by) {
  Reader r = {payload.at, payload.at + payload.size, payload.at == 0};
  int found = 0;
  for (u32 n = read_map(&r); n > 0 && !r.bad; n--) {
    if (is(read_str(&r), "by")) {
      *by = read_uint(&r);
      found = 1;
    } else {
      skip(&r);
    }
  }
  return found && !r.bad;
}

// read_state decodes a state; nil is the initial one.
static int read_state(Bytes state, u64 *value) {
  Reader r = {state.at, state.at + state.size, 0};
  *value = state.at ? read_uint(&r) : 0;
  return !r.bad;
}

static void rejected(const char *code) {
  write_head(0x90, 3);
  put(1, 1);
  write_str(code);
  write_nil();
}

static void accepted(u64 reply, const char *event, u64 by) {
  write_head(0x90, 3);
  put(0, 1);
  write_bare(reply);
  write_head(0x90, 1);
  write_head(0x90, 3);
  write_str(event);
  write_uint(1);
  write_by(by);
}

// command decides one command, and says whether it was accepted [3].
static int command(Bytes name, Bytes payload, u64 *value) {
  int increase = is(name, "increase");
  u64 by;
  if (!increase && !is(name, "decrease")) {
    write_fault(UNKNOWN_COMMAND, "a counter can be increased and decreased");
  } else if (!read_by(payload, &by)) {
    write_fault(BAD_PAYLOAD, "want {by: an integer of 64 bits that is not negative}");
  } else if (increase && by > ~0ull - *value) {
    rejected("overflow");
  } else if (!increase && by > *value) {
    rejected("underflow");
  } else {
    *value = increase ? *value + by : *value - by;
    accepted(*value, increase ? "increased" : "decreased", by);
    return 1;
  }
  return 0;
}

u64 EXPORT(handle_command)(const u8 *at, u32 size) {
  Reader r = {at, at + size, 0};
  u64 value;
  u32 events = 0;
  read_array(&r);
  read_str(&r);  // type: there is only one
  read_str(&r);  // id
  read_uint(&r); // seq
  Bytes state = read_bin(&r);
  skip(&r); // now
  if (!read_state(state, &value))
    return refused(BAD_STATE, 0, 0, "the state of a counter is an integer of 64 bits that is not negative");
  write_head(0x90, 3);
  put(0, 1);
  u32 n = read_array(&r);
  reserve_outcomes(n, 96);
  write_head(0x90, n);
  for (; n > 0; n--) {
    read_array(&r);
    Bytes name = read_str(&r), payload = read_bin(&r);
    events += (u32)command(name, payload, &value);
  }
  if (events)
    write_bare(value);
  else
    write_nil();
  return answered();
}

u64 EXPORT(handle_event)(const u8 *at, u32 size) {
  Reader r = {at, at + size, 0};
  u64 value, by;
  read_array(&r);
  read_str(&r);
  read_str(&r);
  read_uint(&r);
  if (!read_state(read_bin(&r), &value))
    return refused(BAD_STATE, 1, 0, "the state of a counter is an integer of 64 bits that is not negative");
  u32 n = read_array(&r);
  for (u32 i = 0; i < n; i++) {
    read_array(&r);
    Bytes name = read_str(&r);
    u64 version = read_uint(&r);
    Bytes payload = read_bin(&r);
    int increased = is(name, "increased");
    if (version != 1 || (!increased && !is(name, "decreased")))
      return refused(BAD_EVENT, 1, i, "a counter has the events increased and decreased, version 1");
    if (!read_by(payload, &by))
      return refused(BAD_EVENT, 1, i, "want {by: an integer of 64 bits that is not negative}");
    value = increased ? value + by : value - by;
  }
  write_head(0x90, 2);
  put(0, 1);
  write_bare(value);
  return answered();
}

// The manifest [5].

#define U64 "{\"type\":\"integer\",\"minimum\":0,\"maximum\":18446744073709551615}"
#define BY  "{\"type\":\"object\",\"properties\":{\"by\":" U64 "},\"required\":[\"by\"]}"

static void describe_command(const char *name, const char *code, u64 example) {
  write_head(0x80, 5);
  write_str("name");
  write_str(name);
  write_str("schema");
  write_str(BY);
  write_str("reply");
  write_str(U64);
  write_str("rejections");
  write_head(0x90, 1);
  write_str(code);
  write_str("examples");
  write_head(0x90, 2);
  write_by(example);
  write_by(~0ull);
}

static void describe_event(const char *name) {
  write_head(0x80, 3);
  write_str("name");
  write_str(name);
  write_str("version");
  write_uint(1);
  write_str("schema");
  write_str(BY);
}

u64 EXPORT(describe)(void) {
  if (!reserve(1)) // nobody asked for room before
    return 0;
  write_head(0x80, 3);
  write_str("abi");
  write_head(0x90, 2);
  write_uint(1);
  write_uint(0);
  write_str("sdk");
  write_str("none: the specification alone");
  write_str("types");
  write_head(0x90, 1);
  write_head(0x80, 4);
  write_str("type");
  write_str("counter");
  write_str("state_schema");
  write_str(U64);
  write_str("commands");
  write_head(0x90, 2);
  describe_command("increase", "overflow", 5);
  describe_command("decrease", "underflow", 2);
  write_str("events");
  write_head(0x90, 2);
  describe_event("increased");
  describe_event("decreased");
  return answered();
}
