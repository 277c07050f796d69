/* The memory of a plugin, its panics and its log. */
#ifndef ESHOST_MEMORY_H
#define ESHOST_MEMORY_H

#include "text.h"

#ifndef __wasm__
#include <stdio.h>
#include <stdlib.h>
#endif

/* An array that a list grows in. */
typedef struct eshost_growing_ {
	const void *items;
	const void *owner; /* the list that may write to it; NULL: none */
	size_t used, room; /* in bytes */
} eshost_growing_;

#define ESHOST_GROWING_ 8u /* how many are known; a list that grows beside more of them is copied more often */

/* The memory of a plugin: one region, given out from the bottom and given up as a whole when the next call of the host
 * begins. There is one of it, which ESHOST_SERVE defines. */
typedef struct eshost_runtime_ {
	uintptr_t base, top, end;
	eshost_growing_ growing[ESHOST_GROWING_];
	uint32_t growing_next;
	bool grows;			/* some of them are in use */
	char problem[1024]; /* why the present value does not decode, or cannot be encoded */
	size_t problem_size;
	bool problem_has_path;
	void (*on_panic)(const char *text, size_t size); /* natively: what catches panics, if anything does */
} eshost_runtime_;

#ifdef __cplusplus
extern "C" {
#endif
extern eshost_runtime_ eshost_runtime;
#ifdef __wasm__
extern unsigned char __heap_base;
__attribute__((import_module("eshost_v1"), import_name("panic"))) void eshost_import_panic_(const char *text,
																							size_t size);
__attribute__((import_module("eshost_v1"), import_name("log"))) void eshost_import_log_(int32_t level, const char *text,
																						size_t size);
#endif
#ifdef __cplusplus
}
#endif

/* Ends the call because of a mistake in the plugin: the host is told the text, and the command fails with it. */
__attribute__((noreturn)) ESHOST_COLD_ void eshost_panic_str(eshost_str text)
{
#ifdef __wasm__
	eshost_import_panic_(text.data, text.size);
	__builtin_trap();
#else
	if (eshost_runtime.on_panic != NULL)
		eshost_runtime.on_panic(text.data, text.size);
	fprintf(stderr, "panic: %.*s\n", (int)text.size, text.data);
	abort();
#endif
}

__attribute__((noreturn)) ESHOST_COLD_ void eshost_panic(const char *text) { eshost_panic_str(eshost_str_of(text)); }

/* Panics, with the place and the condition, unless the condition holds. */
#define ESHOST_ASSERT(condition) \
	((condition) ? (void)0 : eshost_panic(__FILE__ ":" ESHOST_TEXT_(__LINE__) ": " #condition " does not hold"))
#define ESHOST_TEXT_(x) ESHOST_TEXT_OF_(x)
#define ESHOST_TEXT_OF_(x) #x

#if defined(__SANITIZE_ADDRESS__)
#define ESHOST_ASAN_ 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ESHOST_ASAN_ 1
#endif
#endif
#ifdef ESHOST_ASAN_
#include <sanitizer/asan_interface.h>
#define ESHOST_GAP_ 16u /* between two pieces of memory, so that running over the end of one is seen */
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ESHOST_GAP_ 0u
#endif

/* What a native build has for linear memory, as much as a host gives by default. */
#define ESHOST_NATIVE_BYTES_ ((size_t)256 << 20)

#ifdef __wasm__
#define ESHOST_BEHIND_ 8u /* bytes that are never given out, so that they can be read behind all that are */
#endif

/* Makes room for size more bytes behind top. */
ESHOST_COLD_ bool eshost_grow_(size_t size)
{
	eshost_runtime_ *m = &eshost_runtime;
#ifdef __wasm__
	if (m->base == 0) {
		m->base = m->top = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
		m->end = ((uintptr_t)__builtin_wasm_memory_size(0) << 16) - ESHOST_BEHIND_;
	}
	const uint64_t wanted = (uint64_t)m->top + size + 8;
	if (wanted <= m->end)
		return true;
	if (wanted > UINT32_MAX)
		return false;
	const size_t pages = (size_t)((wanted - m->end + 65535) >> 16), spare = m->end >> 18;
	if (__builtin_wasm_memory_grow(0, pages + spare) == (size_t)-1 &&
		__builtin_wasm_memory_grow(0, pages) == (size_t)-1)
		return false;
	m->end = ((uintptr_t)__builtin_wasm_memory_size(0) << 16) - ESHOST_BEHIND_;
	return true;
#else
	if (m->base == 0) {
		m->base = m->top = (uintptr_t)malloc(ESHOST_NATIVE_BYTES_);
		if (m->base == 0)
			return false;
		m->end = m->base + ESHOST_NATIVE_BYTES_;
		ASAN_POISON_MEMORY_REGION((void *)m->base, ESHOST_NATIVE_BYTES_);
	}
	return size + 64 <= m->end - m->top;
#endif
}

/* Gives size bytes of memory that hold anything, or NULL if there is not as much. */
ESHOST_API_ void *eshost_try_take_(size_t size)
{
	eshost_runtime_ *m = &eshost_runtime;
	uintptr_t at = (m->top + ESHOST_GAP_ + 7) & ~(uintptr_t)7;
	if (__builtin_expect(at > m->end || size > m->end - at, 0)) {
		if (!eshost_grow_(size))
			return NULL;
		at = (m->top + ESHOST_GAP_ + 7) & ~(uintptr_t)7;
	}
	m->top = at + size;
	ASAN_UNPOISON_MEMORY_REGION((void *)at, size);
	return (void *)at;
}

/* Gives size bytes of memory that hold anything. */
ESHOST_API_ void *eshost_take_(size_t size)
{
	void *const at = eshost_try_take_(size);
	if (__builtin_expect(at == NULL, 0))
		eshost_panic("out of memory: more than the host gives an instance");
	return at;
}

/* Forgets the arrays that lists grow in, as they are given up. */
ESHOST_COLD_ void eshost_forget_growing_(void)
{
	eshost_runtime.grows = false;
	eshost_zero_(eshost_runtime.growing, sizeof eshost_runtime.growing);
}

/* Gives up what was taken since top was at mark. */
ESHOST_HOT_ void eshost_release_(uintptr_t mark)
{
	if (eshost_runtime.grows)
		eshost_forget_growing_();
	ASAN_POISON_MEMORY_REGION((void *)mark, eshost_runtime.top - mark);
	eshost_runtime.top = mark;
}

/* Extends what was taken last, from size bytes at the given place to more of them, if it is what was taken last. */
ESHOST_API_ bool eshost_extend_(const void *at, size_t size, size_t more)
{
	eshost_runtime_ *m = &eshost_runtime;
	if (at == NULL || (uintptr_t)at + size != m->top || more - size > m->end - m->top)
		return false;
	m->top += more - size;
	ASAN_UNPOISON_MEMORY_REGION((const uint8_t *)at + size, more - size);
	return true;
}

/* Gives size bytes of zeros that live until the call of the host ends. It never fails: it panics. */
ESHOST_API_ void *eshost_alloc(size_t size)
{
	void *const at = eshost_take_(size);
	eshost_zero_(at, size);
	return at;
}

/* Puts two strings together. */
ESHOST_API_ eshost_str eshost_str_join(eshost_str a, eshost_str b)
{
	char *data = (char *)eshost_take_(a.size + b.size);
	eshost_copy_(data, a.data, a.size);
	eshost_copy_(data + a.size, b.data, b.size);
	const eshost_str joined = {data, a.size + b.size};
	return joined;
}

/* Writes the digits of a number in front of end, and gives where they begin. */
ESHOST_COLD_ char *eshost_digits_(char *end, uint64_t number)
{
	do {
		*--end = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return end;
}

/* The digits of a number. */
ESHOST_COLD_ eshost_str eshost_str_of_number(uint64_t number)
{
	char *const end = (char *)eshost_take_(20) + 20, *const at = eshost_digits_(end, number);
	const eshost_str digits = {at, (size_t)(end - at)};
	return digits;
}

typedef enum eshost_level { ESHOST_DEBUG, ESHOST_INFO, ESHOST_WARNING, ESHOST_ERROR } eshost_level;

/* Writes a line to the host's log, which adds the plugin and the entity; natively to stderr. It is for people who look
 * for a fault: a host may drop lines, and a decision that is taken again writes its lines again. */
ESHOST_COLD_ void eshost_log_str(eshost_level level, eshost_str text)
{
#ifdef __wasm__
	eshost_import_log_((int32_t)level, text.data, text.size);
#else
	static const char *const names[] = {"debug", "info", "warning", "error"};
	fprintf(stderr, "%s: %.*s\n", names[level], (int)text.size, text.data);
#endif
}

ESHOST_COLD_ void eshost_log(eshost_level level, const char *text) { eshost_log_str(level, eshost_str_of(text)); }

#endif
