/* The manifest of a plugin. */
#ifndef ESHOST_MANIFEST_H
#define ESHOST_MANIFEST_H

#include "loop.h"

/* What a manifest says that a plugin was built with. */
#define ESHOST_SDK "eshost-c 0.1.0"

/* Begins a map of so many entries, with the one that has the name. */
ESHOST_COLD_ void eshost_write_named_(eshost_writer_ *w, size_t entries, const char *key, const char *name)
{
	eshost_write_map_(w, entries);
	eshost_write_text_(w, key);
	eshost_write_text_(w, name);
}

ESHOST_COLD_ void eshost_describe_schema_(eshost_writer_ *w, const char *key, const eshost_type *t, uint32_t revision)
{
	const eshost_str schema = eshost_schema(t, revision);
	eshost_write_text_(w, key);
	eshost_write_str_(w, schema.data, schema.size);
}

ESHOST_COLD_ void eshost_describe_clauses_(eshost_writer_ *w, const eshost_command_ *c, uint32_t rejections)
{
	if (rejections > 0) {
		eshost_write_text_(w, "rejections");
		eshost_write_array_(w, rejections);
	}
	for (uint32_t i = 0; i < c->clause_count; i++) {
		const eshost_rejection_ *const rejection = c->clauses[i].rejection;
		if (rejection == NULL)
			continue;
		eshost_write_text_(w, rejection->code);
	}
	for (uint32_t i = 0; i < c->clause_count; i++) {
		const eshost_clause_ *const clause = &c->clauses[i];
		if (clause->examples == NULL)
			continue;
		eshost_write_text_(w, "examples");
		eshost_write_array_(w, clause->count);
		for (uint32_t k = 0; k < clause->count; k++)
			if (!eshost_encode_payload_(w, c->type, (const uint8_t *)clause->examples + (size_t)k * c->type->size)) {
				eshost_about_("an example of command ", c->name, ": ");
				eshost_panic_str(eshost_problem_text_());
			}
	}
}

ESHOST_COLD_ void eshost_describe_command_(eshost_writer_ *w, const eshost_command_ *c, const eshost_type *state)
{
	uint32_t rejections = 0, examples = 0;
	for (uint32_t i = 0; i < c->clause_count; i++) {
		rejections += c->clauses[i].rejection != NULL;
		examples += c->clauses[i].examples != NULL;
	}
	const eshost_type *const reply = c->reply_kind == ESHOST_REPLY_STATE_ ? state : c->reply_type;
	const bool replies = reply != NULL && !reply->kind->is_none;
	eshost_write_named_(w, 2u + replies + (rejections > 0) + (examples > 0), "name", c->name);
	eshost_describe_schema_(w, "schema", c->type, 0);
	if (replies)
		eshost_describe_schema_(w, "reply", reply, 0);
	eshost_describe_clauses_(w, c, rejections);
}

ESHOST_COLD_ void eshost_describe_event_(eshost_writer_ *w, const eshost_event_ *e)
{
	eshost_write_named_(w, 3, "name", e->name);
	eshost_write_text_(w, "version");
	eshost_write_uint_(w, e->version);
	eshost_describe_schema_(w, "schema", e->type, 0);
}

ESHOST_COLD_ void eshost_describe_entity_(eshost_writer_ *w, const eshost_entity_ *e)
{
	uint32_t commands = 0, events = 0, revision = 0;
	for (uint32_t i = 0; i < e->part_count; i++) {
		commands += e->parts[i].command != NULL;
		events += e->parts[i].event != NULL;
		revision += e->parts[i].revision;
	}
	eshost_write_named_(w, 4, "type", e->name);
	eshost_describe_schema_(w, "state_schema", e->state, revision);
	eshost_write_text_(w, "commands");
	eshost_write_array_(w, commands);
	for (uint32_t i = 0; i < e->part_count; i++)
		if (e->parts[i].command != NULL)
			eshost_describe_command_(w, e->parts[i].command, e->state);
	eshost_write_text_(w, "events");
	eshost_write_array_(w, events);
	for (uint32_t i = 0; i < e->part_count; i++)
		if (e->parts[i].event != NULL)
			eshost_describe_event_(w, e->parts[i].event);
}

/* Makes the manifest of a plugin. */
ESHOST_COLD_ eshost_bytes eshost_describe(const eshost_plugin_ *plugin)
{
	eshost_request_(0);
	eshost_writer_ w = eshost_writer_of_(4096);
	eshost_write_literal_(&w, "\203\243abi\222\1\0\243sdk");
	eshost_write_text_(&w, ESHOST_SDK);
	eshost_write_text_(&w, "types");
	eshost_write_array_(&w, plugin->count);
	for (uint32_t i = 0; i < plugin->count; i++)
		eshost_describe_entity_(&w, plugin->entities[i]);
	return eshost_written_(&w);
}

#endif
