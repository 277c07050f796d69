/* Folding events. */
#ifndef ESHOST_EVENTS_H
#define ESHOST_EVENTS_H

#include "loop.h"

ESHOST_API_ const eshost_event_ *eshost_find_event_(const eshost_entity_ *e, const eshost_str *name, uint64_t version)
{
	for (uint32_t i = 0; i < e->part_count; i++) {
		const eshost_event_ *const event = e->parts[i].event;
		if (event != NULL && event->version == version && event->name_size == name->size &&
			eshost_same_(event->name, name->data, name->size))
			return event;
	}
	return NULL;
}

ESHOST_COLD_ uint32_t eshost_no_event_(const eshost_str *name, uint64_t version)
{
	eshost_problem_of_("the type does not list event ", name->data, name->size, " version ");
	eshost_say_number_(version);
	return ESHOST_BAD_EVENT;
}

ESHOST_COLD_ uint32_t eshost_bad_event_(const char *what, const eshost_event_ *event)
{
	eshost_about_(what, event->name, ": ");
	return ESHOST_BAD_EVENT;
}

/* Reads an event and folds it. Gives a kind if that fails. */
ESHOST_API_ uint32_t eshost_fold_(eshost_loop_ *l)
{
	eshost_str name;
	uint64_t version;
	eshost_bytes payload;
	eshost_reader_ r = l->request;
	if (eshost_next_places_(&r, 3) && eshost_next_str_(&r, &name) && eshost_next_uint_(&r, &version) &&
		eshost_next_payload_(&r, &payload))
		l->request.at = r.at;
	else if (!eshost_read_named_(&l->request, &name, &version, &payload))
		return eshost_bad_request_();
	const eshost_event_ *const event = eshost_find_event_(l->entity, &name, version);
	if (event == NULL)
		return eshost_no_event_(&name, version);
	void *const content = eshost_take_(event->type->size);
	if (!eshost_decode_(event->type, &payload, content))
		return eshost_bad_event_("event ", event);
	if (eshost_runtime.grows) /* a variable of this fold may lie where one of the last fold lay */
		eshost_disown_((uintptr_t)l->state, l->entity->state->size);
	event->fold(l->state, content);
	if (l->careful && !eshost_is_sound_(l))
		return eshost_bad_event_("the state after event ", event);
	eshost_tidy_(l);
	return 0;
}

/* Refuses because the state cannot be encoded, and no event is at fault. */
ESHOST_COLD_ eshost_bytes eshost_refuse_state_(const eshost_entity_ *e)
{
	eshost_about_("the state of ", e->name, " cannot be encoded: ");
	return eshost_refuse_(4, ESHOST_PANICKED, 0);
}

/* Answers an event request, under the rules of eshost_handle_command. */
ESHOST_API_ eshost_bytes eshost_handle_event(const eshost_plugin_ *plugin, const uint8_t *request, size_t size)
{
	const eshost_bytes all = {request, size};
	eshost_loop_ l;
	for (l.careful = false;; l.careful = true) { /* again to find the event that is at fault, should there be one */
		uint32_t kind = eshost_read_request_(&l, plugin, all, false);
		size_t index = 0;
		for (; kind == 0 && index < l.count; index++)
			kind = eshost_fold_(&l);
		if (kind == 0 && l.request.at != l.request.end)
			kind = eshost_bad_request_();
		if (kind != 0)
			return eshost_refuse_(4, kind, kind == ESHOST_BAD_EVENT ? index - 1 : 0);
		*l.out.at++ = 0x92;
		*l.out.at++ = 0;
		if (eshost_encode_payload_(&l.out, l.entity->state, l.state))
			return eshost_written_(&l.out);
		if (l.careful || l.count == 0)
			return eshost_refuse_state_(l.entity);
	}
}

#endif
