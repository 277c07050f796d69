// Answers that the host must not take. Each is a command, as in attacks.h.

static void outside(void) { forged = 0xffff0000ull << 32 | 64; }
static void across_the_end(void) { forged = (memory_end() - 4) << 32 | 8; }
static void four_gib(void) { forged = 0xffffffffull; }
static void nothing(void) { forged = (u64)(u32)answer << 32; }
static void truncated(void) {
  put(0x9300, 2);
  forged = answered();
}

static void no_msgpack(void) { put(0xc1, 1); }
static void wrong_types(void) { put(0xc3, 1); }

// more makes room for so many bytes of answer.
static void more(u32 size) {
  if (!writable((u64)(u32)out + size + ANSWER))
    __builtin_trap();
}

static void zeros(u32 n) {
  __builtin_memset(out, 0, n);
  out += n;
}

// long_answer begins a whole answer of its own, with so many outcomes announced.
static void long_answer(u32 outcomes) {
  out = answer;
  write_head(0x90, 3);
  put(0, 1);
  put(0xdd, 1);
  put(outcomes, 4);
}

// bare_outcome is one that was accepted, without a reply or events.
static void bare_outcome(void) { put(0x9300c090, 4); }

static void outcomes(u32 n) {
  long_answer(n);
  more(4 * n);
  while (n--)
    bare_outcome();
  write_nil();
  forged = answered();
}

static void no_outcomes(void) { outcomes(0); }
static void another_outcome(void) { outcomes(2); }
static void many_outcomes(void) { outcomes(100000); }

static void outcomes_announced(void) {
  long_answer(0xffffffffu);
  forged = answered();
}

static void trailing_bytes(void) {
  outcomes(1);
  forged++;
}

static void state_without_events(void) {
  long_answer(1);
  bare_outcome();
  write_bare(5);
  forged = answered();
}

static void events_without_state(void) {
  long_answer(1);
  accepted("increased", 1);
  write_nil();
  forged = answered();
}

// with_state is an answer with one event and so bad a state.
static void with_state(u64 bytes, u32 width) {
  long_answer(1);
  accepted("increased", 1);
  put(0xc400 | width, 2);
  put(bytes, width);
  forged = answered();
}

static void state_is_nil(void) { with_state(0xc0, 1); }
static void state_is_cut(void) { with_state(0x92, 1); }
static void state_is_two(void) { with_state(0x0101, 2); }

static void state_too_large(void) {
  long_answer(1);
  accepted("increased", 1);
  more(20 * MIB);
  put(0xc6, 1);
  put(20 * MIB + 5, 4);
  put(0xc6, 1);
  put(20 * MIB, 4);
  zeros(20 * MIB);
  forged = answered();
}

// reply is an outcome with a reply of the bytes, and no events.
static void reply(u64 bytes, u32 width) {
  put(0x9300c400 | width, 4);
  put(bytes, width);
  put(0x90, 1);
}

static void reply_is_nil(void) { reply(0xc0, 1); }
static void reply_is_extension(void) { reply(0xd40100, 3); }
static void reply_has_number_key(void) { reply(0x810101, 3); }
static void reply_is_not_utf8(void) { reply(0xa1ff, 2); }

static void reply_announced(void) {
  put(0x9300c6, 3);
  put(0xffffffffu, 4);
}

// nested is an outcome whose reply is that many arrays inside each other.
static void nested(u32 depth) {
  more(depth);
  put(0x9300c6, 3);
  put(depth + 1, 4);
  __builtin_memset(out, 0x91, depth);
  out += depth;
  put(0x0190, 2);
}

static void too_deep(void) { nested(65); }
static void far_too_deep(void) { nested(8 * MIB); }

static void deep_answer(void) {
  more(8 * MIB);
  __builtin_memset(out, 0x91, 8 * MIB);
  out += 8 * MIB;
}

// many is an outcome with n events, each of which is the first.
static void many(u32 n, const char *name, u32 version) {
  put(0x9300c0dd, 4);
  put(n, 4);
  u8 *first = out;
  write_head(0x90, 3);
  write_str(name);
  write_uint(version);
  write_nil();
  u64 size = (u64)(out - first), all = size * n;
  more((u32)all);
  while (size < all) {
    u64 next = size < all - size ? size : all - size;
    __builtin_memcpy(first + size, first, next);
    size += next;
  }
  out = first + all;
  events += n;
}

static void too_many_events(void) { many(1025, "increased", 1); }
static void million_events(void) { many(1000000, "increased", 1); }
static void unlisted_event(void) { many(1, "nonsense", 1); }
static void unlisted_version(void) { many(1, "increased", 7); }
static void empty_event_name(void) { many(1, "", 1); }
static void version_zero(void) { many(1, "increased", 0); }

// large is an outcome with n events of so many bytes each.
static void large(u32 n, u32 size) {
  put(0x9300c0, 3);
  write_head(0x90, n);
  for (u32 i = 0; i < n; i++) {
    more(size);
    write_head(0x90, 3);
    write_str("hoarded");
    put(1, 1);
    put(0xc6, 1);
    put(size, 4);
    put(0xc6, 1);
    put(size - 5, 4);
    zeros(size - 5);
  }
  events += n;
}

static void large_event(void) { large(1, 2 * MIB); }
static void large_commit(void) { large(24, MIB); }

static void rejected_as(const char *code, u32 times) {
  u32 size = 0;
  while (code[size])
    size++;
  more(size * times);
  put(0x9301db, 3);
  put(size * times, 4);
  while (times--)
    for (u32 i = 0; i < size; i++)
      put((u8)code[i], 1);
  write_nil();
}

static void rejection_with_controls(void) { rejected_as("no\033[2J\n", 1); }
static void rejection_without_code(void) { rejected_as("", 1); }
static void rejection_of_a_mib(void) { rejected_as("0123456789abcdef", MIB / 16); }
static void rejection_not_utf8(void) { rejected_as("\xff\xfe", 1); }

static void fault_of_no_kind(void) { put(0x930209a0, 4); }

static void fault_of_a_mib(void) {
  more(MIB);
  put(0x930204db, 4);
  put(MIB, 4);
  __builtin_memset(out, 'x', MIB);
  out += MIB;
}

static void outcome_of_no_tag(void) { put(0x9307c090, 4); }
