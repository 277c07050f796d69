// A counter that attacks its host, when it is asked to by a command (attacks.h), or elsewhere than in handle_command (guests.h).

#include "../../../abi/abitest/testdata/wire.h"
#include "guests.h"

typedef struct {
  u64 value;
  u32 hoard; // bytes of the state beside it
} State;

static State state;
static u32 events; // of the answer so far

static void write_bare(u64 n) {
  u8 *bin = begin_bin();
  write_uint(n);
  end_bin(bin);
}

static void write_by(u64 n) {
  u8 *bin = begin_bin();
  write_head(0x80, 1);
  write_str("by");
  write_uint(n);
  end_bin(bin);
}

// accepted is an outcome with one event, with which the state has been folded already.
static void accepted(const char *event, u64 by) {
  write_head(0x90, 3);
  put(0, 1);
  write_bare(state.value);
  write_head(0x90, 1);
  write_head(0x90, 3);
  write_str(event);
  write_uint(1);
  write_by(by);
  events++;
}

static int fold(Bytes name, u64 by, int decides);

// own_fold lets the fold loop with which handle_command folds its own events.
static void own_fold(void) {
  Bytes poisoned = {(const u8 *)"poisoned", 8};
  fold(poisoned, 1, 1);
  accepted("poisoned", 1);
}

#include "attacks.h"

// read_by reads {by: u64}, and passes over what else there is.
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

static int read_state(Bytes from) {
  Reader r = {from.at, from.at + from.size, 0};
  state = (State){0, 0};
  if (!from.at)
    return 1;
  if ((peek(&r) & 0xf0) == 0x90) {
    read_array(&r);
    state.value = read_uint(&r);
    state.hoard = read_bin(&r).size;
  } else {
    state.value = read_uint(&r);
  }
  return !r.bad;
}

static void write_state(void) {
  if (!state.hoard) {
    write_bare(state.value);
    return;
  }
  more(state.hoard + 64);
  put(0xc6, 1);
  u8 *start = out;
  out += 4;
  write_head(0x90, 2);
  write_uint(state.value);
  put(0xc6, 1);
  put(state.hoard, 4);
  __builtin_memset(out, 0, state.hoard);
  out += state.hoard;
  u8 *end = out;
  out = start;
  put((u64)(end - start - 4), 4);
  out = end;
}

// What events "poisoned" do to handle_event.
enum {
  FOLD_LOOPS = 1,
  FOLD_TRAPS,
  FOLD_OUTSIDE,
  FOLD_CUT,
  FOLD_GROWS,
  FOLD_RECURSES,
  FOLD_DEEP,
  FOLD_LARGE,
  FOLD_NIL,
  FOLD_INDEX,
  FOLD_LOGS
};

static void poison(u64 by) {
  switch (by) {
  case FOLD_LOOPS:
    loop();
  case FOLD_TRAPS:
    panic_and_trap();
  case FOLD_OUTSIDE:
    outside();
    break;
  case FOLD_CUT:
    forged = (u64)(u32)answer << 32 | 1;
    break;
  case FOLD_GROWS:
    memory_bomb();
  case FOLD_RECURSES:
    recursion();
    break;
  case FOLD_DEEP:
    out = answer;
    more(MIB);
    put(0x9200c6, 3);
    put(MIB, 4);
    __builtin_memset(out, 0x91, MIB);
    out += MIB;
    forged = answered();
    break;
  case FOLD_LARGE:
    out = answer;
    more(20 * MIB);
    put(0x9200c6, 3);
    put(20 * MIB, 4);
    put(0xc6, 1);
    put(20 * MIB - 5, 4);
    zeros(20 * MIB - 5);
    forged = answered();
    break;
  case FOLD_NIL:
    out = answer;
    put(0x9200c0, 3);
    forged = answered();
    break;
  case FOLD_INDEX:
    forged = refused(BAD_EVENT, 1, 0xffffffffu, "somewhere else");
    break;
  case FOLD_LOGS:
    log_flood();
  }
}

// fold folds one event, and says whether there is such a one.
static int fold(Bytes name, u64 by, int decides) {
  if (is(name, "hoarded")) {
    state.hoard += decides ? 0 : 128 << 10;
    return 1;
  }
  if (is(name, "poisoned")) {
    if (decides)
      loop();
    if (GUEST == POISONED)
      poison(by);
  } else if (!is(name, "increased")) {
    return 0;
  }
  state.value += by;
  return 1;
}

static void decide(Bytes name, Bytes payload) {
  u64 by;
  for (u32 i = 0; i < ATTACKS; i++) {
    if (is(name, attacks[i].name)) {
      attacks[i].run();
      return;
    }
  }
  int poisons = is(name, "poison");
  if (!poisons && !is(name, "increase")) {
    write_fault(UNKNOWN_COMMAND, "it is not that bad");
  } else if (!read_by(payload, &by)) {
    write_fault(BAD_PAYLOAD, "want {by: an integer of 64 bits that is not negative}");
  } else {
    state.value += by;
    accepted(poisons ? "poisoned" : "increased", by);
  }
}

u64 EXPORT(handle_command)(const u8 *at, u32 size) {
  static u64 calls, last;
  Reader r = {at, at + size, 0};
  events = 0;
  forged = 0;
  calls++;
  read_array(&r);
  read_str(&r);
  Bytes id = read_str(&r);
  read_uint(&r);
  Bytes before = read_bin(&r);
  skip(&r);
  if (!read_state(before))
    return refused(BAD_STATE, 0, 0, "the state of a counter is an integer of 64 bits that is not negative");
  if (GUEST == HIDDEN_COUNTER)
    state.value += calls << 32;
  if (GUEST == CALL_ORDER)
    state.value += last << 32;
  last = id.at[id.size - 1];
  write_head(0x90, 3);
  put(0, 1);
  u32 n = read_array(&r);
  reserve_outcomes(n, 96);
  write_head(0x90, n);
  for (; n > 0; n--) {
    read_array(&r);
    Bytes name = read_str(&r), payload = read_bin(&r);
    decide(name, payload);
    if (forged)
      return forged;
  }
  if (events)
    write_state();
  else
    write_nil();
  return answered();
}

u64 EXPORT(handle_event)(const u8 *at, u32 size) {
  Reader r = {at, at + size, 0};
  forged = 0;
  read_array(&r);
  read_str(&r);
  read_str(&r);
  read_uint(&r);
  if (!read_state(read_bin(&r)))
    return refused(BAD_STATE, 1, 0, "the state of a counter is an integer of 64 bits that is not negative");
  u32 n = read_array(&r);
  for (u32 i = 0; i < n; i++) {
    u64 by = 0;
    read_array(&r);
    Bytes name = read_str(&r);
    read_uint(&r);
    Bytes payload = read_bin(&r);
    read_by(payload, &by);
    if (!fold(name, by, 0))
      return refused(BAD_EVENT, 1, i, "a counter has the events increased, hoarded and poisoned");
    if (forged)
      return forged;
  }
  write_head(0x90, 2);
  put(0, 1);
  write_state();
  return answered();
}

#include "elsewhere.h"
