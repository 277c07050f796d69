/* What commands and events have in common: a request, the state it brings, and its memory. */
#ifndef ESHOST_LOOP_H
#define ESHOST_LOOP_H

#include "context.h"
#include "grow.h"

/* Gives up the memory of the call before, and makes room for a request. NULL: there is no room. */
ESHOST_API_ void *eshost_request_(size_t size)
{
	const eshost_runtime_ *const m = &eshost_runtime;
	if (m->base != 0)
		eshost_release_(m->base);
	return (size < (m->end - m->top) / 2 || eshost_grow_(size)) ? eshost_take_(size) : NULL;
}

/* The kinds of what could not be done. */
typedef enum eshost_fault_ {
	ESHOST_UNKNOWN_COMMAND = 1,
	ESHOST_BAD_PAYLOAD = 2,
	ESHOST_BAD_STATE = 3,
	ESHOST_PANICKED = 4,
	ESHOST_BAD_EVENT = 5
} eshost_fault_;

/* A request while it is answered. */
typedef struct eshost_loop_ {
	eshost_reader_ request;
	const eshost_entity_ *entity;
	eshost_context ctx;
	uint64_t seq;
	size_t count; /* of the commands or events */
	void *state;
	void *view;	  /* a copy of the state, for handlers that only read */
	void *before; /* the state before the present command */
	eshost_writer_ out;
	uintptr_t mark; /* what was taken since may be given up */
	size_t roomy;	/* how much may have been taken since mark before the memory is tidied up */
	bool careful;	/* the state is checked after each command or event, not only at the end */
} eshost_loop_;

ESHOST_COLD_ void eshost_write_problem_(eshost_writer_ *w)
{
	eshost_write_str_(w, eshost_runtime.problem, eshost_runtime.problem_size);
}

ESHOST_COLD_ eshost_str eshost_problem_text_(void)
{
	const eshost_str text = {eshost_runtime.problem, eshost_runtime.problem_size};
	return text;
}

ESHOST_COLD_ uint32_t eshost_bad_request_(void)
{
	eshost_problem_("the request does not decode: host and SDK disagree");
	return ESHOST_BAD_PAYLOAD;
}

/* Makes the answer that nothing was done because of the present problem. places is 3 for commands and 4 for events. */
ESHOST_COLD_ eshost_bytes eshost_refuse_(size_t places, uint32_t kind, size_t index)
{
	eshost_writer_ w = eshost_writer_of_(64);
	eshost_write_array_(&w, places);
	eshost_write_uint_(&w, 1);
	eshost_write_uint_(&w, kind);
	if (places == 4)
		eshost_write_uint_(&w, index);
	eshost_write_problem_(&w);
	return eshost_written_(&w);
}

/* Makes the state of an entity without events. */
ESHOST_COLD_ void eshost_begin_(const eshost_entity_ *e, void *state)
{
	eshost_zero_(state, e->state->size);
	for (uint32_t i = 0; i < e->part_count; i++)
		if (e->parts[i].initial != NULL)
			e->parts[i].initial(state);
}

ESHOST_COLD_ uint32_t eshost_no_type_(const eshost_str *name)
{
	eshost_problem_of_("the plugin has no type ", name->data, name->size, "");
	return ESHOST_UNKNOWN_COMMAND;
}

ESHOST_COLD_ uint32_t eshost_bad_state_(const eshost_entity_ *e)
{
	eshost_about_("the state of ", e->name, " does not decode: ");
	return ESHOST_BAD_STATE;
}

/* Reads a request up to its commands or events. Gives a kind if that fails, and the problem says why. */
ESHOST_API_ uint32_t eshost_read_request_(eshost_loop_ *l, const eshost_plugin_ *plugin, eshost_bytes request,
										  bool timed)
{
	eshost_reader_ r = {request.data, request.data + request.size};
	eshost_bytes state;
	uint64_t now = 0;
	bool negative = false;
	if (!eshost_read_places_(&r, timed ? 6 : 5) || !eshost_read_str_(&r, &l->ctx.type) ||
		!eshost_read_str_(&r, &l->ctx.id) || !eshost_read_integer_(&r, &l->seq, &negative) || negative ||
		!eshost_read_payload_(&r, &state) ||
		(timed && (!eshost_read_integer_(&r, &now, &negative) || (!negative && now > INT64_MAX))) ||
		!eshost_read_array_(&r, &l->count))
		return eshost_bad_request_();
	l->request = r;
	l->ctx.now = (int64_t)now;
	l->entity = NULL;
	for (uint32_t i = 0; i < plugin->count; i++)
		if (plugin->entities[i]->name_size == l->ctx.type.size &&
			eshost_same_(plugin->entities[i]->name, l->ctx.type.data, l->ctx.type.size))
			l->entity = plugin->entities[i];
	if (l->entity == NULL)
		return eshost_no_type_(&l->ctx.type);
	l->ctx.entity_ = l->entity;
	const size_t size = (l->entity->state->size + 7) & ~(size_t)7;
	const size_t room = 256 + l->count * 64;
	l->out.start = l->out.at = (uint8_t *)eshost_take_(3 * size + room + 256);
	l->out.end = l->ctx.events_.start = l->ctx.events_.at = l->out.start + room;
	l->ctx.events_.end = l->out.end + 256;
	l->state = l->ctx.events_.end;
	l->view = (uint8_t *)l->state + size;
	l->before = (uint8_t *)l->view + size;
	if (state.data == NULL) {
		eshost_begin_(l->entity, l->state);
	} else if (!eshost_decode_(l->entity->state, &state, l->state)) {
		return eshost_bad_state_(l->entity);
	}
	l->mark = eshost_runtime.top;
	l->roomy = (size_t)1 << 20;
	return 0;
}

/* Gives up what was taken since the mark, although the state has views of it, or the answer has moved there: both are
 * written anew at the mark, the answer with room to grow to twice its size. */
ESHOST_COLD_ void eshost_compact_(eshost_loop_ *l)
{
	eshost_runtime_ *const m = &eshost_runtime;
	const eshost_type *const t = l->entity->state;
	eshost_writer_ w = eshost_writer_of_(4096);
	if (!eshost_encode_(&w, t, l->state))
		return; /* which is found out at the end, too */
	const size_t size = (size_t)(w.at - w.start), used = (size_t)(l->out.at - l->out.start);
	const uintptr_t top = m->top;
	const bool moved = (uintptr_t)l->out.start >= l->mark;
	size_t room = moved ? 2 * used + 4096 : 0;
	if (moved && !eshost_grow_(room)) /* then there is as much behind top, and top is behind both */
		room = used;
	uint8_t *const encoded = (uint8_t *)l->mark + room;
	const uintptr_t end = (uintptr_t)encoded + size;
	ASAN_UNPOISON_MEMORY_REGION((void *)l->mark, (top > end ? top : end) - l->mark);
	if (moved) { /* down first: the state lies behind it */
		__builtin_memmove((void *)l->mark, l->out.start, used);
		l->out.start = (uint8_t *)l->mark;
		l->out.at = l->out.start + used;
		l->out.end = l->out.start + room;
	}
	__builtin_memmove(encoded, w.start, size);
	m->top = end;
	if (top > end)
		ASAN_POISON_MEMORY_REGION((void *)end, top - end);
	eshost_forget_growing_();
	const eshost_bytes payload = {encoded, size};
	if (!eshost_decode_(t, &payload, l->state))
		eshost_panic("a state that was written does not read");
	l->ctx.events_.start = l->ctx.events_.at = l->ctx.events_.end = NULL;
	l->roomy = ((size_t)1 << 20) + (m->top - l->mark) / 2 * 5; /* what lives, and a list of it grown once */
}

/* Writes the head of an array into an answer. */
ESHOST_HOT_ void eshost_write_count_(eshost_loop_ *l, size_t count)
{
	if (count < 16 && l->out.at < l->out.end)
		*l->out.at++ = (uint8_t)(0x90 | count);
	else
		eshost_write_array_(&l->out, count);
}

/* Gives up what the command or event before has taken, if nobody needs it, or if it has become much. */
ESHOST_APART_ void eshost_tidy_(eshost_loop_ *l)
{
	const bool moved = (uintptr_t)l->out.start >= l->mark || (uintptr_t)l->ctx.events_.start >= l->mark;
	if (l->entity->state->flat && !moved)
		eshost_release_(l->mark);
	else if (eshost_runtime.top - l->mark >= l->roomy)
		eshost_compact_(l);
}

/* Checks that the state can be encoded. */
ESHOST_COLD_ bool eshost_is_sound_(const eshost_loop_ *l)
{
	eshost_writer_ w = eshost_writer_of_(1024);
	return eshost_encode_(&w, l->entity->state, l->state);
}

#endif
