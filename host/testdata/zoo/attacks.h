// What a handler can do to its host. Each attack is a command of the type, of the same name.

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define NOT_INLINED          __attribute__((noinline))
#define MIB                  (1u << 20)

IMPORT("eshost_v1", "log") void host_log(u32 level, const void *text, u32 size);
IMPORT("eshost_v1", "panic") void host_panic(const void *text, u32 size);
IMPORT("wasi_snapshot_preview1", "fd_write") u32 fd_write(u32 fd, const void *pieces, u32 count, u32 *written);
IMPORT("wasi_snapshot_preview1", "poll_oneoff") u32 poll_oneoff(const void *wanted, void *events, u32 count, u32 *ready);
IMPORT("wasi_snapshot_preview1", "proc_exit") void proc_exit(u32 code);
IMPORT("wasi_snapshot_preview1", "sched_yield") u32 sched_yield(void);
IMPORT("wasi_snapshot_preview1", "clock_time_get") u32 clock_time_get(u32 id, u64 precision, u64 *time);
IMPORT("wasi_snapshot_preview1", "random_get") u32 random_get(void *to, u32 size);

static volatile u32 sink; // nobody knows what is in it: work on it is done
static u64 forged;        // the answer's place, if it is not the one that was written
static const char line[] = "a line that says nothing, again and again, to whoever has to keep it\n";

// Loops.

static void loop(void) {
  for (;;)
    sink++;
}

static void nested_loops(void) {
  for (u32 i = 0;; i++)
    for (u32 j = 0; j < i % 1000; j++)
      for (u32 k = 0; k < j; k++)
        sink += k;
}

static NOT_INLINED u32 recurse(u32 n) {
  sink = n;
  return sink != n ? 0 : recurse(n + 1) + sink;
}

static void recursion(void) { sink = recurse(0); }

static NOT_INLINED u32 tree(u32 n) {
  u32 got = sink;
  return n ? tree(n - 1) + tree(n - 1) + got : 1;
}

static void exponential_recursion(void) { sink = tree(64); }

static u32 ping(u32 n);
static u32 (*volatile other)(u32) = ping;
static u32 pong(u32 n) {
  other = ping;
  return other(n) + sink;
}
static u32 ping(u32 n) {
  other = pong;
  return other(n + 1) + sink;
}

static void recursion_by_table(void) { sink = other(0); }

static NOT_INLINED u32 large_frame(u32 n) {
  volatile u8 frame[16384];
  frame[n & 16383] = (u8)n;
  return sink == 1 ? 0 : large_frame(n + 1) + frame[0];
}

static void stack_bomb(void) {
  sink = 0;
  sink = large_frame(0);
}

// Memory.

static u64 memory_end(void) { return (u64)__builtin_wasm_memory_size(0) << 16; }
static u8 *memory_start(void) { return &__heap_base; }
static u32 memory_rest(void) { return (u32)(memory_end() - (u32)memory_start()); }

static void take_all(void) {
  for (u32 pages = 1024; pages > 0; pages /= 2)
    while (__builtin_wasm_memory_grow(0, pages) != (u32)-1)
      ;
  for (u64 at = (u32)memory_start(); at < memory_end(); at += 4096)
    *(volatile u8 *)(u32)at |= 0;
}

static void memory_bomb(void) {
  for (take_all();;)
    take_all();
}

static void grow_in_vain(void) {
  for (;;)
    sink += __builtin_wasm_memory_grow(0, 65535);
}

static void fill_loop(void) {
  for (take_all();;)
    __builtin_memset(memory_start(), (int)sink, memory_rest());
}

static void copy_loop(void) {
  for (take_all();;) {
    __builtin_memmove(memory_start(), memory_start() + 65536, memory_rest() - 65536);
    __builtin_memmove(memory_start() + 65536, memory_start(), memory_rest() - 65536);
  }
}

static void fill_outside(void) {
  for (;;)
    __builtin_memset(memory_start(), (int)sink, 0xfffffff0u - (u32)memory_start());
}

static void read_outside(void) { sink = *(volatile u32 *)0xfffffff0u; }

// Calls of the host.

static void log_flood(void) {
  for (;;)
    host_log(2, line, sizeof line);
}

static void log_huge(void) {
  for (take_all();;)
    host_log(2, memory_start(), memory_rest());
}

static void log_outside(void) { host_log(1, (void *)0xfffffff0u, 0xffffffffu); }

static void panic_flood(void) {
  for (;;)
    host_panic(line, sizeof line - 1);
}

static void panic_and_trap(void) {
  host_panic(line, sizeof line - 1);
  __builtin_trap();
}

static void panic_and_go_on(void) {
  host_panic(line, sizeof line - 1);
  accepted("increased", 0);
}

typedef struct {
  const void *at;
  u32 size;
} Piece;

static void write_flood(void) {
  Piece p = {line, sizeof line - 1};
  for (u32 written;;)
    fd_write(1 + (sink++ & 1), &p, 1, &written);
}

static void write_huge(void) {
  static Piece all[1024];
  take_all();
  for (u32 i = 0; i < 1024; i++)
    all[i] = (Piece){memory_start(), memory_rest()};
  for (u32 written;;)
    fd_write(2, all, 1024, &written);
}

static void write_empty(void) {
  static Piece all[1024];
  for (u32 written;;)
    fd_write(1, all, 1024, &written);
}

static void write_and_fail(void) {
  static Piece all[1024];
  take_all();
  for (u32 i = 0; i < 1023; i++)
    all[i] = (Piece){memory_start(), 64};
  all[1023] = (Piece){(void *)0xfffffff0u, 64};
  for (u32 written;;)
    fd_write(1, all, 1024, &written);
}

static void poll_flood(void) {
  static u64 wanted[1024 * 6], event[1024 * 4];
  for (u32 ready;;)
    poll_oneoff(wanted, event, 1024, &ready);
}

static void random_flood(void) {
  for (take_all();;)
    random_get(memory_start(), memory_rest());
}

static void yield_flood(void) {
  for (;;)
    sched_yield();
}

static void wait_for_clock(void) {
  u64 first, now;
  clock_time_get(1, 0, &first);
  do
    clock_time_get(1, 0, &now);
  while (now < first + 1000);
}

static void sleep(void) {
  static u64 wanted[6], event[4]; // of a clock, in three weeks
  u32 ready;
  wanted[3] = 1814400000000000ull;
  poll_oneoff(wanted, event, 1, &ready);
}

static void exit_quietly(void) { proc_exit(0); }

// Traps.

static void trap(void) { __builtin_trap(); }
static void divide_by_zero(void) {
  sink = 0;
  sink = 1000 / sink;
}
static void call_nothing(void) { ((void (*volatile)(void))54321)(); }

static void nth_trap(void) {
  static u32 calls;
  if (++calls % 5 == 0)
    __builtin_trap();
  accepted("increased", 1);
}

#include "answers.h"

// What grows.

static void hoard(void) {
  state.hoard += 128 << 10;
  accepted("hoarded", 1);
}

static const struct {
  const char *name;
  void (*run)(void);
} attacks[] = {
#define A(name) {#name, name}
    A(loop),
    A(nested_loops),
    A(recursion),

    A(exponential_recursion),
    A(recursion_by_table),
    A(stack_bomb),
    A(memory_bomb),
    A(grow_in_vain),
    A(fill_loop),
    A(copy_loop),
    A(fill_outside),
    A(read_outside),
    A(log_flood),
    A(log_huge),
    A(log_outside),
    A(panic_flood),
    A(panic_and_trap),
    A(panic_and_go_on),
    A(write_flood),
    A(write_huge),
    A(write_empty),
    A(write_and_fail),
    A(poll_flood),
    A(random_flood),
    A(yield_flood),
    A(wait_for_clock),
    A(sleep),
    A(exit_quietly),
    A(trap),
    A(divide_by_zero),
    A(call_nothing),
    A(nth_trap),
    A(outside),
    A(across_the_end),
    A(four_gib),
    A(nothing),
    A(truncated),
    A(no_msgpack),
    A(wrong_types),
    A(no_outcomes),
    A(another_outcome),
    A(many_outcomes),
    A(outcomes_announced),
    A(trailing_bytes),
    A(state_without_events),
    A(events_without_state),
    A(state_is_nil),
    A(state_is_cut),
    A(state_is_two),
    A(state_too_large),
    A(reply_is_nil),
    A(reply_is_extension),
    A(reply_has_number_key),
    A(reply_is_not_utf8),
    A(reply_announced),
    A(too_deep),
    A(far_too_deep),
    A(deep_answer),
    A(too_many_events),
    A(million_events),
    A(unlisted_event),
    A(unlisted_version),
    A(empty_event_name),
    A(version_zero),
    A(large_event),
    A(large_commit),
    A(rejection_with_controls),
    A(rejection_without_code),
    A(rejection_of_a_mib),
    A(rejection_not_utf8),
    A(fault_of_no_kind),
    A(fault_of_a_mib),
    A(outcome_of_no_tag),
    A(hoard),
    A(own_fold),
#undef A
};
#define ATTACKS (sizeof attacks / sizeof *attacks)
