/* The exports of a plugin. */
#ifndef ESHOST_SERVE_H
#define ESHOST_SERVE_H

#include "commands.h"
#include "entity.h"
#include "events.h"
#include "manifest.h"
#include "random.h"

/* Packs the place of an answer as the ABI has it. */
ESHOST_API_ uint64_t eshost_located_(eshost_bytes answer)
{
	return (uint64_t)(uintptr_t)answer.data << 32 | answer.size;
}

#ifdef __wasm__
ESHOST_API_ void eshost_move_(void *to, const void *from, size_t size)
{
	uint8_t *const target = (uint8_t *)to;
	const uint8_t *const source = (const uint8_t *)from;
	if (target <= source)
		eshost_copy_(to, from, size); /* from the lowest up, so that what overlaps is read before it is written */
	else {
		for (; size >= 8; size -= 8)
			__builtin_memcpy(target + size - 8, source + size - 8, 8);
		for (; size > 0; size--)
			target[size - 1] = source[size - 1];
	}
}

ESHOST_API_ void eshost_fill_(void *at, int byte, size_t size)
{
	uint8_t *target = (uint8_t *)at;
	for (; size > 0; size--)
		*target++ = (uint8_t)byte;
}
#endif

/* ESHOST_SERVE(counter); makes a plugin of these types. It stands once in a plugin, in one of its files. */
#define ESHOST_SERVE(...)                                                                                              \
	static const eshost_entity_ *const eshost_entities_[] = {ESHOST_EACH_(ESHOST_SERVED_, 0, __VA_ARGS__)};            \
	ESHOST_UNUSED_ static const eshost_plugin_ eshost_plugin_served_ = {eshost_entities_, ESHOST_COUNT_(__VA_ARGS__)}; \
	ESHOST_EXPORTS_                                                                                                    \
	ESHOST_ASSERT_STATIC_(true, "")
#define ESHOST_SERVED_(c, id) &eshost_entity_##id,

#ifdef __cplusplus
#define ESHOST_C_ extern "C"
#else
#define ESHOST_C_
#endif
#ifdef __wasm__
#ifdef __cplusplus
/* What the compiler wants of a runtime: an instance has no end at which to destroy globals. */
#define ESHOST_RUNTIME_OF_CXX_                                                                        \
	extern "C" __attribute__((weak)) int __cxa_atexit(void (*)(void *), void *, void *) { return 0; } \
	extern "C" __attribute__((weak)) void __cxa_pure_virtual(void)                                    \
	{                                                                                                 \
		eshost_panic("a pure virtual function was called");                                           \
	}
#else
#define ESHOST_RUNTIME_OF_CXX_
#endif
#define ESHOST_EXPORT_(name) ESHOST_C_ __attribute__((export_name(name), used))
#define ESHOST_EXPORTS_                                                                                          \
	ESHOST_RUNTIME_OF_CXX_                                                                                       \
	eshost_runtime_ eshost_runtime;                                                                              \
	ESHOST_C_ __attribute__((weak)) void *memcpy(void *to, const void *from, size_t size)                        \
	{                                                                                                            \
		eshost_copy_(to, from, size);                                                                            \
		return to;                                                                                               \
	}                                                                                                            \
	ESHOST_C_ __attribute__((weak)) void *memmove(void *to, const void *from, size_t size)                       \
	{                                                                                                            \
		eshost_move_(to, from, size);                                                                            \
		return to;                                                                                               \
	}                                                                                                            \
	ESHOST_C_ __attribute__((weak)) void *memset(void *at, int byte, size_t size)                                \
	{                                                                                                            \
		eshost_fill_(at, byte, size);                                                                            \
		return at;                                                                                               \
	}                                                                                                            \
	ESHOST_C_ void __wasm_call_ctors(void);                                                                      \
	ESHOST_EXPORT_("_initialize") void eshost_export_initialize_(void) { __wasm_call_ctors(); }                  \
	ESHOST_EXPORT_("eshost_abi_v1") void eshost_export_abi_v1_(void) {}                                          \
	ESHOST_EXPORT_("alloc") void *eshost_export_alloc_(size_t size) { return eshost_request_(size); }            \
	ESHOST_EXPORT_("describe") uint64_t eshost_export_describe_(void)                                            \
	{                                                                                                            \
		return eshost_located_(eshost_describe(&eshost_plugin_served_));                                         \
	}                                                                                                            \
	ESHOST_EXPORT_("handle_command") uint64_t eshost_export_handle_command_(const uint8_t *request, size_t size) \
	{                                                                                                            \
		return eshost_located_(eshost_handle_command(&eshost_plugin_served_, request, size));                    \
	}                                                                                                            \
	ESHOST_EXPORT_("handle_event") uint64_t eshost_export_handle_event_(const uint8_t *request, size_t size)     \
	{                                                                                                            \
		return eshost_located_(eshost_handle_event(&eshost_plugin_served_, request, size));                      \
	}
#else
#define ESHOST_EXPORTS_ eshost_runtime_ eshost_runtime;
#endif

#endif
