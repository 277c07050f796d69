// Guests for the tests of the conformance kit that are right, and hard to put to work. Which one it is, is chosen when it is compiled, by
// -DHONEST=. They are written from ABI.md alone. Numbers in brackets are sections of that page.

#include "wire.h"

#define EVENTS_ONLY 1 // there are no commands
#define NO_EVENTS   2 // the only command looks, and changes nothing
#define LATE        3 // one command is accepted a year after another
#define LONG        4 // one command is accepted after 300 others
#define NEVER       5 // one command is always rejected, by a code that it lists
#define ONCE        6 // the only command is accepted once
#define GROWING     7 // the reply is a state that grows by 4 KiB a command
#define DOOMED      8 // what no commands can lead to cannot be folded either, and traps

static const u64 year = 365ull * 24 * 60 * 60 * 1000;

__attribute__((import_module("eshost_v1"), import_name("panic"))) void say(const char *at, u32 size);

void EXPORT(eshost_abi_v1)(void) {}

u32 EXPORT(alloc)(u32 size) { return reserve(size); }

// A state is a number. That of the one that grows is bytes, 4 KiB for each one that it counts.

#define PART 4096u

static u32 most_outcome(u64 value) { return HONEST == GROWING ? 64 + (u32)value * PART : 96; }

static void write_value(u64 value) {
  if (HONEST == GROWING) {
    u32 size = (u32)value * PART, wide = size > 0xffff, head = !size ? 2 : wide ? 5 : 3;
    put(0xc6, 1); // the bin of a payload, in any form
    put(size + head, 4);
    put(!size ? 0xc4 : wide ? 0xc6 : 0xc5, 1);
    put(size, head - 1);
    for (u32 i = 0; i < size; i++)
      *out++ = 'x';
    return;
  }
  u8 *bin = begin_bin();
  write_uint(value);
  end_bin(bin);
}

static int read_value(Bytes state, u64 *value) {
  Reader r = {state.at, state.at + state.size, 0};
  *value = 0;
  if (!state.at)
    return 1;
  if (HONEST == GROWING) {
    if (peek(&r) == 0xc0)
      return 0;
    Bytes all = read_bin(&r);
    *value = all.size / PART;
    return !r.bad && all.size % PART == 0;
  }
  *value = read_uint(&r);
  return !r.bad;
}

// read_none decodes the payload of a command: there are no fields in it [7].
static int read_none(Bytes payload) {
  Reader r = {payload.at, payload.at + payload.size, 0};
  if (!payload.at)
    return 1;
  for (u32 n = read_map(&r); n > 0 && !r.bad; n--) {
    read_str(&r);
    skip(&r);
  }
  return !r.bad;
}

// read_to decodes the payload of an event: {to: u64}.
static int read_to(Bytes payload, u64 *to) {
  Reader r = {payload.at, payload.at + payload.size, payload.at == 0};
  int found = 0;
  for (u32 n = read_map(&r); n > 0 && !r.bad; n--) {
    if (is(read_str(&r), "to")) {
      *to = read_uint(&r);
      found = 1;
    } else {
      skip(&r);
    }
  }
  return found && !r.bad;
}

// The rules. What there are for commands, and what each does: sets the state, or is rejected by a code.

static const char *const commands[] = {
#if HONEST == NO_EVENTS
    "look",
#elif HONEST == LATE || HONEST == LONG || HONEST == NEVER
    "add", "close",
#elif HONEST != EVENTS_ONLY
    "add",
#endif
    0};

static const char *decide(int command, u64 value, u64 now, u64 *to) {
  if (command == 1) {
    *to = 0;
    return HONEST == LATE && value && now >= value + year ? 0 : HONEST == LONG && value >= 300 ? 0 : "not-yet";
  }
  *to = HONEST == LATE ? now : value + 1;
  return (HONEST == ONCE && value) || (HONEST == LATE && value) || (HONEST == DOOMED && value == 100) ? "full" : 0;
}

static u64 apply(u64 value, u64 to) {
  if (HONEST == DOOMED && (value >= 100 || to != value + 1)) {
    say("there is no way to come here", 28);
    __builtin_trap();
  }
  return to;
}

// command decides one command, and says whether it had an event [3].
static int command(Bytes name, Bytes payload, u64 now, u64 *value) {
  int i = 0;
  u64 to;
  while (commands[i] && !is(name, commands[i]))
    i++;
  if (!commands[i] || !read_none(payload)) {
    write_fault(commands[i] ? BAD_PAYLOAD : UNKNOWN_COMMAND, "this cannot be decided");
    return 0;
  }
  const char *code = HONEST == NO_EVENTS ? 0 : decide(i, *value, now, &to);
  write_head(0x90, 3);
  put(code != 0, 1);
  if (code) {
    write_str(code);
    write_nil();
    return 0;
  }
  if (HONEST == NO_EVENTS) {
    write_value(*value);
    write_head(0x90, 0);
    return 0;
  }
  *value = apply(*value, to);
  if (!writable((u64)(u32)out + 2ull * most_outcome(*value) + ANSWER))
    __builtin_trap();
  write_value(*value);
  write_head(0x90, 1);
  write_head(0x90, 3);
  write_str("set");
  write_uint(1);
  u8 *bin = begin_bin();
  write_head(0x80, 1);
  write_str("to");
  write_uint(to);
  end_bin(bin);
  return 1;
}

u64 EXPORT(handle_command)(const u8 *at, u32 size) {
  Reader r = {at, at + size, 0};
  u64 value;
  u32 events = 0;
  read_array(&r);
  read_str(&r);
  read_str(&r);
  read_uint(&r);
  Bytes state = read_bin(&r);
  u64 now = read_uint(&r);
  if (!read_value(state, &value))
    return refused(BAD_STATE, 0, 0, "the state does not decode");
  write_head(0x90, 3);
  put(0, 1);
  u32 n = read_array(&r);
  reserve_outcomes(n, 96);
  write_head(0x90, n);
  for (; n > 0; n--) {
    read_array(&r);
    Bytes name = read_str(&r), payload = read_bin(&r);
    events += (u32)command(name, payload, now, &value);
  }
  if (events)
    write_value(value);
  else
    write_nil();
  return answered();
}

u64 EXPORT(handle_event)(const u8 *at, u32 size) {
  Reader r = {at, at + size, 0};
  u64 value, to;
  read_array(&r);
  read_str(&r);
  read_str(&r);
  read_uint(&r);
  if (!read_value(read_bin(&r), &value))
    return refused(BAD_STATE, 1, 0, "the state does not decode");
  u32 n = read_array(&r);
  for (u32 i = 0; i < n; i++) {
    read_array(&r);
    int known = is(read_str(&r), "set");
    u64 version = read_uint(&r);
    Bytes payload = read_bin(&r);
    if (HONEST == NO_EVENTS || !known || version != 1 || !read_to(payload, &to))
      return refused(BAD_EVENT, 1, i, "the event cannot be folded");
    value = apply(value, to);
  }
  if (!writable((u64)(u32)out + most_outcome(value) + ANSWER))
    __builtin_trap();
  write_head(0x90, 2);
  put(0, 1);
  write_value(value);
  return answered();
}

// The manifest [5].

#define U64 "{\"type\":\"integer\",\"minimum\":0,\"maximum\":18446744073709551615}"

static void describe_command(int i) {
  int coded = HONEST == NEVER;
  write_head(0x80, 2 + (u32)coded);
  write_str("name");
  write_str(commands[i]);
  write_str("examples");
  write_head(0x90, 1);
  u8 *bin = begin_bin();
  write_head(0x80, 0);
  end_bin(bin);
  if (coded) {
    write_str("rejections");
    write_head(0x90, 1);
    write_str("not-yet");
  }
}

static void describe_event(void) {
  write_head(0x80, 3);
  write_str("name");
  write_str("set");
  write_str("version");
  write_uint(1);
  write_str("schema");
  write_str("{\"type\":\"object\",\"properties\":{\"to\":" U64 "},\"required\":[\"to\"]}");
}

u64 EXPORT(describe)(void) {
  u32 n = 0;
  if (!reserve(1))
    return 0;
  while (commands[n])
    n++;
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
  write_str("count");
  write_str("state_schema");
  write_str(HONEST == GROWING ? "bytes" : U64);
  write_str("commands");
  write_head(0x90, n);
  for (u32 i = 0; i < n; i++)
    describe_command((int)i);
  write_str("events");
  write_head(0x90, HONEST != NO_EVENTS);
  if (HONEST != NO_EVENTS)
    describe_event();
  return answered();
}
