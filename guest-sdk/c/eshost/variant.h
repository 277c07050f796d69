/* Enums, and unions with a tag. */
#ifndef ESHOST_VARIANT_H
#define ESHOST_VARIANT_H

#include "each.h"
#include "scalar.h"

/* Gives the place of a variant among those of a type. */
ESHOST_API_ bool eshost_decode_variant_(const eshost_type *t, eshost_str name, uint32_t *place)
{
	for (uint32_t i = 0; i < t->count; i++)
		if (eshost_is_field_(&t->fields[i], &name)) {
			*place = i;
			return true;
		}
	eshost_problem_of_("", name.data, name.size, " is not one of the variants");
	return false;
}

ESHOST_API_ bool eshost_decode_enum_(eshost_reader_ *r, const eshost_type *t, void *v, int depth)
{
	(void)depth;
	const eshost_reader_ start = *r;
	eshost_str name;
	uint32_t place = 0;
	if (!eshost_read_str_(r, &name))
		return eshost_mismatch_(t, &start);
	if (!eshost_decode_variant_(t, name, &place))
		return false;
	__builtin_memcpy(v, &place, sizeof place);
	return true;
}

ESHOST_API_ bool eshost_decode_union_(eshost_reader_ *r, const eshost_type *t, void *v, int depth)
{
	const eshost_reader_ start = *r;
	eshost_str name;
	uint32_t place = 0;
	size_t count = 0;
	const bool is_map = eshost_read_map_(r, &count);
	if (is_map && depth == 0)
		return eshost_too_deep_();
	if (is_map && count != 1)
		return eshost_fail_("a map of other than one entry, where one names the variant");
	if (!eshost_read_str_(r, &name))
		return eshost_mismatch_(t, is_map ? r : &start);
	if (!eshost_decode_variant_(t, name, &place))
		return false;
	const eshost_field_ *const f = &t->fields[place];
	if (f->type->kind->is_none == is_map) {
		eshost_problem_("a variant with content is a map of one entry, one without is a string");
		return eshost_under_field_(f);
	}
	eshost_zero_(v, t->size);
	__builtin_memcpy(v, &place, sizeof place);
	return !is_map || f->type->kind->decode(r, f->type, (uint8_t *)v + f->offset, depth - 1) || eshost_under_field_(f);
}

/* Gives the variant that an enum or a union is. */
ESHOST_API_ const eshost_field_ *eshost_variant_(const eshost_type *t, const void *v)
{
	uint32_t place;
	__builtin_memcpy(&place, v, sizeof place);
	if (place < t->count)
		return &t->fields[place];
	eshost_problem_("the value ");
	eshost_say_number_(place);
	eshost_say_(" of an enum that has no such variant");
	return NULL;
}

ESHOST_API_ bool eshost_encode_union_(eshost_writer_ *w, const eshost_type *t, const void *v, int depth)
{
	const eshost_field_ *const f = eshost_variant_(t, v);
	if (f == NULL)
		return false;
	const bool has_content = !f->type->kind->is_none;
	if (has_content && depth == 0)
		return eshost_too_deep_();
	if (has_content)
		eshost_write_map_(w, 1);
	eshost_encode_name_(w, f);
	return !has_content || f->type->kind->encode(w, f->type, (const uint8_t *)v + f->offset, depth - 1) ||
		   eshost_under_field_(f);
}

ESHOST_API_ bool eshost_encode_enum_(eshost_writer_ *w, const eshost_type *t, const void *v, int depth)
{
	const eshost_field_ *const f = eshost_variant_(t, v);
	(void)depth;
	if (f != NULL)
		eshost_encode_name_(w, f);
	return f != NULL;
}

ESHOST_COLD_ void eshost_schema_enum_(eshost_schema_ *s, const eshost_type *t)
{
	eshost_json_(s, "\"type\":\"string\",\"enum\":");
	for (uint32_t i = 0; i < t->count; i++) {
		eshost_json_(s, i == 0 ? "[" : ",");
		eshost_json_name_(s, &t->fields[i]);
	}
	eshost_json_(s, "]");
}

ESHOST_COLD_ void eshost_schema_union_(eshost_schema_ *s, const eshost_type *t)
{
	for (uint32_t i = 0; i < t->count; i++) {
		const eshost_field_ *const f = &t->fields[i];
		eshost_json_(s, i == 0 ? "\"oneOf\":[" : ",");
		if (f->type->kind->is_none) {
			eshost_json_(s, "{\"const\":");
			eshost_json_name_(s, f);
			eshost_json_(s, "}");
			continue;
		}
		eshost_json_(s, "{\"type\":\"object\",\"properties\":{");
		eshost_json_name_(s, f);
		eshost_schema_inner_(s, ":", f->type);
		eshost_json_(s, "},\"required\":[");
		eshost_json_name_(s, f);
		eshost_json_(s, "],\"additionalProperties\":false}");
	}
	eshost_json_(s, "]");
}

ESHOST_UNUSED_ static const eshost_kind_ eshost_kind_enum_ = {eshost_decode_enum_, eshost_encode_enum_,
															  eshost_schema_enum_, false, false};
ESHOST_UNUSED_ static const eshost_kind_ eshost_kind_union_ = {eshost_decode_union_, eshost_encode_union_,
															   eshost_schema_union_, false, false};

/* ESHOST_ENUM(Status, variant(STATUS_OPEN, "open"), variant(STATUS_PAID, "paid")); defines an enum whose values are
 * their names on the wire. The first one is zero. */
#define ESHOST_ENUM(Name, ...)                                                                              \
	typedef enum Name { ESHOST_EACH_(ESHOST_ENUMERATOR_, Name, __VA_ARGS__) } Name;                         \
	static const eshost_field_ eshost_fields_##Name[] = {ESHOST_EACH_(ESHOST_VARIANT_, Name, __VA_ARGS__)}; \
	ESHOST_TYPE_(Name, eshost_kind_enum_, "a string", sizeof(Name) == 4, eshost_fields_##Name,              \
				 ESHOST_COUNT_(__VA_ARGS__), 0, 0, NULL)

/* ESHOST_UNION(Payment, variant(PAYMENT_CASH, "cash"), content(PAYMENT_CARD, "card", Card, card)); defines a struct
 * with a tag, of which the first variant is zero, and a union named as: here p.as.card is there if p.tag is
 * PAYMENT_CARD. At least one variant has content; without any it is an ESHOST_ENUM. */
#define ESHOST_UNION(Name, ...)                                                                                       \
	typedef enum Name##_tag{ESHOST_EACH_(ESHOST_ENUMERATOR_, Name, __VA_ARGS__)} Name##_tag;                          \
	typedef struct Name {                                                                                             \
		Name##_tag tag;                                                                                               \
		union {                                                                                                       \
			ESHOST_EACH_(ESHOST_CONTENT_, Name, __VA_ARGS__)                                                          \
		} as;                                                                                                         \
	} Name;                                                                                                           \
	static const eshost_field_ eshost_fields_##Name[] = {ESHOST_EACH_(ESHOST_VARIANT_, Name, __VA_ARGS__)};           \
	ESHOST_TYPE_(Name, eshost_kind_union_, "a variant: a string or a map of one entry",                               \
				 sizeof(Name##_tag) == 4 ESHOST_EACH_(ESHOST_CONTENT_FLAT_, Name, __VA_ARGS__), eshost_fields_##Name, \
				 ESHOST_COUNT_(__VA_ARGS__), 0, 0, NULL)

#define ESHOST_ENUMERATOR_(Name, x) ESHOST_ENUMERATOR_##x
#define ESHOST_ENUMERATOR_variant(id, wire) id,
#define ESHOST_ENUMERATOR_content(id, wire, T, name) id,
#define ESHOST_CONTENT_(Name, x) ESHOST_CONTENT_##x
#define ESHOST_CONTENT_variant(id, wire)
#define ESHOST_CONTENT_content(id, wire, T, name) T name;
#define ESHOST_CONTENT_FLAT_(Name, x) ESHOST_CONTENT_FLAT_##x
#define ESHOST_CONTENT_FLAT_variant(id, wire)
#define ESHOST_CONTENT_FLAT_content(id, wire, T, name) &&eshost_flat_##T
#define ESHOST_VARIANT_(Name, x) ESHOST_VARIANT_OF_(Name, ESHOST_VARIANT_##x)
#define ESHOST_VARIANT_OF_(...) ESHOST_VARIANT_HERE_(__VA_ARGS__)
#define ESHOST_VARIANT_HERE_(Name, wire, T, offset) {wire, sizeof(wire) - 1, offset(Name), ESHOST_ALWAYS_, T},
#define ESHOST_VARIANT_variant(id, wire) wire, &eshost_type_eshost_none, ESHOST_NO_OFFSET_
#define ESHOST_VARIANT_content(id, wire, T, name) wire, &eshost_type_##T, ESHOST_UNION_OFFSET_
#define ESHOST_NO_OFFSET_(Name) 0
#define ESHOST_UNION_OFFSET_(Name) offsetof(Name, as)

#endif
