/* Lists. */
#ifndef ESHOST_LIST_H
#define ESHOST_LIST_H

#include "grow.h"
#include "struct.h"

/* The fewest bytes that a value of a type has on the wire, or fewer. */
ESHOST_API_ size_t eshost_least_(const eshost_type *t)
{
	size_t least = 1;
	if (t->kind == &eshost_kind_struct_)
		for (uint32_t i = 0; i < t->count; i++)
			if (t->fields[i].has == ESHOST_ALWAYS_)
				least += t->fields[i].name_size + 2u;
	return least;
}

/* Gives memory for what a list or a map holds, or NULL, with a problem, if it cannot be there: items of size bytes,
 * each of which has at least so many bytes on the wire beside what its type has. */
ESHOST_API_ void *eshost_take_items_(const eshost_reader_ *r, const eshost_type *t, size_t beside, size_t count,
									 size_t size)
{
	if (count > (size_t)(r->end - r->at) / (beside + eshost_least_(t))) {
		eshost_problem_("fewer items than the length says");
		return NULL;
	}
	void *const items = (uint64_t)count * size > UINT32_MAX / 2 ? NULL : eshost_try_take_(count * size);
	if (items == NULL)
		eshost_problem_("more items than there is memory for");
	return items;
}

ESHOST_API_ bool eshost_decode_list_(eshost_reader_ *r, const eshost_type *t, void *v, int depth)
{
	const eshost_reader_ start = *r;
	size_t count;
	if (depth == 0)
		return eshost_too_deep_();
	if (!eshost_read_array_(r, &count))
		return eshost_mismatch_(t, &start);
	const size_t size = t->elem->size;
	uint8_t *const items = (uint8_t *)eshost_take_items_(r, t->elem, 0, count, size);
	if (items == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!t->elem->kind->decode(r, t->elem, items + i * size, depth - 1))
			return eshost_under_index_(i);
	const eshost_list_ list = {items, count};
	__builtin_memcpy(v, &list, sizeof list);
	return true;
}

ESHOST_API_ bool eshost_encode_list_(eshost_writer_ *w, const eshost_type *t, const void *v, int depth)
{
	eshost_list_ list;
	__builtin_memcpy(&list, v, sizeof list);
	if (depth == 0)
		return eshost_too_deep_();
	eshost_write_array_(w, list.count);
	for (size_t i = 0; i < list.count; i++)
		if (!t->elem->kind->encode(w, t->elem, (const uint8_t *)list.items + i * t->elem->size, depth - 1))
			return eshost_under_index_(i);
	return true;
}

/* Gives the number of a type that is named, or that has to be because it is being written already; 0: neither. */
ESHOST_COLD_ uint32_t eshost_schema_name_(eshost_schema_ *s, const eshost_type *t)
{
	for (uint32_t i = 0; i < s->named_count; i++)
		if (s->named[i] == t)
			return i + 1;
	for (const eshost_open_ *open = s->open; open != NULL; open = open->outer)
		if (open->type == t && s->named_count < sizeof s->named / sizeof s->named[0]) {
			s->named[s->named_count++] = t;
			return s->named_count;
		}
	return 0;
}

/* Writes the schema of the items of a list or the values of a map, behind some text. Only they can lead back to a type
 * that is around them. */
ESHOST_COLD_ void eshost_schema_elem_(eshost_schema_ *s, const char *before, const eshost_type *t)
{
	const uint32_t number = eshost_schema_name_(s, t);
	if (number > 0) {
		eshost_json_(s, before);
		eshost_json_(s, "{\"$ref\":\"#/$defs/");
		eshost_json_number_(s, number);
		eshost_json_(s, "\"}");
		return;
	}
	const eshost_open_ here = {t, s->open};
	s->open = &here;
	eshost_schema_inner_(s, before, t);
	s->open = here.outer;
}

ESHOST_COLD_ void eshost_schema_list_(eshost_schema_ *s, const eshost_type *t)
{
	eshost_schema_elem_(s, "\"type\":\"array\",\"items\":", t->elem);
}

ESHOST_UNUSED_ static const eshost_kind_ eshost_kind_list_ = {eshost_decode_list_, eshost_encode_list_,
															  eshost_schema_list_, false, false};

ESHOST_API_ void *eshost_list_add_(void *at, size_t size)
{
	eshost_list_ list;
	__builtin_memcpy(&list, at, sizeof list);
	uint8_t *const item = eshost_open_up_(at, size, list.count, 1);
	eshost_zero_(item, size);
	return item;
}

ESHOST_API_ void *eshost_list_edit_(void *at, size_t size) { return eshost_open_up_(at, size, 0, 0); }

ESHOST_API_ void eshost_list_remove_(void *at, size_t size, size_t index)
{
	eshost_list_ list;
	__builtin_memcpy(&list, at, sizeof list);
	if (index >= list.count)
		eshost_panic("an item beyond the end of a list was to be removed");
	eshost_close_up_(at, size, index);
}

ESHOST_API_ void eshost_list_share_(const void *at, size_t size)
{
	eshost_list_ list;
	__builtin_memcpy(&list, at, sizeof list);
	eshost_share_(&list, size);
}

/* ESHOST_LIST(Lines, Line); defines a list of Line: const Line *items, and size_t count. What a handler is given is
 * never written to: the first change to a list makes it anew, with room to grow, and then it belongs to the variable
 * that was changed. These functions give memory to write to, until the list is changed again:
 *
 *   *Lines_add(&list) = line;          one more item at the end, zero at first
 *   Lines_edit(&list)[i].quantity = 2; all items
 *   Lines_remove(&list, i);
 *   other = Lines_copy(&list);         and each may be changed without the other; a mere = is for lists of which only
 *                                      one is changed thereafter, as when a fold takes over that of its event */
#define ESHOST_LIST(Name, T)                                                                              \
	typedef struct Name {                                                                                 \
		const T *items;                                                                                   \
		size_t count;                                                                                     \
	} Name;                                                                                               \
	ESHOST_TYPE_(Name, eshost_kind_list_, "an array", 0, NULL, 0, 0, 0, &eshost_type_##T);                \
	ESHOST_API_ T *Name##_add(Name *list) { return (T *)eshost_list_add_(list, eshost_type_##T.size); }   \
	ESHOST_API_ T *Name##_edit(Name *list) { return (T *)eshost_list_edit_(list, eshost_type_##T.size); } \
	ESHOST_API_ Name Name##_copy(const Name *list)                                                        \
	{                                                                                                     \
		eshost_list_share_(list, eshost_type_##T.size);                                                   \
		return *list;                                                                                     \
	}                                                                                                     \
	ESHOST_API_ void Name##_remove(Name *list, size_t index)                                              \
	{                                                                                                     \
		eshost_list_remove_(list, eshost_type_##T.size, index);                                           \
	}                                                                                                     \
	ESHOST_ASSERT_STATIC_(sizeof(Name) == sizeof(eshost_list_), "")

#endif
