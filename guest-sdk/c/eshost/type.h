/* What a C type is on the wire: a description from which its values are decoded and encoded, and its schema comes. */
#ifndef ESHOST_TYPE_H
#define ESHOST_TYPE_H

#include "reader.h"
#include "writer.h"

typedef struct eshost_type eshost_type;

/* The type of the items of a list, or of the values of a map, whose schema is being written. */
typedef struct eshost_open_ {
	const eshost_type *type;
	const struct eshost_open_ *outer;
} eshost_open_;

/* The text of a JSON Schema. Types that turn out to contain themselves are named, and written at the end. */
typedef struct eshost_schema_ {
	eshost_writer_ out;
	const eshost_open_ *open;
	const eshost_type *named[64];
	uint32_t named_count;
} eshost_schema_;

/* What all types of a kind have in common. A plugin holds the kinds that it uses and no others. */
typedef struct eshost_kind_ {
	/* Reads a value into v; depth is how many levels of arrays and maps it may still have. */
	bool (*decode)(eshost_reader_ *r, const eshost_type *t, void *v, int depth);
	/* Writes the value at v. */
	bool (*encode)(eshost_writer_ *w, const eshost_type *t, const void *v, int depth);
	/* Writes the members of the object that describes a type. */
	void (*schema)(eshost_schema_ *s, const eshost_type *t);
	bool is_none;	/* there is nothing on the wire */
	bool takes_nil; /* no payload at all reads like the empty map */
} eshost_kind_;

/* A field of a struct, or a variant of an enum or a union. */
typedef struct eshost_field_ {
	const char *name;
	uint32_t name_size;
	uint32_t offset; /* of its value */
	uint32_t has;	 /* offset of the bool that says whether it is there; ESHOST_ALWAYS_: it is */
	const eshost_type *type;
} eshost_field_;

#define ESHOST_ALWAYS_ UINT32_MAX

struct eshost_type {
	const eshost_kind_ *kind;
	const char *wants; /* in words, what it is decoded from */
	uint32_t size;
	bool flat; /* it has no pointers: a copy shares nothing */
	const eshost_field_ *fields;
	uint32_t count;			 /* of the fields */
	uint32_t value;			 /* of a map: the offset of the value in an entry */
	uint32_t entry;			 /* of a map: the size of an entry */
	const eshost_type *elem; /* of a list and a map */
};

/* Defines eshost_type_Name, and eshost_flat_Name for the types that contain it. */
#ifdef __cplusplus
#define ESHOST_TYPE_DECLARED_(Name)              \
	namespace                                    \
	{                                            \
	extern const eshost_type eshost_type_##Name; \
	}
#define ESHOST_TYPE_DEFINED_(Name, ...)                                \
	namespace                                                          \
	{                                                                  \
	extern const eshost_type eshost_type_##Name;                       \
	ESHOST_UNUSED_ const eshost_type eshost_type_##Name = __VA_ARGS__; \
	}
#else
#define ESHOST_TYPE_DECLARED_(Name) static const eshost_type eshost_type_##Name;
#define ESHOST_TYPE_DEFINED_(Name, ...) ESHOST_UNUSED_ static const eshost_type eshost_type_##Name = __VA_ARGS__;
#endif
#define ESHOST_TYPE_(Name, kind, wants, is_flat, fields, count, value, entry, elem)                             \
	enum { eshost_flat_##Name = (is_flat) };                                                                    \
	ESHOST_TYPE_DEFINED_(Name, {&kind, wants, sizeof(Name), (is_flat) != 0, fields, count, value, entry, elem}) \
	ESHOST_ASSERT_STATIC_(true, "")

/* Declares a type before it is defined, for one that contains lists of itself. */
#define ESHOST_FORWARD(Name)    \
	typedef struct Name Name;   \
	ESHOST_TYPE_DECLARED_(Name) \
	ESHOST_ASSERT_STATIC_(true, "")

/* Fails because there is one thing and another is wanted. */
ESHOST_COLD_ bool eshost_unwanted_(const char *found, const eshost_type *t)
{
	eshost_problem_(found);
	eshost_say_(", where ");
	eshost_say_(t->wants);
	eshost_say_(" is wanted");
	return false;
}

/* Fails at the value that begins at start. */
ESHOST_COLD_ bool eshost_mismatch_(const eshost_type *t, const eshost_reader_ *start)
{
	const char *const found = start->at == start->end ? "the end of the input" : eshost_found_(start);
	if (found != t->wants && !eshost_str_equal(eshost_str_of(found), eshost_str_of(t->wants)))
		return eshost_unwanted_(found, t);
	eshost_problem_(found);
	eshost_say_(" that the input ends in");
	return false;
}

ESHOST_API_ bool eshost_is_field_(const eshost_field_ *f, const eshost_str *name)
{
	return f->name_size == name->size && eshost_same_(f->name, name->data, name->size);
}

ESHOST_COLD_ bool eshost_under_field_(const eshost_field_ *f) { return eshost_under_(f->name, f->name_size); }

ESHOST_API_ void eshost_encode_name_(eshost_writer_ *w, const eshost_field_ *f)
{
	eshost_write_str_(w, f->name, f->name_size);
}

ESHOST_COLD_ bool eshost_too_deep_(void) { return eshost_fail_("more than 64 levels of arrays and maps"); }

/* Stores the low bytes of a number. */
ESHOST_HOT_ void eshost_store_(void *v, uint32_t size, uint64_t number)
{
#ifdef __wasm__
	uint64_t all;
	ESHOST_READS_BEYOND_(v);
	__builtin_memcpy(&all, v, 8);
	const uint64_t mask = UINT64_MAX >> (64 - 8 * size);
	all = (all & ~mask) | (number & mask);
	__builtin_memcpy(v, &all, 8);
#else
	__builtin_memcpy(v, &number, size);
#endif
}

/* Loads a number of size bytes, with zeros above it. */
ESHOST_HOT_ uint64_t eshost_load_(const void *v, uint32_t size)
{
	uint64_t number = 0;
#ifdef __wasm__
	ESHOST_READS_BEYOND_(v);
	__builtin_memcpy(&number, v, 8);
	number &= UINT64_MAX >> (64 - 8 * size);
#else
	__builtin_memcpy(&number, v, size);
#endif
	return number;
}

ESHOST_COLD_ bool eshost_encode_unsigned_(eshost_writer_ *w, const eshost_type *t, const void *v, int depth);

/* Decodes a payload, which must hold exactly one value, into v. Without data it is nothing at all. The value holds
 * views of the payload. If it does not decode, the problem says why. */
ESHOST_API_ bool eshost_decode_(const eshost_type *t, const eshost_bytes *payload, void *v)
{
	static const uint8_t nothing[] = {0x80};
	eshost_reader_ r = {payload->data, payload->data + payload->size};
	if (payload->data == NULL) {
		if (!t->kind->takes_nil)
			return eshost_unwanted_("nothing", t);
		r.at = nothing;
		r.end = nothing + 1;
	}
	if (t->kind->encode == eshost_encode_unsigned_ && payload->size == 1 && *payload->data < 0x80) {
		eshost_store_(v, t->size, *payload->data);
		return true;
	}
	if (!t->kind->decode(&r, t, v, ESHOST_MAX_DEPTH_))
		return false;
	return r.at == r.end || eshost_fail_("bytes after the end of the value");
}

ESHOST_API_ bool eshost_encode_(eshost_writer_ *w, const eshost_type *t, const void *v)
{
	return t->kind->encode(w, t, v, ESHOST_MAX_DEPTH_);
}

/* Gives a payload of size bytes, whose head of two bytes is at start, the longer head that it needs. */
ESHOST_COLD_ void eshost_lengthen_(eshost_writer_ *w, size_t start, size_t size)
{
	const size_t more = size <= UINT16_MAX ? 1 : 3;
	eshost_make_room_(w, more);
	uint8_t *const head = w->start + start;
	__builtin_memmove(head + 2 + more, head + 2, size);
	w->at += more;
	head[0] = more == 1 ? 0xc5 : 0xc6;
	for (size_t i = 1 + more; i > 0; i--, size >>= 8)
		head[i] = (uint8_t)size;
}

/* Writes a value as a payload: a bin, or nil if it is an eshost_none. If it cannot be encoded the problem says why, and
 * what was written is anything. */
ESHOST_COLD_ bool eshost_encode_payload_(eshost_writer_ *w, const eshost_type *t, const void *v)
{
	if (t->kind->is_none) {
		eshost_write_byte_(w, 0xc0);
		return true;
	}
	eshost_room_(w, 16);
	const size_t start = (size_t)(w->at - w->start);
	w->at += 2; /* the head of a short one, which most are */
	if (t->kind->encode == eshost_encode_unsigned_)
		w->at = eshost_put_uint_(w->at, eshost_load_(v, t->size));
	else if (!eshost_encode_(w, t, v))
		return false;
	const size_t size = (size_t)(w->at - w->start) - start - 2;
	if (size <= UINT8_MAX) {
		w->start[start] = 0xc4;
		w->start[start + 1] = (uint8_t)size;
		return true;
	}
	eshost_lengthen_(w, start, size);
	return true;
}

#endif
