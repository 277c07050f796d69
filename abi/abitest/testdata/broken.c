// A guest for the tests of the conformance kit: a ledger of amounts under names, richer than a counter, so that each law has something to
// find. It is written from ABI.md alone, and right but for one thing, which is chosen when it is compiled: see broken.h.

#include "broken.h"
#include "wire.h"

#ifndef BROKEN
#define BROKEN NOTHING
#endif

#define MOST    6
#define LONGEST 15

// State is what the ledger holds. The last note is optional: 0 bytes are none.
typedef struct {
  u64 total;
  double weight;
  u32 parts;
  struct {
    char name[LONGEST + 1];
    u64 by;
  } part[MOST];
  char note[LONGEST + 1];
} State;

// Entry is the content of commands and events.
typedef struct {
  char name[LONGEST + 1], note[LONGEST + 1];
  u64 by;
  double weight;
} Entry;

static State kept; // of the call before
static u32 calls;

__attribute__((import_module("eshost_v1"), import_name("panic"))) void say(const char *at, u32 size);

// surroundings are what the system's clock and random bytes say.
static u64 surroundings(void) {
#if BROKEN == CLOCK
  __attribute__((import_module("wasi_snapshot_preview1"), import_name("clock_time_get"))) u32 clock(u32 id, u64 precision, u64 *now);
  u64 now;
  clock(0, 1, &now);
  return now / 86400000000000;
#elif BROKEN == RANDOM_BYTES
  __attribute__((import_module("wasi_snapshot_preview1"), import_name("random_get"))) u32 fill(u8 *at, u32 size);
  u8 byte;
  fill(&byte, 1);
  return byte;
#else
  return 0;
#endif
}

// panics ends the call. Its text is long enough to be one.
static void panics(void) {
  if (BROKEN != SILENT_TRAP)
    say("the ledger does not take 666", 28);
  __builtin_trap();
}

// Reading.

static u64 read_amount(Reader *r) {
  int c = peek(r);
  Reader before = *r;
  if (BROKEN == NIL_TAKEN && c == 0xc0) {
    r->at++;
    return 0;
  }
  if (BROKEN == FLOAT_TAKEN && c == 0xcb) {
    r->at++;
    u64 bits = big_endian(r, 8);
    return (u64) __builtin_bit_cast(double, bits);
  }
  if (BROKEN == SHORT_INTEGERS_ONLY && c >= 0xd0 && c <= 0xd3)
    r->bad = 1;
  u64 n = read_uint(r);
  if (BROKEN == NEGATIVE_TAKEN && r->bad && (c >= 0xe0 || (c >= 0xd0 && c <= 0xd3))) {
    *r = before;
    skip(r);
    return ~0ull;
  }
  return n;
}

// read_float takes floats of both sizes, and integers.
static double read_float(Reader *r) {
  int c = peek(r);
  if (c == 0xca || c == 0xcb) {
    r->at++;
    u64 bits = big_endian(r, c == 0xca ? 4 : 8);
    return c == 0xca ? (double)__builtin_bit_cast(float, (u32)bits) : __builtin_bit_cast(double, bits);
  }
  if (c >= 0xd0 && c <= 0xd3) {
    r->at++;
    u32 width = 1u << (c - 0xd0);
    int shift = (int)(64 - 8 * width);
    return (double)((long long)(big_endian(r, width) << shift) >> shift);
  }
  if (c >= 0xe0) {
    r->at++;
    return (double)(signed char)c;
  }
  return (double)read_uint(r);
}

static void read_name(Reader *r, char *name) {
  Bytes b = read_str(r);
  if (b.size > LONGEST)
    r->bad = 1;
  for (u32 i = 0; i < b.size && !r->bad; i++)
    name[i] = (char)b.at[i];
  name[r->bad ? 0 : b.size] = 0;
}

static void read_maybe_name(Reader *r, char *name) {
  if (peek(r) == 0xc0)
    r->at++;
  else
    read_name(r, name);
}

// read_entry decodes the fields that are wanted: 1 name, 2 by, 4 weight; note is optional with weight.
static int read_entry(Bytes payload, int want, Entry *e) {
  Reader r = {payload.at, payload.at + payload.size, 0};
  int found = 0;
  *e = (Entry){0};
  if (!payload.at)
    return !want;
  for (u32 n = read_map(&r); n > 0 && !r.bad; n--) {
    Bytes key = read_str(&r);
    int field = is(key, "name") ? 1 : is(key, "by") ? 2 : is(key, "weight") ? 4 : is(key, "note") ? 8 : 0;
    if (BROKEN == ORDERED_FIELDS_ONLY && field && found > field)
      return 0;
    if (BROKEN == NO_OTHER_FIELDS && !field)
      return 0;
    if (field == 1 && want & 1)
      read_name(&r, e->name);
    else if (field == 2 && want & 2)
      e->by = read_amount(&r);
    else if (field == 4 && want & 4)
      e->weight = read_float(&r);
    else if (field == 8 && want & 4)
      read_maybe_name(&r, e->note);
    else
      skip(&r);
    found |= field;
  }
  return !r.bad && ((found & want) == want || (BROKEN == MISSING_TAKEN && found & 1));
}

static u64 *part(State *s, const char *name) {
  for (u32 i = 0; i < s->parts; i++) {
    u32 j = 0;
    while (s->part[i].name[j] == name[j] && name[j])
      j++;
    if (s->part[i].name[j] == name[j])
      return &s->part[i].by;
  }
  return 0;
}

static u64 *new_part(State *s, const char *name) {
  __builtin_memcpy(s->part[s->parts].name, name, LONGEST + 1);
  s->part[s->parts].by = 0;
  return &s->part[s->parts++].by;
}

static void read_parts(Reader *r, State *s) {
  for (u32 n = read_map(r); n > 0 && !r->bad; n--) {
    char name[LONGEST + 1] = {0};
    read_name(r, name);
    u64 *by = part(s, name);
    if (!by && s->parts == MOST)
      r->bad = 1;
    u64 amount = read_uint(r);
    if (!r->bad)
      *(by ? by : new_part(s, name)) = amount;
  }
}

// ends_like_initial says whether there are no parts and no weight, whatever else there is.
static int ends_like_initial(Bytes state) {
  const u8 *end = state.at + state.size;
  u32 zeros = 0;
  if (state.size < 16 || end[-1] != 0x80)
    return 0;
  while (zeros < 8 && !end[-8 - (int)zeros])
    zeros++;
  return zeros == 8;
}

static int read_state(Bytes state, State *s) {
  Reader r = {state.at, state.at + state.size, 0};
  int found = 0;
  if (!state.at && BROKEN == LEFTOVER_STATE) {
    *s = kept;
    return 1;
  }
  *s = (State){0};
  if (!state.at)
    return 1;
  for (u32 n = read_map(&r); n > 0 && !r.bad; n--) {
    Bytes key = read_str(&r);
    if (is(key, "total") || is(key, "sum"))
      s->total = read_uint(&r), found |= 1;
    else if (is(key, "weight"))
      s->weight = read_float(&r), found |= 2;
    else if (is(key, "parts"))
      read_parts(&r, s), found |= 4;
    else if (is(key, "note"))
      read_maybe_name(&r, s->note);
    else
      skip(&r);
  }
  if (BROKEN == INITIAL_STATE_TAKEN && ends_like_initial(state)) {
    *s = (State){0};
    return 1;
  }
  if (BROKEN == ANY_STATE_TAKEN && (r.bad || found != 7)) {
    *s = (State){0};
    return 1;
  }
  return !r.bad && found == 7;
}

// Writing.

static void write_float(double f) {
  if (BROKEN == FLOAT_OF_32_BITS) {
    put(0xca, 1);
    put(__builtin_bit_cast(u32, (float)f), 4);
    return;
  }
  put(0xcb, 1);
  put(__builtin_bit_cast(u64, f), 8);
}

static int long_total;

static void write_total(u64 n) {
  if (BROKEN == LONG_INTEGER || long_total) {
    put(0xcf, 1);
    put(n, 8);
  } else {
    write_uint(n);
  }
}

static int before(const char *a, const char *b) {
  while (*a && *a == *b)
    a++, b++;
  return (u8)*a < (u8)*b;
}

static void write_state(const State *s) {
  u8 *bin = begin_bin();
  u32 order[MOST];
  int twice = BROKEN == DUPLICATE_KEY && s->parts > 0;
  write_head(0x80, 3 + (s->note[0] != 0));
  write_str(BROKEN == CHANGED_LAYOUT ? "sum" : "total");
  write_total(s->total);
  write_str("weight");
  write_float(s->weight);
  write_str("parts");
  write_head(0x80, s->parts + (u32)twice);
  for (u32 i = 0; i < s->parts; i++) {
    u32 j = i;
    for (; BROKEN != UNSORTED_MAP && j > 0 && before(s->part[i].name, s->part[order[j - 1]].name); j--)
      order[j] = order[j - 1];
    order[j] = i;
  }
  for (u32 i = 0; i < s->parts + (u32)twice; i++) {
    u32 j = order[i == 0 ? 0 : i - (u32)twice];
    write_str(s->part[j].name);
    write_uint(s->part[j].by);
  }
  if (s->note[0]) {
    write_str("note");
    write_str(s->note);
  }
  end_bin(bin);
}

#include "broken_rules.h"
#include "broken_manifest.h"
