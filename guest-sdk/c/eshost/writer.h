/* Writing msgpack in its canonical form. */
#ifndef ESHOST_WRITER_H
#define ESHOST_WRITER_H

#include "problem.h"

/* What is being written: an answer, or a part of one. */
typedef struct eshost_writer_ {
	uint8_t *start, *at, *end;
} eshost_writer_;

/* Makes room for size more bytes. */
ESHOST_COLD_ void eshost_widen_(eshost_writer_ *w, size_t size)
{
	const size_t used = (size_t)(w->at - w->start), wanted = 2 * used + size + 256;
	if (!eshost_extend_(w->start, (size_t)(w->end - w->start), wanted)) {
		uint8_t *const start = (uint8_t *)eshost_take_(wanted);
		eshost_copy_(start, w->start, used);
		w->start = start;
		w->at = start + used;
	}
	w->end = w->start + wanted;
}

ESHOST_HOT_ void eshost_room_(eshost_writer_ *w, size_t size)
{
	if (__builtin_expect((size_t)(w->end - w->at) < size, 0))
		eshost_widen_(w, size);
}

/* The same where speed does not matter. */
ESHOST_COLD_ void eshost_make_room_(eshost_writer_ *w, size_t size) { eshost_room_(w, size); }

ESHOST_COLD_ eshost_writer_ eshost_writer_of_(size_t size)
{
	uint8_t *const start = (uint8_t *)eshost_take_(size);
	const eshost_writer_ w = {start, start, start + size};
	return w;
}

ESHOST_API_ eshost_bytes eshost_written_(const eshost_writer_ *w)
{
	const eshost_bytes bytes = {w->start, (size_t)(w->at - w->start)};
	return bytes;
}

/* Writes bytes as they are. */
ESHOST_API_ void eshost_write_raw_(eshost_writer_ *w, const void *data, size_t size)
{
	eshost_make_room_(w, size);
	eshost_copy_(w->at, data, size);
	w->at += size;
}

/* Writes a literal as it is: msgpack that is known. */
#define eshost_write_literal_(w, literal) eshost_write_raw_(w, literal, sizeof(literal) - 1)

ESHOST_APART_ void eshost_write_byte_(eshost_writer_ *w, uint8_t b)
{
	eshost_make_room_(w, 1);
	*w->at++ = b;
}

/* What writes most often puts its bytes at a place that has room for them, and gets the place behind them: a writer is
 * in memory, and a place in a register. */

/* Puts a tag and a number behind it, in so many bytes, where there is room for 9. */
ESHOST_COLD_ uint8_t *eshost_put_number_(uint8_t *at, uint8_t tag, uint64_t number, uint32_t size)
{
	*at++ = tag;
	number = eshost_reverse_(number << (64 - 8 * size));
	__builtin_memcpy(at, &number, 8);
	return at + size;
}

/* Puts a number with the first of four tags whose size it fits: 1, 2, 4 or 8 bytes. */
ESHOST_COLD_ uint8_t *eshost_put_sized_(uint8_t *at, uint8_t tag, uint64_t number)
{
	const uint32_t width = (number > UINT8_MAX) + (number > UINT16_MAX) + (number > UINT32_MAX);
	return eshost_put_number_(at, (uint8_t)(tag + width), number, 1u << width);
}

ESHOST_HOT_ uint8_t *eshost_put_uint_(uint8_t *at, uint64_t number)
{
	if (number >= 0x80)
		return eshost_put_sized_(at, 0xcc, number);
	*at = (uint8_t)number;
	return at + 1;
}

/* Puts a str where there is room for 13 bytes more than it has. */
ESHOST_API_ uint8_t *eshost_put_str_(uint8_t *at, const char *data, size_t size)
{
	if (size < 32)
		*at++ = (uint8_t)(0xa0 | size);
	else
		at = eshost_put_sized_(at, 0xd9, size);
	eshost_copy_loosely_(at, data, size);
	return at + size;
}

/* Writes a tag and a number behind it, in so many bytes. */
ESHOST_COLD_ void eshost_write_number_(eshost_writer_ *w, uint8_t tag, uint64_t number, uint32_t size)
{
	eshost_make_room_(w, 9);
	w->at = eshost_put_number_(w->at, tag, number, size);
}

/* Writes a number with the first of four tags whose size it fits: 1, 2, 4 or 8 bytes. */
ESHOST_COLD_ void eshost_write_sized_(eshost_writer_ *w, uint8_t tag, uint64_t number)
{
	eshost_make_room_(w, 9);
	w->at = eshost_put_sized_(w->at, tag, number);
}

ESHOST_COLD_ void eshost_write_uint_(eshost_writer_ *w, uint64_t number)
{
	if (number < 0x80)
		eshost_write_byte_(w, (uint8_t)number);
	else
		eshost_write_sized_(w, 0xcc, number);
}

ESHOST_API_ void eshost_write_int_(eshost_writer_ *w, int64_t number)
{
	if (number >= 0)
		eshost_write_uint_(w, (uint64_t)number);
	else if (number >= -32)
		eshost_write_byte_(w, (uint8_t)number);
	else if (number >= INT8_MIN)
		eshost_write_number_(w, 0xd0, (uint64_t)number, 1);
	else if (number >= INT16_MIN)
		eshost_write_number_(w, 0xd1, (uint64_t)number, 2);
	else if (number >= INT32_MIN)
		eshost_write_number_(w, 0xd2, (uint64_t)number, 4);
	else
		eshost_write_number_(w, 0xd3, (uint64_t)number, 8);
}

/* Writes the head of an array (0x90, 0xdc) or a map (0x80, 0xde). */
ESHOST_COLD_ void eshost_write_head_(eshost_writer_ *w, uint8_t fix, uint8_t wide, size_t count)
{
	if (count < 16)
		eshost_write_byte_(w, (uint8_t)(fix | count));
	else if (count <= UINT16_MAX)
		eshost_write_number_(w, wide, count, 2);
	else
		eshost_write_number_(w, (uint8_t)(wide + 1), count, 4);
}

ESHOST_COLD_ void eshost_write_array_(eshost_writer_ *w, size_t count) { eshost_write_head_(w, 0x90, 0xdc, count); }

ESHOST_COLD_ void eshost_write_map_(eshost_writer_ *w, size_t count) { eshost_write_head_(w, 0x80, 0xde, count); }

ESHOST_API_ void eshost_write_str_(eshost_writer_ *w, const char *data, size_t size)
{
	eshost_make_room_(w, size + 13);
	w->at = eshost_put_str_(w->at, data, size);
}

ESHOST_COLD_ void eshost_write_text_(eshost_writer_ *w, const char *text)
{
	eshost_write_str_(w, text, eshost_length_(text));
}

ESHOST_API_ void eshost_write_bin_(eshost_writer_ *w, const uint8_t *data, size_t size)
{
	eshost_write_sized_(w, 0xc4, size);
	eshost_write_raw_(w, data, size);
}

#endif
