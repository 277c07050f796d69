// Requests and answers, as the guests of this folder read and write them: from ABI.md alone, with a C compiler and nothing of eshost's.
// Numbers in brackets are sections of that page.

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(#name))) name

// Memory [1]. One block holds the request, one behind it the answer. Both are given up when the next request comes.

extern u8 __heap_base;
static u8 *answer, *out; // out: where the next byte of the answer goes

// writable makes sure that memory reaches up to the address.
static int writable(u64 end) {
  u64 have = (u64)__builtin_wasm_memory_size(0) << 16;
  if (end <= have)
    return 1;
  if (end > 0xffff0000ull)
    return 0;
  return __builtin_wasm_memory_grow(0, (u32)((end - have + 0xffff) >> 16)) != (u32)-1;
}

// What an answer takes at most beside its outcomes; the manifest fits as well.
#define ANSWER 8192

// reserve makes room for a request, and for an answer behind it.
static u32 reserve(u32 size) {
  u64 base = ((u64)(u32)&__heap_base + 15) & ~15ull;
  u64 answers = base + (((u64)size + 15) & ~15ull);
  if (!writable(answers + ANSWER))
    return 0;
  answer = out = (u8 *)(u32)answers;
  return (u32)base;
}

// reserve_outcomes makes room for n outcomes.
static void reserve_outcomes(u32 n, u32 most) {
  if (!writable((u64)(u32)out + (u64)n * most + ANSWER))
    __builtin_trap();
}

static u64 answered(void) { return (u64)(u32)answer << 32 | (u32)(out - answer); }

// Reading [2]. Every form of a value is taken. After something that is not as it should be, bad is set.

typedef struct {
  const u8 *at, *end;
  int bad;
} Reader;

typedef struct {
  const u8 *at;
  u32 size;
} Bytes; // at is 0: nil

static u64 big_endian(Reader *r, u32 width) {
  u64 n = 0;
  if ((u32)(r->end - r->at) < width) {
    r->bad = 1;
    return 0;
  }
  while (width--)
    n = n << 8 | *r->at++;
  return n;
}

static int peek(Reader *r) {
  if (r->bad || r->at == r->end) {
    r->bad = 1;
    return 0xc1; // begins no value
  }
  return *r->at;
}

// read_uint reads an integer that is not negative.
static u64 read_uint(Reader *r) {
  int c = peek(r);
  r->at += !r->bad;
  if (c <= 0x7f)
    return (u64)c;
  if (c >= 0xcc && c <= 0xcf)
    return big_endian(r, 1u << (c - 0xcc));
  if (c >= 0xd0 && c <= 0xd3) {
    u32 width = 1u << (c - 0xd0);
    u64 n = big_endian(r, width);
    if (!(n >> (8 * width - 1)))
      return n;
  }
  r->bad = 1; // negative, or something else
  return 0;
}

// read_head reads the head of a value with a length: a first byte of small up to small + mask, or from wide on, whose lengths take width
// bytes and then twice as many.
static u32 read_head(Reader *r, int small, int mask, int wide, int codes, u32 width) {
  int c = peek(r);
  r->at += !r->bad;
  if (mask && (c & ~mask) == small)
    return (u32)(c & mask);
  if (c >= wide && c < wide + codes)
    return (u32)big_endian(r, width << (c - wide));
  r->bad = 1;
  return 0;
}

static u32 read_array(Reader *r) { return read_head(r, 0x90, 0x0f, 0xdc, 2, 2); }
static u32 read_map(Reader *r) { return read_head(r, 0x80, 0x0f, 0xde, 2, 2); }

static Bytes take(Reader *r, u32 size) {
  Bytes b = {r->at, size};
  if (r->bad || size > (u32)(r->end - r->at)) {
    r->bad = 1;
    b.size = 0;
  }
  r->at += b.size;
  return b;
}

static Bytes read_str(Reader *r) { return take(r, read_head(r, 0xa0, 0x1f, 0xd9, 3, 1)); }

// read_bin reads bytes or nil.
static Bytes read_bin(Reader *r) {
  Bytes none = {0, 0};
  if (peek(r) == 0xc0) {
    r->at++;
    return none;
  }
  return take(r, read_head(r, 0, 0, 0xc4, 3, 1));
}

// skip passes over any value. The host has checked that it is well-formed and not deeper than 64 [6].
static void skip(Reader *r) {
  int c = peek(r);
  u32 n;
  if (r->bad)
    return;
  if (c <= 0x7f || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3) {
    r->at++;
  } else if (c >= 0xca && c <= 0xd3) { // ca, cb: floats; cc-cf, d0-d3: integers
    r->at++;
    take(r, c <= 0xcb ? 4u << (c - 0xca) : 1u << ((c - 0xcc) & 3));
  } else if (c >= 0xc4 && c <= 0xc6) {
    read_bin(r);
  } else if (c <= 0x8f || c == 0xde || c == 0xdf) {
    for (n = read_map(r); n > 0 && !r->bad; n--) {
      read_str(r);
      skip(r);
    }
  } else if (c <= 0x9f || c == 0xdc || c == 0xdd) {
    for (n = read_array(r); n > 0 && !r->bad; n--)
      skip(r);
  } else {
    read_str(r);
  }
}

static int is(Bytes b, const char *word) {
  u32 i = 0;
  while (i < b.size && word[i] && b.at[i] == (u8)word[i])
    i++;
  return i == b.size && !word[i];
}

// Writing [6]: always the shortest form.

static void put(u64 n, u32 width) {
  while (width--)
    *out++ = (u8)(n >> (8 * width));
}

static void write_uint(u64 n) {
  if (n <= 0x7f) {
    put(n, 1);
    return;
  }
  int code = n <= 0xff ? 0 : n <= 0xffff ? 1 : n <= 0xffffffffu ? 2 : 3;
  put(0xcc + (u64)code, 1);
  put(n, 1u << code);
}

// write_head writes the head of an array, or of a map (small is 0x80).
static void write_head(int small, u32 n) {
  if (n < 16) {
    put((u64)small | n, 1);
    return;
  }
  int wide = small == 0x80 ? 0xde : 0xdc;
  put((u64)wide + (n > 0xffff), 1);
  put(n, n > 0xffff ? 4 : 2);
}

static void write_str(const char *s) {
  u32 size = 0;
  while (s[size])
    size++;
  if (size < 32) {
    put(0xa0 | size, 1);
  } else {
    put(size > 0xff ? 0xda : 0xd9, 1);
    put(size, size > 0xff ? 2 : 1);
  }
  while (*s)
    *out++ = (u8)*s++;
}

static void write_nil(void) { put(0xc0, 1); }

// begin_bin begins bytes, of which there must not be more than 255 in the end.
static u8 *begin_bin(void) {
  put(0xc400, 2);
  return out;
}

static void end_bin(u8 *start) { start[-1] = (u8)(out - start); }

// refused gives an answer that decides or folds nothing, whatever has been written of it.
static u64 refused(int kind, int fold, u32 index, const char *message) {
  out = answer;
  write_head(0x90, fold ? 4 : 3);
  put(1, 1);
  put((u64)kind, 1);
  if (fold)
    write_uint(index);
  write_str(message);
  return answered();
}

enum { UNKNOWN_COMMAND = 1, BAD_PAYLOAD, BAD_STATE, PANICKED, BAD_EVENT };

static void write_fault(int kind, const char *message) {
  write_head(0x90, 3);
  put(2, 1);
  put((u64)kind, 1);
  write_str(message);
}
