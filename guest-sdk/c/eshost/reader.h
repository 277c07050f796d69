/* Reading msgpack in every form it may have. */
#ifndef ESHOST_READER_H
#define ESHOST_READER_H

#include "problem.h"

#define ESHOST_MAX_DEPTH_ 64

typedef struct eshost_reader_ {
	const uint8_t *at, *end;
} eshost_reader_;

/* The functions eshost_next_* read what nearly always comes, in line, and from registers if the reader is a variable
 * that goes nowhere else. Where they give false, because something else came, r->at is anywhere: the others read all
 * forms. */

/* Reads size bytes, at most 8, as a number; the first one is the highest. */
ESHOST_COLD_ bool eshost_read_number_(eshost_reader_ *r, size_t size, uint64_t *number)
{
	if ((size_t)(r->end - r->at) < size)
		return false;
	const uint8_t *at = r->at;
	uint64_t n = 0;
	r->at += size;
	if ((size_t)(r->end - at) >= 8) {
		__builtin_memcpy(&n, at, 8);
		*number = eshost_reverse_(n) >> (64 - 8 * size);
		return true;
	}
	while (at < r->at)
		n = n << 8 | *at++;
	*number = n;
	return true;
}

/* Reads an integer. If negative is true its value is that of the number as an int64_t. */
ESHOST_COLD_ bool eshost_read_integer_(eshost_reader_ *r, uint64_t *number, bool *negative)
{
	*negative = false;
	if (r->at == r->end)
		return false;
	const uint8_t b = *r->at++;
	*number = b;
	if (b >= 0xcc && b <= 0xd3) {
		const uint32_t size = 1u << (b & 3), unused = 64 - 8 * size;
		if (!eshost_read_number_(r, size, number))
			return false;
		if (b >= 0xd0)
			*number = (uint64_t)((int64_t)(*number << unused) >> unused);
		*negative = b >= 0xd0 && (int64_t)*number < 0;
		return true;
	}
	if (b >= 0xe0) {
		*number = (uint64_t)(int64_t)(int8_t)b;
		*negative = true;
	}
	return b < 0x80 || b >= 0xe0;
}

/* Reads the head of an array (0x90, 0xdc) or a map (0x80, 0xde), or of a str or a bin, behind which there must be least
 * bytes for each of what it counts. */
ESHOST_COLD_ bool eshost_read_head_(eshost_reader_ *r, uint8_t fix, uint8_t wide, size_t least, size_t *count)
{
	if (r->at == r->end)
		return false;
	const uint8_t b = *r->at;
	uint64_t n = b & 0x0f;
	if ((b & 0xf0) != fix && b != wide && b != wide + 1)
		return false;
	r->at++;
	if ((b & 0xf0) != fix && !eshost_read_number_(r, (size_t)2 << (b - wide), &n))
		return false;
	*count = (size_t)n;
	return n * least <= (uint64_t)(r->end - r->at);
}

/* Reads a str whose head has the size behind the tag, or a bin, of which the first tag is given. */
ESHOST_COLD_ bool eshost_read_span_(eshost_reader_ *r, uint8_t tag, const uint8_t **data, size_t *size)
{
	uint64_t n;
	if (r->at == r->end || *r->at < tag || *r->at > tag + 2)
		return false;
	const uint8_t b = *r->at++;
	if (!eshost_read_number_(r, (size_t)1 << (b - tag), &n) || n > (uint64_t)(r->end - r->at))
		return false;
	*data = r->at;
	*size = (size_t)n;
	r->at += n;
	return true;
}

ESHOST_HOT_ bool eshost_next_uint_(eshost_reader_ *r, uint64_t *number)
{
	if (r->at == r->end || *r->at >= 0x80)
		return false;
	*number = *r->at++;
	return true;
}

ESHOST_API_ bool eshost_read_uint_(eshost_reader_ *r, uint64_t *number)
{
	bool negative;
	return eshost_read_integer_(r, number, &negative) && !negative;
}

ESHOST_HOT_ bool eshost_next_str_(eshost_reader_ *r, eshost_str *text)
{
	const uint8_t *const at = r->at;
	const size_t size = at == r->end ? 0 : (size_t)(*at ^ 0xa0);
	if (size > 31 || (size_t)(r->end - at) <= size)
		return false;
	text->data = (const char *)at + 1;
	text->size = size;
	r->at = at + 1 + size;
	return true;
}

/* Reads a str, whose bytes may be any. */
ESHOST_API_ bool eshost_read_str_(eshost_reader_ *r, eshost_str *text)
{
	const uint8_t *data;
	if (eshost_next_str_(r, text))
		return true;
	if (!eshost_read_span_(r, 0xd9, &data, &text->size))
		return false;
	text->data = (const char *)data;
	return true;
}

ESHOST_API_ bool eshost_read_bin_(eshost_reader_ *r, eshost_bytes *bytes)
{
	return eshost_read_span_(r, 0xc4, &bytes->data, &bytes->size);
}

ESHOST_HOT_ bool eshost_next_payload_(eshost_reader_ *r, eshost_bytes *payload)
{
	const uint8_t *const at = r->at;
	const size_t left = (size_t)(r->end - at);
	if (left < 2 || *at != 0xc4 || left - 2 < at[1])
		return false;
	payload->size = at[1];
	payload->data = at + 2;
	r->at = at + 2 + at[1];
	return true;
}

/* Reads a bin, or nil, of which it makes data NULL. */
ESHOST_API_ bool eshost_read_payload_(eshost_reader_ *r, eshost_bytes *payload)
{
	if (eshost_next_payload_(r, payload))
		return true;
	if (r->at == r->end || *r->at != 0xc0)
		return eshost_read_bin_(r, payload);
	r->at++;
	payload->data = NULL;
	payload->size = 0;
	return true;
}

/* Reads the head of an array; there must be as many items as it says. */
ESHOST_API_ bool eshost_read_array_(eshost_reader_ *r, size_t *count)
{
	return eshost_read_head_(r, 0x90, 0xdc, 1, count);
}

/* Reads the head of a map; there must be as many entries as it says. */
ESHOST_API_ bool eshost_read_map_(eshost_reader_ *r, size_t *count)
{
	if (r->at != r->end && (*r->at & 0xf0) == 0x80 && r->end - r->at > (ptrdiff_t)2 * (*r->at & 0x0f)) {
		*count = *r->at++ & 0x0f;
		return true;
	}
	return eshost_read_head_(r, 0x80, 0xde, 2, count);
}

ESHOST_HOT_ bool eshost_next_places_(eshost_reader_ *r, size_t places)
{
	if (r->at == r->end || *r->at != (0x90 | places))
		return false;
	r->at++;
	return true;
}

/* Reads the head of an array that must have so many places, fewer than 16. */
ESHOST_API_ bool eshost_read_places_(eshost_reader_ *r, size_t places)
{
	size_t count;
	return eshost_read_array_(r, &count) && count == places;
}

/* Reads a float, or an integer as one. */
ESHOST_API_ bool eshost_read_float_(eshost_reader_ *r, double *value)
{
	uint64_t bits;
	bool negative;
	const uint8_t b = r->at == r->end ? 0xc1 : *r->at;
	if (b == 0xca) {
		float narrow;
		r->at++;
		if (!eshost_read_number_(r, 4, &bits))
			return false;
		const uint32_t half = (uint32_t)bits;
		__builtin_memcpy(&narrow, &half, 4);
		*value = narrow;
		return true;
	}
	if (b == 0xcb) {
		r->at++;
		if (!eshost_read_number_(r, 8, &bits))
			return false;
		__builtin_memcpy(value, &bits, 8);
		return true;
	}
	if (!eshost_read_integer_(r, &bits, &negative))
		return false;
	*value = negative ? (double)(int64_t)bits : (double)bits;
	return true;
}

ESHOST_HOT_ bool eshost_is_str_(uint8_t b) { return (b & 0xe0) == 0xa0 || (b >= 0xd9 && b <= 0xdb); }

/* Reads a string that must be UTF-8, where speed does not matter. */
ESHOST_API_ bool eshost_read_text_(eshost_reader_ *r, eshost_str *text)
{
	return eshost_read_str_(r, text) && eshost_is_utf8_(text->data, text->size);
}

/* Goes past one well-formed value whose arrays and maps nest at most depth levels. */
ESHOST_COLD_ bool eshost_skip_(eshost_reader_ *r, int depth)
{
	eshost_str text;
	const uint8_t *data;
	uint64_t number;
	size_t count;
	if (r->at == r->end)
		return false;
	const uint8_t b = *r->at;
	if (eshost_is_str_(b))
		return eshost_read_text_(r, &text);
	if (b >= 0xc4 && b <= 0xc6)
		return eshost_read_span_(r, 0xc4, &data, &count);
	const bool is_map = (b & 0xf0) == 0x80 || b == 0xde || b == 0xdf;
	if (is_map || (b & 0xf0) == 0x90 || b == 0xdc || b == 0xdd) {
		if (depth == 0 || !eshost_read_head_(r, is_map ? 0x80 : 0x90, is_map ? 0xde : 0xdc, 1 + is_map, &count))
			return false;
		for (; count > 0; count--)
			if ((is_map && !eshost_read_text_(r, &text)) || !eshost_skip_(r, depth - 1))
				return false;
		return true;
	}
	r->at++;
	if (b >= 0xca && b <= 0xd3)
		return eshost_read_number_(r, b == 0xca ? 4 : b == 0xcb ? 8 : (size_t)1 << (b & 3), &number);
	return b < 0x80 || b >= 0xe0 || b == 0xc0 || b == 0xc2 || b == 0xc3;
}

/* Says in words what there is. */
ESHOST_COLD_ const char *eshost_found_(const eshost_reader_ *r)
{
	const uint8_t b = *r->at;
	if (b >= 0xe0 || (b >= 0xd0 && b <= 0xd3 && r->end - r->at > 1 && r->at[1] >= 0x80))
		return "a negative integer";
	if (b < 0x80 || (b >= 0xcc && b <= 0xd3))
		return "an integer";
	if ((b & 0xf0) == 0x80 || b == 0xde || b == 0xdf)
		return "a map";
	if ((b & 0xf0) == 0x90 || b == 0xdc || b == 0xdd)
		return "an array";
	if (eshost_is_str_(b))
		return "a string";
	if (b == 0xc2 || b == 0xc3)
		return "a boolean";
	if (b >= 0xc4 && b <= 0xc6)
		return "bytes";
	return b == 0xc0 ? "nil" : b == 0xca || b == 0xcb ? "a float" : "an extension type";
}

#endif
