// The ledger's rules: how commands are decided and events are folded.

enum { ADD, TAKE, CLEAR, NONE };

static const char *const commands[] = {"add", "take", "clear"};
static const char *const events[] = {"added", "taken", "cleared"};
static const int fields[] = {1 | 2 | 4, 1 | 2, 0};

static int find(Bytes name, const char *const *names) {
  int i = ADD;
  while (i < NONE && !is(name, names[i]))
    i++;
  return i;
}

// apply folds an event. It is never refused: there is room for every name that was added.
static void apply(State *s, int event, const Entry *e) {
  u64 *by = part(s, e->name);
  if (event == CLEAR) {
    *s = (State){.weight = s->weight};
    return;
  }
  if (!by && s->parts < MOST)
    by = new_part(s, e->name);
  s->total += event == ADD ? e->by : -e->by;
  if (by)
    *by += event == ADD ? e->by : -e->by;
  if (event == ADD) {
    s->weight += e->weight;
    __builtin_memcpy(s->note, e->note, sizeof s->note);
  }
}

static void write_event(int event, const Entry *e) {
  int note = event == ADD && (e->note[0] || BROKEN == NIL_FIELD);
  write_head(0x90, 3);
  write_str(events[event]);
  write_uint(event == ADD && BROKEN == UNLISTED_EVENT ? 2 : 1);
  if (event == CLEAR) {
    write_nil();
    return;
  }
  u8 *bin = begin_bin();
  write_head(0x80, (u32)(event == ADD ? 3 : 2) + (u32)note);
  if (BROKEN == FIELD_ORDER) {
    write_str("by");
    write_uint(e->by);
  }
  write_str("name");
  write_str(e->name);
  if (BROKEN != FIELD_ORDER) {
    write_str("by");
    write_uint(e->by);
  }
  if (event == ADD) {
    write_str("weight");
    write_float(e->weight);
  }
  if (note) {
    write_str("note");
    if (e->note[0])
      write_str(e->note);
    else
      write_nil();
  }
  end_bin(bin);
}

static void reject(const char *code, const char *key, u64 n) {
  write_head(0x90, 3);
  put(1, 1);
  write_str(code);
  if (!key) {
    write_nil();
    return;
  }
  u8 *bin = begin_bin();
  write_head(0x80, 1);
  write_str(key);
  write_uint(n);
  end_bin(bin);
}

static void accept(State *s, int event, const Entry *e) {
  u64 before = s->total;
  apply(s, event, e);
  write_head(0x90, 3);
  put(0, 1);
  if (event == CLEAR) {
    write_nil();
  } else {
    u8 *bin = begin_bin();
    write_head(0x80, 1);
    write_str("total");
    if (BROKEN == WRONG_REPLY)
      write_str("all");
    else
      write_uint(BROKEN == REPLY_TOO_EARLY ? before : s->total + surroundings() + (BROKEN == HIDDEN_COUNTER ? calls : 0));
    end_bin(bin);
  }
  write_head(0x90, 1);
  write_event(event, e);
}

// decide decides one command and says whether it was accepted; -1: nothing of the request can be decided.
static int decide(State *s, Bytes name, Bytes payload) {
  int command = find(name, commands);
  Entry e;
  if (command == NONE) {
    if (BROKEN == UNKNOWN_FOR_ALL)
      return -UNKNOWN_COMMAND;
    write_fault(UNKNOWN_COMMAND, "a ledger can add, take and clear");
    return 0;
  }
  if (!read_entry(payload, fields[command], &e) || (BROKEN == NIL_IS_NO_MAP && !payload.at)) {
    if (BROKEN == FAULT_FOR_ALL)
      return -BAD_PAYLOAD;
    write_fault(BAD_PAYLOAD, "the payload does not decode");
    return 0;
  }
  u64 *by = part(s, e.name);
  if (command == TAKE && e.by == 666)
    panics();
  if (command == ADD && !by && s->parts == MOST - 1) {
    reject("full", "most", MOST - 1);
  } else if (command == TAKE && (!by || e.by > *by)) {
    reject(BROKEN == UNLISTED_REJECTION ? "too-short" : "short", "left", by ? *by : 0);
    if (BROKEN == MUTATE_THEN_REJECT && by)
      *by = 0;
  } else if (command == CLEAR && (s->parts == 0 || BROKEN == NEVER_ACCEPTED)) {
    reject("empty", 0, 0);
  } else {
    accept(s, command, &e);
    return 1;
  }
  return 0;
}

u64 EXPORT(handle_command)(const u8 *at, u32 size) {
  Reader r = {at, at + size, 0};
  State s, first;
  u32 accepted = 0;
  calls++;
  read_array(&r);
  read_str(&r);
  read_str(&r);
  if (read_uint(&r) >= 64 && BROKEN == ENDLESS_COMMAND)
    for (volatile u32 i = 0;; i++)
      ;
  Bytes state = read_bin(&r);
  skip(&r);
  if (!read_state(state, &s))
    return refused(BAD_STATE, 0, 0, "the state does not decode");
  first = s;
  write_head(0x90, 3);
  put(0, 1);
  u32 n = read_array(&r);
  if (BROKEN == NO_EMPTY_BATCH && n == 0)
    return refused(BAD_STATE, 0, 0, "there is nothing to decide");
  reserve_outcomes(n, 192);
  write_head(0x90, n - (BROKEN == WRONG_OUTCOME_COUNT && n > 1));
  for (u32 i = 0; i < n; i++) {
    read_array(&r);
    Bytes name = read_str(&r), payload = read_bin(&r);
    if (BROKEN == SAME_STATE_FOR_ALL)
      s = first;
    u8 *start = out;
    int did = decide(&s, name, payload);
    if (did < 0 && n == 1)
      write_fault(-did, "it cannot be decided");
    else if (did < 0)
      return refused(-did, 0, 0, "one of the commands cannot be decided");
    accepted += did > 0;
    if (BROKEN == WRONG_OUTCOME_COUNT && n > 1 && i == n - 1)
      out = start;
  }
  kept = s;
  if (accepted || BROKEN == STATE_WITHOUT_EVENTS)
    write_state(&s);
  else
    write_nil();
  return answered();
}

#if BROKEN == MISSING_EXPORT
u64 handle_event(const u8 *at, u32 size)
#else
u64 EXPORT(handle_event)(const u8 *at, u32 size)
#endif
{
  Reader r = {at, at + size, 0};
  State s;
  Entry e;
  read_array(&r);
  read_str(&r);
  read_str(&r);
  read_uint(&r);
  Bytes state = read_bin(&r);
  if (!read_state(state, &s))
    return refused(BAD_STATE, 1, 0, "the state does not decode");
  u32 n = read_array(&r);
  int initial = !state.at && n == 0;
  if (BROKEN == NO_EMPTY_FOLD && n == 0)
    s = (State){0};
  for (u32 i = 0; i < n; i++) {
    read_array(&r);
    int event = find(read_str(&r), events);
    u64 version = read_uint(&r);
    Bytes payload = read_bin(&r);
    if (event == NONE || (version != 1 && !(BROKEN == UNLISTED_EVENT && version == 2))) {
      if (BROKEN == UNKNOWN_IGNORED)
        continue;
      return refused(BAD_EVENT, 1, BROKEN == INDEX_ALWAYS_0 ? 0 : i, "the event is not known");
    }
    if (!read_entry(payload, fields[event], &e))
      return refused(BAD_EVENT, 1, i, "the event's payload does not decode");
    if (BROKEN != LAST_EVENT_ONLY || i == n - 1)
      apply(&s, event, &e);
  }
  kept = s;
  write_head(0x90, 2);
  put(0, 1);
  long_total = BROKEN == LONG_INITIAL_STATE && initial;
  write_state(&s);
  long_total = 0;
  return answered();
}
