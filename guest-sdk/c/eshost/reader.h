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
ESHOST_APART_ bool eshost_read_number_(eshost_reader_ *r, size_t size, uint64_t *number)
{
	if ((size_t)(r->end - r->at) < size)
		return false;
	const uint8_t *at = r->at;
	uint64_t n = 0;
	r->at += size;
#ifdef __wasm__
	ESHOST_READS_BEYOND_(at);
	__builtin_memcpy(&n, at, 8);
	*number = eshost_reverse_(n) >> (64 - 8 * size);
#else
	while (at < r->at)
		n = n << 8 | *at++;
	*number = n;
#endif
	return true;
}

/* Reads an integer. If negative is true its value is that of the number as an int64_t. */
ESHOST_APART_ bool eshost_read_integer_(eshost_reader_ *r, uint64_t *number, bool *negative)
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

ESHOST_COLD_ bool eshost_read_uint_(eshost_reader_ *r, uint64_t *number)
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
ESHOST_APART_ bool eshost_read_payload_(eshost_reader_ *r, eshost_bytes *payload)
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
ESHOST_APART_ bool eshost_read_array_(eshost_reader_ *r, size_t *count)
{
	if (r->end - r->at > 16 && (*r->at & 0xf0) == 0x90) {
		*count = *r->at++ & 0x0f;
		return true;
	}
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
ESHOST_APART_ bool eshost_read_places_(eshost_reader_ *r, size_t places)
{
	size_t count;
	return eshost_read_array_(r, &count) && count == places;
}

/* Reads a command, or with a version an event, in any form. */
ESHOST_COLD_ bool eshost_read_named_(eshost_reader_ *r, eshost_str *name, uint64_t *version, eshost_bytes *payload)
{
	return eshost_read_places_(r, version == NULL ? 2 : 3) && eshost_read_str_(r, name) &&
		   (version == NULL || eshost_read_uint_(r, version)) && eshost_read_payload_(r, payload);
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

/* What a value can be. */
typedef enum eshost_form_ {
	ESHOST_FORM_INTEGER_,
	ESHOST_FORM_MAP_,
	ESHOST_FORM_ARRAY_,
	ESHOST_FORM_STR_,
	ESHOST_FORM_NIL_,
	ESHOST_FORM_BOOL_,
	ESHOST_FORM_BIN_,
	ESHOST_FORM_FLOAT_,
	ESHOST_FORM_EXTENSION_
} eshost_form_;

/* Tells what a value is by its first byte. */
ESHOST_COLD_ eshost_form_ eshost_form_of_(uint8_t first)
{
	/* The last byte of each range, and the form that it stands for. */
	static const uint8_t forms[][2] = {
		{0x7f, ESHOST_FORM_INTEGER_}, {0x8f, ESHOST_FORM_MAP_},		{0x9f, ESHOST_FORM_ARRAY_},
		{0xbf, ESHOST_FORM_STR_},	  {0xc0, ESHOST_FORM_NIL_},		{0xc1, ESHOST_FORM_EXTENSION_},
		{0xc3, ESHOST_FORM_BOOL_},	  {0xc6, ESHOST_FORM_BIN_},		{0xc9, ESHOST_FORM_EXTENSION_},
		{0xcb, ESHOST_FORM_FLOAT_},	  {0xd3, ESHOST_FORM_INTEGER_}, {0xd8, ESHOST_FORM_EXTENSION_},
		{0xdb, ESHOST_FORM_STR_},	  {0xdd, ESHOST_FORM_ARRAY_},	{0xdf, ESHOST_FORM_MAP_},
		{0xff, ESHOST_FORM_INTEGER_}};
	size_t i = 0;
	while (first > forms[i][0])
		i++;
	return (eshost_form_)forms[i][1];
}

/* Goes past one well-formed value whose arrays and maps nest at most depth levels. */
ESHOST_COLD_ bool eshost_skip_(eshost_reader_ *r, int depth)
{
	eshost_str text;
	const uint8_t *data;
	uint64_t number;
	size_t count;
	bool flag;
	if (r->at == r->end)
		return false;
	const eshost_form_ form = eshost_form_of_(*r->at);
	const bool is_map = form == ESHOST_FORM_MAP_;
	switch (form) {
	case ESHOST_FORM_INTEGER_:
		return eshost_read_integer_(r, &number, &flag);
	case ESHOST_FORM_STR_:
		return eshost_read_text_(r, &text);
	case ESHOST_FORM_BIN_:
		return eshost_read_span_(r, 0xc4, &data, &count);
	case ESHOST_FORM_FLOAT_:
		return eshost_read_number_(r, *r->at++ == 0xca ? 4 : 8, &number);
	case ESHOST_FORM_NIL_:
	case ESHOST_FORM_BOOL_:
		r->at++;
		return true;
	case ESHOST_FORM_EXTENSION_:
		return false;
	case ESHOST_FORM_MAP_:
	case ESHOST_FORM_ARRAY_:
		break;
	}
	if (depth == 0 || !eshost_read_head_(r, is_map ? 0x80 : 0x90, is_map ? 0xde : 0xdc, 1 + is_map, &count))
		return false;
	for (; count > 0; count--)
		if ((is_map && !eshost_read_text_(r, &text)) || !eshost_skip_(r, depth - 1))
			return false;
	return true;
}

/* Says in words what there is. */
ESHOST_COLD_ const char *eshost_found_(const eshost_reader_ *r)
{
	static const char *const words[] = {"an integer", "a map", "an array", "a string",		   "nil",
										"a boolean",  "bytes", "a float",  "an extension type"};
	const uint8_t b = *r->at;
	if (b >= 0xe0 || (b >= 0xd0 && b <= 0xd3 && r->end - r->at > 1 && r->at[1] >= 0x80))
		return "a negative integer";
	return words[eshost_form_of_(b)];
}

#endif
