// What guests do elsewhere than in handlers: see guests.h.

#define LARGE 4096 // requests beyond it are attacked by alloc

u32 EXPORT(alloc)(u32 size) {
  u32 at = reserve(size);
  if (GUEST == ALLOC_DIRTY)
    __builtin_memset((void *)at, 0xc1, size + 100);
  if (size <= LARGE)
    return at;
  switch (GUEST) {
  case ALLOC_LOOPS:
    loop();
  case ALLOC_TRAPS:
    trap();
  case ALLOC_REFUSES:
    return 0;
  case ALLOC_OUTSIDE:
    return 0xfffffff0u;
  case ALLOC_AT_END:
    return (u32)memory_end() - 16;
  case ALLOC_GROWS:
    memory_bomb();
  default:
    return at;
  }
}

static void describe_named(const char *name, u32 version) {
  write_head(0x80, 1 + (version != 0));
  write_str("name");
  write_str(name);
  if (version) {
    write_str("version");
    write_uint(version);
  }
}

u64 EXPORT(describe)(void) {
  reserve(1);
  switch (GUEST) {
  case DESCRIBE_LOOPS:
    loop();
  case DESCRIBE_TRAPS:
    panic_and_trap();
  case DESCRIBE_4_GIB:
    return 0xffffffffull;
  case DESCRIBE_BEHIND:
    return memory_end() << 32 | 8;
  default:
    break;
  }
  write_head(0x80, 3);
  write_str("abi");
  write_head(0x90, 2);
  write_uint(1);
  write_uint(0);
  write_str("sdk");
  write_str("none");
  write_str("types");
  if (GUEST == DESCRIBE_LIES) {
    put(0xdd, 1);
    put(0xfffffffful, 4);
    return answered();
  }
  write_head(0x90, 1);
  write_head(0x80, 4);
  write_str("type");
  write_str("zoo");
  write_str("state_schema");
  write_str("{}");
  write_str("commands");
  write_head(0x90, ATTACKS + 2);
  describe_named("increase", 0);
  describe_named("poison", 0);
  for (u32 i = 0; i < ATTACKS; i++)
    describe_named(attacks[i].name, 0);
  write_str("events");
  write_head(0x90, 3);
  describe_named("increased", 1);
  describe_named("hoarded", 1);
  describe_named("poisoned", 1);
  return answered() - (GUEST == DESCRIBE_CUT);
}

void EXPORT(eshost_abi_v1)(void) {}

#if GUEST >= INIT_LOOPS && GUEST <= INIT_EXITS
void EXPORT(_initialize)(void) {
  switch (GUEST) {
  case INIT_LOOPS:
    loop();
  case INIT_TRAPS:
    panic_and_trap();
  case INIT_GROWS:
    memory_bomb();
  case INIT_LOGS:
    log_flood();
  case INIT_EXITS:
    exit_quietly();
  }
}
#elif GUEST == FALSE_NAME
IMPORT("eshost_v1", "now") u64 now(void);
void EXPORT(_initialize)(void) { sink = (u32)now(); }
#elif GUEST == FALSE_TYPE
IMPORT("wasi_snapshot_preview1", "fd_close") u64 fd_close(u64 fd);
void EXPORT(_initialize)(void) { sink = (u32)fd_close(1); }
#elif GUEST == METER_IMPORT
IMPORT("eshost_meter", "refuel") u64 refuel(u64 left);
void EXPORT(_initialize)(void) { sink = (u32)refuel(0); }
#elif GUEST == METER_EXPORT
void EXPORT(eshost_fuel)(void) {}
#elif GUEST == START_LOOPS
void EXPORT(start)(void) { loop(); }
#elif GUEST == START_WRITES
void EXPORT(start)(void) { write_empty(); }
#endif
