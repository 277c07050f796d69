/* The arrays that lists and maps grow in. */
#ifndef ESHOST_GROW_H
#define ESHOST_GROW_H

#include "memory.h"

/* A list of anything, and a map, as the macros lay them out. */
typedef struct eshost_list_ {
	const void *items;
	size_t count;
} eshost_list_;

/* Gives what is known of an array: NULL if it is not one that grows, or has come to more than this list has. */
ESHOST_API_ eshost_growing_ *eshost_find_growing_(const void *items, size_t used)
{
	for (uint32_t i = 0; i < ESHOST_GROWING_; i++) {
		eshost_growing_ *const g = &eshost_runtime.growing[i];
		if (g->items == items && items != NULL)
			return g->used == used ? g : NULL;
	}
	return NULL;
}

/* Makes the array of a list anew, with room for half as much again; from then on it is the list's own. */
ESHOST_API_ eshost_growing_ *eshost_regrow_(eshost_list_ *list, const void *owner, size_t size, size_t more)
{
	eshost_runtime_ *const m = &eshost_runtime;
	const size_t used = list->count * size, room = more > 0 ? used + used / 2 + 4 * more : used;
	eshost_growing_ *const g = &m->growing[m->growing_next++ % ESHOST_GROWING_];
	void *const items = eshost_take_(room);
	eshost_copy_(items, list->items, used);
	g->items = list->items = items;
	g->owner = owner;
	g->used = used;
	g->room = room;
	m->grows = true;
	return g;
}

/* Makes the list at owner one that may be written to, with count items more at the place of the given one. What was
 * there moves up. */
ESHOST_API_ uint8_t *eshost_open_up_(void *owner, size_t size, size_t index, size_t count)
{
	eshost_list_ list;
	__builtin_memcpy(&list, owner, sizeof list);
	const size_t used = list.count * size, more = count * size, behind = (list.count - index) * size;
	eshost_growing_ *g = eshost_find_growing_(list.items, used);
	const bool appends = behind == 0 && count > 0;
	if (g == NULL || g->room - used < more || (g->owner != owner && !appends))
		g = eshost_regrow_(&list, owner, size, more);
	else if (g->owner != owner)
		g->owner = NULL; /* there are two lists now that share what both have */
	uint8_t *const at = (uint8_t *)list.items + index * size;
	if (more > 0 && behind > 0)
		__builtin_memmove(at + more, at, behind);
	g->used = used + more;
	list.count += count;
	__builtin_memcpy(owner, &list, sizeof list);
	return at;
}

/* Takes the item at a place out of the list at owner. */
ESHOST_API_ void eshost_close_up_(void *owner, size_t size, size_t index)
{
	uint8_t *const at = eshost_open_up_(owner, size, index, 0);
	eshost_list_ list;
	__builtin_memcpy(&list, owner, sizeof list);
	__builtin_memmove(at, at + size, (list.count - index - 1) * size);
	eshost_find_growing_(list.items, list.count * size)->used -= size;
	list.count--;
	__builtin_memcpy(owner, &list, sizeof list);
}

/* Two lists share an array from now on, and the first that is changed is made anew. */
ESHOST_API_ void eshost_share_(const eshost_list_ *list, size_t size)
{
	eshost_growing_ *const g = eshost_find_growing_(list->items, list->count * size);
	if (g != NULL)
		g->owner = NULL;
}

/* No list outside of the given places may be written to from now on without being made anew. */
ESHOST_COLD_ void eshost_disown_(uintptr_t from, size_t size)
{
	for (uint32_t i = 0; i < ESHOST_GROWING_; i++) {
		eshost_growing_ *const g = &eshost_runtime.growing[i];
		if ((uintptr_t)g->owner - from >= size)
			g->owner = NULL;
	}
}

#endif
