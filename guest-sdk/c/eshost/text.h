/* Strings and bytes, and how they are copied and compared. */
#ifndef ESHOST_TEXT_H
#define ESHOST_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "WebAssembly has the lowest byte of a number first, and so must the machine on which a plugin is tested"
#endif

#define ESHOST_UNUSED_ __attribute__((unused))
#define ESHOST_API_ ESHOST_UNUSED_ static
#define ESHOST_APART_ __attribute__((unused, noinline)) static /* many call it, and a copy for each would be large */
#define ESHOST_HOT_ __attribute__((unused, always_inline)) static inline
#ifdef __clang__
#define ESHOST_COLD_ __attribute__((unused, noinline, cold, minsize)) static
#else
#define ESHOST_COLD_ __attribute__((unused, noinline, cold)) static
#endif
#ifdef __cplusplus
#define ESHOST_ASSERT_STATIC_(condition, text) static_assert(condition, text)
#else
#define ESHOST_ASSERT_STATIC_(condition, text) _Static_assert(condition, text)
#endif

/* A string: size bytes of UTF-8, without a zero behind them. It is a view: whoever made it owns the bytes. What an SDK
 * function gives lives until the call of the host ends. The zero value is the empty string. */
typedef struct eshost_str {
	const char *data;
	size_t size;
} eshost_str;

/* Bytes, under the rules of eshost_str. */
typedef struct eshost_bytes {
	const uint8_t *data;
	size_t size;
} eshost_bytes;

/* A literal as an eshost_str. In the initializer of a static variable use ESHOST_STR_INIT. */
#ifdef __cplusplus
#define ESHOST_STR(literal) (eshost_str{"" literal, sizeof(literal) - 1})
#else
#define ESHOST_STR(literal) ((eshost_str){"" literal, sizeof(literal) - 1})
#endif
#define ESHOST_STR_INIT(literal) {"" literal, sizeof(literal) - 1}

ESHOST_COLD_ size_t eshost_length_(const char *text)
{
	size_t size = 0;
	while (text[size] != 0)
		size++;
	return size;
}

/* A text that ends in a zero, as a string. */
ESHOST_API_ eshost_str eshost_str_of(const char *text)
{
	const eshost_str s = {text, eshost_length_(text)};
	return s;
}

/* Copies, between places that do not overlap, or down to a lower one. WebAssembly has an instruction for it, which
 * leaves the compiled code, and most copies here are too short for that to pay. */
ESHOST_API_ void eshost_copy_(void *to, const void *from, size_t size)
{
#ifdef __wasm__
	uint8_t *target = (uint8_t *)to;
	const uint8_t *source = (const uint8_t *)from;
	for (; size >= 8; size -= 8, target += 8, source += 8)
		__builtin_memcpy(target, source, 8);
	if (size & 4) {
		__builtin_memcpy(target, source, 4);
		target += 4, source += 4;
	}
	for (size &= 3; size > 0; size--)
		*target++ = *source++;
#else
	if (size > 0)
		__builtin_memcpy(to, from, size);
#endif
}

ESHOST_APART_ void eshost_zero_(void *at, size_t size)
{
#ifdef __wasm__
	uint8_t *target = (uint8_t *)at;
	for (; size >= 8; size -= 8, target += 8)
		__builtin_memset(target, 0, 8);
	for (; size > 0; size--)
		*target++ = 0;
#else
	__builtin_memset(at, 0, size);
#endif
}

#ifdef __wasm__
/* In WebAssembly there are always 8 readable bytes behind whatever a plugin holds, as eshost_grow_ sees to. A compiler
 * that knows what is there must not know that it is read. */
#define ESHOST_READS_BEYOND_(pointer) __asm__("" : "+r"(pointer))
#endif

ESHOST_API_ bool eshost_same_(const void *a, const void *b, size_t size)
{
	const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
#ifdef __wasm__
	uint64_t left, right;
	ESHOST_READS_BEYOND_(x);
	ESHOST_READS_BEYOND_(y);
	for (; size > 8; size -= 8, x += 8, y += 8) {
		__builtin_memcpy(&left, x, 8);
		__builtin_memcpy(&right, y, 8);
		if (left != right)
			return false;
	}
	__builtin_memcpy(&left, x, 8);
	__builtin_memcpy(&right, y, 8);
	return size == 0 || (left ^ right) << (64 - 8 * size) == 0;
#else
	for (; size > 0; size--)
		if (*x++ != *y++)
			return false;
	return true;
#endif
}

/* Copies to a place behind which there is room for 8 bytes more. */
ESHOST_API_ void eshost_copy_loosely_(uint8_t *target, const void *from, size_t size)
{
#ifdef __wasm__
	const uint8_t *source = (const uint8_t *)from, *const end = source + size;
	ESHOST_READS_BEYOND_(source);
	for (; source < end; source += 8, target += 8)
		__builtin_memcpy(target, source, 8);
#else
	eshost_copy_(target, from, size);
#endif
}

ESHOST_API_ bool eshost_str_equal(eshost_str a, eshost_str b)
{
	return a.size == b.size && eshost_same_(a.data, b.data, a.size);
}

/* Compares by bytes: less than 0, 0, or more than 0. This is the order of the keys of a map. */
ESHOST_API_ int eshost_str_compare(eshost_str a, eshost_str b)
{
	const size_t size = a.size < b.size ? a.size : b.size;
	for (size_t i = 0; i < size; i++)
		if (a.data[i] != b.data[i])
			return (uint8_t)a.data[i] < (uint8_t)b.data[i] ? -1 : 1;
	return (a.size > b.size) - (a.size < b.size);
}

/* Turns the order of the bytes of a number around. */
ESHOST_COLD_ uint64_t eshost_reverse_(uint64_t n)
{
	n = (n & 0x00ff00ff00ff00ffu) << 8 | (n >> 8 & 0x00ff00ff00ff00ffu);
	n = (n & 0x0000ffff0000ffffu) << 16 | (n >> 16 & 0x0000ffff0000ffffu);
	return n << 32 | n >> 32;
}

ESHOST_API_ bool eshost_is_utf8_(const char *data, size_t size)
{
	const uint8_t *at = (const uint8_t *)data;
	while (size > 0) {
		const uint8_t b = *at;
		size_t width = 1;
		if (b >= 0x80) {
			const uint8_t second = size > 1 ? at[1] : 0;
			width = b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
			if (b < 0xc2 || b > 0xf4 || size < width || (b == 0xe0 && second < 0xa0) || (b == 0xed && second >= 0xa0) ||
				(b == 0xf0 && second < 0x90) || (b == 0xf4 && second >= 0x90))
				return false;
			for (size_t i = 1; i < width; i++)
				if ((at[i] & 0xc0) != 0x80)
					return false;
		}
		at += width;
		size -= width;
	}
	return true;
}

#endif
