/* The types that contain no others: booleans, numbers, strings, bytes, and nothing at all. */
#ifndef ESHOST_SCALAR_H
#define ESHOST_SCALAR_H

#include "schema.h"

/* For a command or an event that carries nothing, and for no reply. On the wire it is no payload. */
typedef struct eshost_none {
	char nothing;
} eshost_none;

ESHOST_API_ bool eshost_decode_none_(eshost_reader_ *r, const eshost_type *t, void *v, int depth)
{
	eshost_reader_ start = *r;
	size_t count;
	(void)t, (void)v;
	if (!eshost_read_map_(&start, &count))
		return eshost_fail_("something, where nothing is wanted");
	return eshost_skip_(r, depth) || eshost_fail_("a map that is not well-formed");
}

ESHOST_API_ bool eshost_encode_none_(eshost_writer_ *w, const eshost_type *t, const void *v, int depth)
{
	(void)w, (void)t, (void)v, (void)depth;
	return eshost_fail_("nothing at all, inside of a value");
}

ESHOST_COLD_ void eshost_schema_none_(eshost_schema_ *s, const eshost_type *t)
{
	(void)t;
	eshost_json_(s, "\"type\":\"object\",\"properties\":{}"); /* no payload reads like the empty map */
}

ESHOST_API_ bool eshost_decode_bool_(eshost_reader_ *r, const eshost_type *t, void *v, int depth)
{
	(void)depth;
	if (r->at == r->end || (*r->at & 0xfe) != 0xc2)
		return eshost_mismatch_(t, r);
	const bool value = *r->at++ == 0xc3;
	__builtin_memcpy(v, &value, sizeof value);
	return true;
}

ESHOST_API_ bool eshost_encode_bool_(eshost_writer_ *w, const eshost_type *t, const void *v, int depth)
{
	bool value;
	(void)t, (void)depth;
	__builtin_memcpy(&value, v, sizeof value);
	eshost_write_byte_(w, value ? 0xc3 : 0xc2);
	return true;
}

ESHOST_COLD_ void eshost_schema_bool_(eshost_schema_ *s, const eshost_type *t)
{
	(void)t;
	eshost_json_(s, "\"type\":\"boolean\"");
}

ESHOST_COLD_ bool eshost_decode_unsigned_(eshost_reader_ *r, const eshost_type *t, void *v, int depth)
{
	const eshost_reader_ start = *r;
	uint64_t number;
	(void)depth;
	if (!eshost_read_uint_(r, &number) || number > UINT64_MAX >> (64 - 8 * t->size))
		return eshost_mismatch_(t, &start);
	eshost_store_(v, t->size, number);
	return true;
}

ESHOST_COLD_ bool eshost_encode_unsigned_(eshost_writer_ *w, const eshost_type *t, const void *v, int depth)
{
	(void)depth;
	eshost_write_uint_(w, eshost_load_(v, t->size));
	return true;
}

ESHOST_COLD_ void eshost_schema_unsigned_(eshost_schema_ *s, const eshost_type *t)
{
	eshost_json_(s, "\"type\":\"integer\",\"minimum\":0,\"maximum\":");
	eshost_json_number_(s, UINT64_MAX >> (64 - 8 * t->size));
}

ESHOST_API_ bool eshost_decode_signed_(eshost_reader_ *r, const eshost_type *t, void *v, int depth)
{
	const eshost_reader_ start = *r;
	const uint64_t limit = UINT64_MAX >> (65 - 8 * t->size);
	uint64_t number;
	bool negative;
	(void)depth;
	if (!eshost_read_integer_(r, &number, &negative) || (negative ? ~number : number) > limit)
		return eshost_mismatch_(t, &start);
	eshost_store_(v, t->size, number);
	return true;
}

ESHOST_API_ bool eshost_encode_signed_(eshost_writer_ *w, const eshost_type *t, const void *v, int depth)
{
	const uint32_t unused = 64 - 8 * t->size;
	(void)depth;
	eshost_write_int_(w, (int64_t)(eshost_load_(v, t->size) << unused) >> unused);
	return true;
}

ESHOST_COLD_ void eshost_schema_signed_(eshost_schema_ *s, const eshost_type *t)
{
	const uint64_t limit = UINT64_MAX >> (65 - 8 * t->size);
	eshost_json_(s, "\"type\":\"integer\",\"minimum\":-");
	eshost_json_number_(s, limit + 1);
	eshost_json_(s, ",\"maximum\":");
	eshost_json_number_(s, limit);
}

ESHOST_API_ bool eshost_decode_float_(eshost_reader_ *r, const eshost_type *t, void *v, int depth)
{
	const eshost_reader_ start = *r;
	double value;
	(void)depth;
	if (!eshost_read_float_(r, &value))
		return eshost_mismatch_(t, &start);
	__builtin_memcpy(v, &value, sizeof value);
	return true;
}

ESHOST_API_ bool eshost_encode_float_(eshost_writer_ *w, const eshost_type *t, const void *v, int depth)
{
	double value;
	uint64_t bits;
	(void)t, (void)depth;
	__builtin_memcpy(&value, v, sizeof value);
	__builtin_memcpy(&bits, v, sizeof bits);
	eshost_write_number_(w, 0xcb, value == value ? bits : (uint64_t)0x7ff8 << 48, 8);
	return true;
}

ESHOST_COLD_ void eshost_schema_float_(eshost_schema_ *s, const eshost_type *t)
{
	(void)t;
	eshost_json_(
		s, "\"anyOf\":[{\"type\":\"number\"},{\"type\":\"object\",\"properties\":{\"$float\":{\"type\":\"string\"}},"
		   "\"required\":[\"$float\"]}]");
}

ESHOST_API_ bool eshost_decode_str_(eshost_reader_ *r, const eshost_type *t, void *v, int depth)
{
	const eshost_reader_ start = *r;
	eshost_str text;
	(void)depth;
	if (!eshost_read_str_(r, &text))
		return eshost_mismatch_(t, &start);
	if (!eshost_is_utf8_(text.data, text.size))
		return eshost_fail_("a string that is not UTF-8");
	__builtin_memcpy(v, &text, sizeof text);
	return true;
}

ESHOST_API_ bool eshost_encode_str_(eshost_writer_ *w, const eshost_type *t, const void *v, int depth)
{
	eshost_str text;
	(void)t, (void)depth;
	__builtin_memcpy(&text, v, sizeof text);
	if (!eshost_is_utf8_(text.data, text.size))
		return eshost_fail_("a string that is not UTF-8");
	eshost_write_str_(w, text.data, text.size);
	return true;
}

ESHOST_COLD_ void eshost_schema_str_(eshost_schema_ *s, const eshost_type *t)
{
	(void)t;
	eshost_json_(s, "\"type\":\"string\"");
}

ESHOST_API_ bool eshost_decode_bytes_(eshost_reader_ *r, const eshost_type *t, void *v, int depth)
{
	const eshost_reader_ start = *r;
	eshost_bytes bytes;
	(void)depth;
	if (!eshost_read_bin_(r, &bytes))
		return eshost_mismatch_(t, &start);
	__builtin_memcpy(v, &bytes, sizeof bytes);
	return true;
}

ESHOST_API_ bool eshost_encode_bytes_(eshost_writer_ *w, const eshost_type *t, const void *v, int depth)
{
	eshost_bytes bytes;
	(void)t, (void)depth;
	__builtin_memcpy(&bytes, v, sizeof bytes);
	eshost_write_bin_(w, bytes.data, bytes.size);
	return true;
}

ESHOST_COLD_ void eshost_schema_bytes_(eshost_schema_ *s, const eshost_type *t)
{
	(void)t;
	eshost_json_(s,
				 "\"type\":\"object\",\"properties\":{\"$bin\":{\"type\":\"string\",\"contentEncoding\":\"base64\"}},"
				 "\"required\":[\"$bin\"]");
}

#define ESHOST_SCALAR_KIND_(name, is_none)                             \
	ESHOST_UNUSED_ static const eshost_kind_ eshost_kind_##name##_ = { \
		eshost_decode_##name##_, eshost_encode_##name##_, eshost_schema_##name##_, is_none, is_none}

ESHOST_SCALAR_KIND_(none, true);
ESHOST_SCALAR_KIND_(bool, false);
ESHOST_SCALAR_KIND_(unsigned, false);
ESHOST_SCALAR_KIND_(signed, false);
ESHOST_SCALAR_KIND_(float, false);
ESHOST_SCALAR_KIND_(str, false);
ESHOST_SCALAR_KIND_(bytes, false);

#define ESHOST_SCALAR_(T, kind, wants, is_flat) \
	ESHOST_TYPE_(T, eshost_kind_##kind##_, wants, is_flat, NULL, 0, 0, 0, NULL)

/* bool is a macro in C11, and so becomes this before it is pasted to a name. */
#define eshost_type__Bool eshost_type_bool
#define eshost_flat__Bool eshost_flat_bool

ESHOST_SCALAR_(eshost_none, none, "nothing", 1);
ESHOST_SCALAR_(bool, bool, "a boolean", 1);
ESHOST_SCALAR_(uint8_t, unsigned, "an integer from 0 to 255", 1);
ESHOST_SCALAR_(uint16_t, unsigned, "an integer from 0 to 65535", 1);
ESHOST_SCALAR_(uint32_t, unsigned, "an integer from 0 on, of 32 bits,", 1);
ESHOST_SCALAR_(uint64_t, unsigned, "an integer from 0 on, of 64 bits,", 1);
ESHOST_SCALAR_(int8_t, signed, "an integer from -128 to 127", 1);
ESHOST_SCALAR_(int16_t, signed, "an integer from -32768 to 32767", 1);
ESHOST_SCALAR_(int32_t, signed, "an integer of 32 bits", 1);
ESHOST_SCALAR_(int64_t, signed, "an integer of 64 bits", 1);
ESHOST_SCALAR_(double, float, "a number", 1);
ESHOST_SCALAR_(eshost_str, str, "a string", 0);
ESHOST_SCALAR_(eshost_bytes, bytes, "bytes", 0);

#endif
