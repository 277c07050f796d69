/* Structs, whose fields may be optional. */
#ifndef ESHOST_STRUCT_H
#define ESHOST_STRUCT_H

#include "each.h"
#include "scalar.h"

/* Reads a key and gives the field that it names, t->count if there is none, looking from next on first. */
ESHOST_COLD_ bool eshost_decode_key_(eshost_reader_ *r, const eshost_type *t, uint32_t next, uint32_t *place)
{
	eshost_str name;
	if (!eshost_read_text_(r, &name))
		return eshost_fail_("a key that is not a string");
	for (uint32_t i = 0; i < t->count; i++) {
		const uint32_t candidate = next + i < t->count ? next + i : next + i - t->count;
		if (eshost_is_field_(&t->fields[candidate], &name)) {
			*place = candidate;
			return true;
		}
	}
	*place = t->count;
	return true;
}

/* Reads the key of a field if it comes in the usual form. */
ESHOST_HOT_ bool eshost_decode_expected_(eshost_reader_ *r, const eshost_field_ *f)
{
	const size_t size = f->name_size;
	if ((size_t)(r->end - r->at) <= size || size > 31 || *r->at != (0xa0 | size) ||
		!eshost_same_(r->at + 1, f->name, size))
		return false;
	r->at += 1 + size;
	return true;
}

ESHOST_APART_ bool eshost_decode_field_(eshost_reader_ *r, const eshost_field_ *f, void *v, int depth)
{
	if (f->has != ESHOST_ALWAYS_) {
		if (r->at != r->end && *r->at == 0xc0) {
			r->at++;
			return true;
		}
		const bool has = true;
		__builtin_memcpy((uint8_t *)v + f->has, &has, sizeof has);
	}
	return f->type->kind->decode(r, f->type, (uint8_t *)v + f->offset, depth) || eshost_under_field_(f);
}

ESHOST_COLD_ bool eshost_twice_(const eshost_field_ *f)
{
	eshost_problem_of_("the field ", f->name, f->name_size, " comes twice");
	return false;
}

ESHOST_COLD_ bool eshost_has_required_(const eshost_type *t, uint64_t seen)
{
	for (uint32_t i = 0; i < t->count; i++)
		if (t->fields[i].has == ESHOST_ALWAYS_ && !(seen >> i & 1)) {
			eshost_problem_("missing");
			return eshost_under_field_(&t->fields[i]);
		}
	return true;
}

/* Fields come in the declared order nearly always, so each key is compared with the one that is expected first; and
 * most numbers are small. */
ESHOST_API_ bool eshost_decode_struct_(eshost_reader_ *r, const eshost_type *t, void *v, int depth)
{
	eshost_reader_ in = *r;
	size_t count;
	if (depth == 0)
		return eshost_too_deep_();
	if (in.at != in.end && (*in.at & 0xf0) == 0x80) {
		count = *in.at++ & 0x0f;
	} else {
		if (!eshost_read_head_(r, 0x80, 0xde, 2, &count))
			return eshost_mismatch_(t, &in);
		in.at = r->at;
	}
	eshost_zero_(v, t->size);
	uint64_t seen = 0;
	uint32_t next = 0, found = 0;
	for (; count > 0; count--, next++) {
		if (next >= t->count || !eshost_decode_expected_(&in, &t->fields[next])) {
			uint32_t place = 0;
			r->at = in.at;
			if (!eshost_decode_key_(r, t, next, &place))
				return false;
			if (place == t->count) {
				next--;
				if (!eshost_skip_(r, depth - 1))
					return eshost_fail_("an unknown field whose value is not well-formed");
				in.at = r->at;
				continue;
			}
			in.at = r->at;
			next = place;
		}
		const eshost_field_ *const f = &t->fields[next];
		if (seen >> next & 1)
			return eshost_twice_(f);
		seen |= (uint64_t)1 << next;
		found++;
		if (f->has == ESHOST_ALWAYS_ && f->type->kind == &eshost_kind_unsigned_ && in.at != in.end && *in.at < 0x80) {
			eshost_store_((uint8_t *)v + f->offset, f->type->size, *in.at++);
			continue;
		}
		r->at = in.at;
		if (!eshost_decode_field_(r, f, v, depth - 1))
			return false;
		in.at = r->at;
	}
	r->at = in.at;
	return found == t->count || eshost_has_required_(t, seen);
}

ESHOST_HOT_ bool eshost_has_(const eshost_field_ *f, const void *v)
{
	if (f->has == ESHOST_ALWAYS_)
		return true;
	bool has;
	__builtin_memcpy(&has, (const uint8_t *)v + f->has, sizeof has);
	return has;
}

/* Counts the fields that are there, of more than have room in a short head. */
ESHOST_COLD_ uint32_t eshost_fields_there_(const eshost_type *t, const void *v)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < t->count; i++)
		count += eshost_has_(&t->fields[i], v);
	return count;
}

ESHOST_API_ bool eshost_encode_struct_(eshost_writer_ *w, const eshost_type *t, const void *v, int depth)
{
	if (depth == 0)
		return eshost_too_deep_();
	const size_t head = (size_t)(w->at - w->start);
	uint32_t count = t->count;
	eshost_write_map_(w, count < 16 ? count : eshost_fields_there_(t, v));
	const eshost_field_ *f = t->fields;
	for (const eshost_field_ *const end = f + t->count; f < end; f++) {
		const uint8_t *const value = (const uint8_t *)v + f->offset;
		if (!eshost_has_(f, v)) {
			count--;
			continue;
		}
		eshost_room_(w, f->name_size + 24);
		uint8_t *const at = eshost_put_str_(w->at, f->name, f->name_size);
		if (f->type->kind == &eshost_kind_unsigned_) {
			w->at = eshost_put_uint_(at, eshost_load_(value, f->type->size));
			continue;
		}
		w->at = at;
		if (!f->type->kind->encode(w, f->type, value, depth - 1))
			return eshost_under_field_(f);
	}
	if (t->count < 16)
		w->start[head] = (uint8_t)(0x80 | count);
	return true;
}

ESHOST_COLD_ void eshost_schema_struct_(eshost_schema_ *s, const eshost_type *t)
{
	bool any = false;
	eshost_json_(s, "\"type\":\"object\",\"properties\":{");
	for (uint32_t i = 0; i < t->count; i++) {
		if (i > 0)
			eshost_json_(s, ",");
		eshost_json_name_(s, &t->fields[i]);
		eshost_schema_inner_(s, ":", t->fields[i].type);
	}
	eshost_json_(s, "}");
	for (uint32_t i = 0; i < t->count; i++)
		if (t->fields[i].has == ESHOST_ALWAYS_) {
			eshost_json_(s, any ? "," : ",\"required\":[");
			eshost_json_name_(s, &t->fields[i]);
			any = true;
		}
	if (any)
		eshost_json_(s, "]");
}

ESHOST_UNUSED_ static const eshost_kind_ eshost_kind_struct_ = {eshost_decode_struct_, eshost_encode_struct_,
																eshost_schema_struct_, false, true};

/* ESHOST_STRUCT(Line, field(eshost_str, sku), field(uint32_t, quantity), optional(eshost_str, note));
 *
 * defines the struct Line with these fields in this order. A field is
 *
 *   field(T, name)             T name;
 *   optional(T, name)          bool has_name; T name;       absent unless has_name is set
 *   field_as(T, name, "wire")  and optional_as(...): the same under another name on the wire
 *
 * T is bool, an integer of a stated size, double, eshost_str, eshost_bytes, or a type that one of these macros defined.
 * The name of a struct without fields goes into ESHOST_EMPTY. */
#define ESHOST_STRUCT(Name, ...)                                                                          \
	typedef struct Name Name;                                                                             \
	struct Name {                                                                                         \
		ESHOST_EACH_(ESHOST_MEMBER_, Name, __VA_ARGS__)                                                   \
	};                                                                                                    \
	static const eshost_field_ eshost_fields_##Name[] = {ESHOST_EACH_(ESHOST_FIELD_, Name, __VA_ARGS__)}; \
	ESHOST_TYPE_(Name, eshost_kind_struct_, "a map", 1 ESHOST_EACH_(ESHOST_FLAT_, Name, __VA_ARGS__),     \
				 eshost_fields_##Name, ESHOST_COUNT_(__VA_ARGS__), 0, 0, NULL)

#define ESHOST_EMPTY(Name) \
	typedef struct Name {  \
		char nothing;      \
	} Name;                \
	ESHOST_TYPE_(Name, eshost_kind_struct_, "a map", 1, NULL, 0, 0, 0, NULL)

#define ESHOST_MEMBER_(Name, x) ESHOST_MEMBER_##x
#define ESHOST_MEMBER_field(T, name) T name;
#define ESHOST_MEMBER_optional(T, name) \
	T name;                             \
	bool has_##name;
#define ESHOST_MEMBER_field_as(T, name, wire) ESHOST_MEMBER_field(T, name)
#define ESHOST_MEMBER_optional_as(T, name, wire) ESHOST_MEMBER_optional(T, name)

#define ESHOST_FLAT_(Name, x) ESHOST_FLAT_##x
#define ESHOST_FLAT_field(T, name) &&eshost_flat_##T
#define ESHOST_FLAT_optional(T, name) ESHOST_FLAT_field(T, name)
#define ESHOST_FLAT_field_as(T, name, wire) ESHOST_FLAT_field(T, name)
#define ESHOST_FLAT_optional_as(T, name, wire) ESHOST_FLAT_field(T, name)

#define ESHOST_FIELD_(Name, x) ESHOST_FIELD_OF_(Name, ESHOST_FIELD_##x)
#define ESHOST_FIELD_OF_(...) ESHOST_FIELD_HERE_(__VA_ARGS__)
#define ESHOST_FIELD_HERE_(Name, presence, T, name, wire) \
	{wire, sizeof(wire) - 1, offsetof(Name, name), ESHOST_HAS_##presence(Name, name), &eshost_type_##T},
#define ESHOST_FIELD_field(T, name) REQUIRED, T, name, #name
#define ESHOST_FIELD_optional(T, name) OPTIONAL, T, name, #name
#define ESHOST_FIELD_field_as(T, name, wire) REQUIRED, T, name, wire
#define ESHOST_FIELD_optional_as(T, name, wire) OPTIONAL, T, name, wire
#define ESHOST_HAS_REQUIRED(Name, name) ESHOST_ALWAYS_
#define ESHOST_HAS_OPTIONAL(Name, name) offsetof(Name, has_##name)

#endif
