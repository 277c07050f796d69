// What the ledger says of itself, and its memory.

#define U64                          "{\"type\":\"integer\",\"minimum\":0,\"maximum\":18446744073709551615}"
#define TAKEN                        "\"name\":{\"type\":\"string\"},\"by\":" U64
#define ADDED                        TAKEN ",\"weight\":{\"type\":\"number\"},\"note\":{\"type\":[\"string\",\"null\"]}"
#define OBJECT(properties, required) "{\"type\":\"object\",\"properties\":{" properties "},\"required\":[" required "]}"

static const char *const schemas[] = {OBJECT(ADDED, "\"name\",\"by\",\"weight\""), OBJECT(TAKEN, "\"name\",\"by\""), OBJECT("", "")};

static const char state_schema[] =
    OBJECT("\"total\":" U64 ",\"weight\":{\"type\":\"number\"},\"parts\":{\"type\":\"object\",\"additionalProperties\":" U64
           "},\"note\":{\"type\":\"string\"}",
           "\"total\",\"weight\",\"parts\"");

static void example(const char *name, u64 by, double weight, const char *note) {
  u8 *bin = begin_bin();
  write_head(0x80, (name ? 2u : 0) + (weight != 0) + (note != 0));
  if (name) {
    write_str("name");
    write_str(name);
    write_str("by");
    write_uint(by);
  }
  if (weight != 0) {
    write_str("weight");
    put(0xcb, 1);
    put(__builtin_bit_cast(u64, weight), 8);
  }
  if (note) {
    write_str("note");
    write_str(note);
  }
  end_bin(bin);
}

static void examples(int command) {
  write_head(0x90, command == ADD ? 4 : command == TAKE ? 3 : 1);
  if (command == ADD) {
    example("pears", 5, 1.5, 0);
    example("apples", 300, 2, "fresh");
    example("figs", 70000, 0.25, 0);
    example("dates", 1, -3, "dry");
  } else if (command == TAKE) {
    example("apples", 7, 0, 0);
    example("pears", 5000000000ull, 0, 0);
    example("pears", 666, 0, 0);
  } else {
    example(0, 0, 0, 0);
  }
}

static void describe_command(int command) {
  int bare = BROKEN == NO_EXAMPLES, reply = command != CLEAR && !bare;
  int coded = !(BROKEN == NEVER_ACCEPTED && command == CLEAR);
  write_head(0x80, bare ? 2 : 3 + (u32)reply + (u32)coded);
  write_str("name");
  write_str(BROKEN == INVALID_MANIFEST && command == CLEAR ? "" : commands[command]);
  if (!bare) {
    write_str("schema");
    write_str(BROKEN == WRONG_SCHEMA && command == CLEAR ? "{\"type\":\"nonsense\"}" : schemas[command]);
  }
  if (reply) {
    write_str("reply");
    write_str(OBJECT("\"total\":" U64, "\"total\""));
  }
  if (coded) {
    write_str("rejections");
    write_head(0x90, 1);
    write_str(command == ADD ? "full" : command == TAKE ? "short" : "empty");
  }
  if (!bare) {
    write_str("examples");
    examples(command);
  }
}

static void describe_event(int event) {
  write_head(0x80, 3);
  write_str("name");
  write_str(events[event]);
  write_str("version");
  write_uint(1);
  write_str("schema");
  write_str(schemas[event]);
}

u64 EXPORT(describe)(void) {
  static u64 asked;
  reserve(1);
  write_head(0x80, 3);
  write_str("abi");
  write_head(0x90, 2);
  write_uint(1);
  write_uint(0);
  write_str("sdk");
  write_str(BROKEN == CHANGING_MANIFEST && asked++ % 2 ? "odd" : "even");
  write_str("types");
  write_head(0x90, 1);
  write_head(0x80, 4);
  write_str("type");
  write_str("ledger");
  write_str("state_schema");
  write_str(state_schema);
  write_str("commands");
  write_head(0x90, 3);
  for (int i = ADD; i < NONE; i++)
    describe_command(i);
  write_str("events");
  write_head(0x90, 3);
  for (int i = ADD; i < NONE; i++)
    describe_event(i);
  return answered();
}

void EXPORT(eshost_abi_v1)(void) {}

#if BROKEN == PROGRAM
void EXPORT(_start)(void) {}
#endif

#if BROKEN == FORBIDDEN_IMPORT
__attribute__((import_module("env"), import_name("now"))) u64 now(void);
#endif

#if BROKEN == WRONG_SIGNATURE
u32 EXPORT(alloc)(u64 size) { return reserve((u32)size); }
#else
u32 EXPORT(alloc)(u32 size) {
  static u32 lost;
#if BROKEN == FORBIDDEN_IMPORT
  calls += (u32)now();
#endif
  if (BROKEN == SMALL_REQUESTS_ONLY && size > 1 << 16)
    return 0;
  if (BROKEN == LEAK)
    lost += 16;
  return reserve(size + lost);
}
#endif
