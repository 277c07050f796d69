/* Maps from strings. */
#ifndef ESHOST_MAP_H
#define ESHOST_MAP_H

#include "list.h"

/* The key of an entry of a map. */
ESHOST_API_ eshost_str eshost_key_(const void *entries, const eshost_type *t, size_t index)
{
	eshost_str key;
	__builtin_memcpy(&key, (const uint8_t *)entries + index * t->entry, sizeof key);
	return key;
}

ESHOST_API_ void eshost_swap_(uint8_t *a, uint8_t *b, size_t size)
{
	for (; size > 0; size--, a++, b++) {
		const uint8_t byte = *a;
		*a = *b;
		*b = byte;
	}
}

/* Lets the entry at root sink to where it belongs in the heap of the first count. */
ESHOST_API_ void eshost_sink_(uint8_t *entries, const eshost_type *t, size_t root, size_t count)
{
	for (size_t child; (child = 2 * root + 1) < count; root = child) {
		if (child + 1 < count &&
			eshost_str_compare(eshost_key_(entries, t, child), eshost_key_(entries, t, child + 1)) < 0)
			child++;
		if (eshost_str_compare(eshost_key_(entries, t, root), eshost_key_(entries, t, child)) >= 0)
			return;
		eshost_swap_(entries + root * t->entry, entries + child * t->entry, t->entry);
	}
}

/* Tells whether each key is greater than the one before it. If not, place is that of the first that is not. */
ESHOST_API_ bool eshost_is_sorted_(const void *entries, const eshost_type *t, size_t count, size_t *place)
{
	for (*place = 1; *place < count; ++*place)
		if (eshost_str_compare(eshost_key_(entries, t, *place - 1), eshost_key_(entries, t, *place)) >= 0)
			return false;
	return true;
}

/* Sorts entries of a map by their keys, in place. Then no two may have the same one. */
ESHOST_API_ bool eshost_sort_entries_(uint8_t *entries, const eshost_type *t, size_t count)
{
	size_t place;
	if (eshost_is_sorted_(entries, t, count, &place))
		return true;
	for (size_t root = count / 2; root > 0; root--)
		eshost_sink_(entries, t, root - 1, count);
	for (size_t last = count - 1; last > 0; last--) {
		eshost_swap_(entries, entries + last * t->entry, t->entry);
		eshost_sink_(entries, t, 0, last);
	}
	if (eshost_is_sorted_(entries, t, count, &place))
		return true;
	const eshost_str key = eshost_key_(entries, t, place);
	eshost_problem_of_("the key ", key.data, key.size, " comes twice");
	return false;
}

ESHOST_API_ bool eshost_decode_map_(eshost_reader_ *r, const eshost_type *t, void *v, int depth)
{
	const eshost_reader_ start = *r;
	size_t count;
	if (depth == 0)
		return eshost_too_deep_();
	if (!eshost_read_map_(r, &count))
		return eshost_mismatch_(t, &start);
	uint8_t *const entries = (uint8_t *)eshost_take_items_(r, t->elem, 1, count, t->entry);
	if (entries == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		uint8_t *const entry = entries + i * t->entry;
		eshost_str key;
		if (!eshost_read_text_(r, &key))
			return eshost_fail_("a key that is not a string");
		eshost_zero_(entry, t->entry);
		__builtin_memcpy(entry, &key, sizeof key);
		if (!t->elem->kind->decode(r, t->elem, entry + t->value, depth - 1))
			return eshost_under_(key.data, key.size);
	}
	if (!eshost_sort_entries_(entries, t, count))
		return false;
	const eshost_list_ map = {entries, count};
	__builtin_memcpy(v, &map, sizeof map);
	return true;
}

ESHOST_API_ bool eshost_encode_map_(eshost_writer_ *w, const eshost_type *t, const void *v, int depth)
{
	eshost_list_ map;
	size_t place;
	__builtin_memcpy(&map, v, sizeof map);
	if (depth == 0)
		return eshost_too_deep_();
	if (!eshost_is_sorted_(map.items, t, map.count, &place)) {
		uint8_t *const entries = (uint8_t *)eshost_take_(map.count * t->entry);
		eshost_copy_(entries, map.items, map.count * t->entry);
		if (!eshost_sort_entries_(entries, t, map.count))
			return false;
		map.items = entries;
	}
	eshost_write_map_(w, map.count);
	for (size_t i = 0; i < map.count; i++) {
		const eshost_str key = eshost_key_(map.items, t, i);
		if (!eshost_is_utf8_(key.data, key.size))
			return eshost_fail_("a key that is not UTF-8");
		eshost_write_str_(w, key.data, key.size);
		if (!t->elem->kind->encode(w, t->elem, (const uint8_t *)map.items + i * t->entry + t->value, depth - 1))
			return eshost_under_(key.data, key.size);
	}
	return true;
}

ESHOST_COLD_ void eshost_schema_map_(eshost_schema_ *s, const eshost_type *t)
{
	eshost_schema_elem_(s, "\"type\":\"object\",\"additionalProperties\":", t->elem);
}

ESHOST_UNUSED_ static const eshost_kind_ eshost_kind_map_ = {eshost_decode_map_, eshost_encode_map_, eshost_schema_map_,
															 false, true};

/* Gives the place of the key, or the one where it belongs. */
ESHOST_API_ size_t eshost_map_find_(const eshost_list_ *map, const eshost_type *t, eshost_str key, bool *found)
{
	size_t low = 0, high = map->count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int order = eshost_str_compare(eshost_key_(map->items, t, middle), key);
		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = false;
	return low;
}

ESHOST_API_ const void *eshost_map_get_(const void *at, const eshost_type *t, eshost_str key)
{
	eshost_list_ map;
	__builtin_memcpy(&map, at, sizeof map);
	bool found;
	const size_t index = eshost_map_find_(&map, t, key, &found);
	return found ? (const uint8_t *)map.items + index * t->entry + t->value : NULL;
}

ESHOST_API_ void *eshost_map_put_(void *at, const eshost_type *t, eshost_str key)
{
	eshost_list_ map;
	__builtin_memcpy(&map, at, sizeof map);
	bool found;
	const size_t index = eshost_map_find_(&map, t, key, &found);
	uint8_t *const entry = eshost_open_up_(at, t->entry, index, !found);
	if (!found) {
		eshost_zero_(entry, t->entry);
		__builtin_memcpy(entry, &key, sizeof key);
	}
	return entry + t->value;
}

ESHOST_API_ bool eshost_map_remove_(void *at, const eshost_type *t, eshost_str key)
{
	eshost_list_ map;
	__builtin_memcpy(&map, at, sizeof map);
	bool found;
	const size_t index = eshost_map_find_(&map, t, key, &found);
	if (found)
		eshost_list_remove_(at, t->entry, index);
	return found;
}

/* ESHOST_MAP(Totals, uint64_t); defines a map from strings: const Totals_entry *entries, sorted by their key, of which
 * each has a key and a value, and size_t count. What is said of lists goes for maps, too:
 *
 *   Totals_get(&map, key)              const uint64_t *, NULL if there is none
 *   *Totals_put(&map, key) += 5;       the value that is there, or a new one of zero
 *   Totals_remove(&map, key)           false if there was none
 *   other = Totals_copy(&map);         and each may be changed without the other */
#define ESHOST_MAP(Name, T)                                                                                        \
	typedef struct Name##_entry {                                                                                  \
		eshost_str key;                                                                                            \
		T value;                                                                                                   \
	} Name##_entry;                                                                                                \
	typedef struct Name {                                                                                          \
		const Name##_entry *entries;                                                                               \
		size_t count;                                                                                              \
	} Name;                                                                                                        \
	ESHOST_TYPE_(Name, eshost_kind_map_, "a map", 0, NULL, 0, offsetof(Name##_entry, value), sizeof(Name##_entry), \
				 &eshost_type_##T);                                                                                \
	ESHOST_API_ const T *Name##_get(const Name *map, eshost_str key)                                               \
	{                                                                                                              \
		return (const T *)eshost_map_get_(map, &eshost_type_##Name, key);                                          \
	}                                                                                                              \
	ESHOST_API_ T *Name##_put(Name *map, eshost_str key)                                                           \
	{                                                                                                              \
		return (T *)eshost_map_put_(map, &eshost_type_##Name, key);                                                \
	}                                                                                                              \
	ESHOST_API_ Name Name##_copy(const Name *map)                                                                  \
	{                                                                                                              \
		eshost_list_share_(map, sizeof(Name##_entry));                                                             \
		return *map;                                                                                               \
	}                                                                                                              \
	ESHOST_API_ bool Name##_remove(Name *map, eshost_str key)                                                      \
	{                                                                                                              \
		return eshost_map_remove_(map, &eshost_type_##Name, key);                                                  \
	}                                                                                                              \
	ESHOST_ASSERT_STATIC_(sizeof(Name) == sizeof(eshost_list_), "")

#endif
