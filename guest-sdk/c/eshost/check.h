/* Checks of a plugin's definitions that a compiler cannot make and a host would: names, and that none comes twice. */
#ifndef ESHOST_CHECK_H
#define ESHOST_CHECK_H

#include "rules.h"

/* Panics with what is wrong about a name, and what a name is. */
__attribute__((noreturn)) ESHOST_API_ void eshost_misnamed_(const char *what, const char *name, const char *rule)
{
	eshost_problem_(what);
	eshost_say_(" ");
	eshost_say_quoted_(name, eshost_length_(name));
	eshost_say_(rule);
	const eshost_str text = {eshost_runtime.problem, eshost_runtime.problem_size};
	eshost_panic_str(text);
}

ESHOST_API_ void eshost_check_name_(const char *what, const char *name)
{
	const size_t size = eshost_length_(name);
	bool good = size >= 1 && size <= 64 && name[0] >= 'a' && name[0] <= 'z';
	for (size_t i = 0; i < size; i++) {
		const char c = name[i];
		good = good && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-');
	}
	if (!good)
		eshost_misnamed_(what, name, ": a name is 1 to 64 characters: a-z first, then a-z, 0-9, '_', '.' or '-'");
}

ESHOST_API_ void eshost_check_code_(const char *code)
{
	const eshost_str text = eshost_str_of(code);
	bool good = text.size >= 1 && text.size <= 128 && eshost_is_utf8_(text.data, text.size);
	for (size_t i = 0; i < text.size; i++) {
		const uint8_t c = (uint8_t)code[i];
		good = good && c >= 0x20 && c != 0x7f && (c != 0xc2 || (uint8_t)code[i + 1] >= 0xa0);
	}
	if (!good)
		eshost_misnamed_("rejection", code, ": a code is 1 to 128 bytes of UTF-8 without control characters");
}

/* A type whose names are being checked, and those around it. */
typedef struct eshost_checked_ {
	const eshost_type *type;
	const struct eshost_checked_ *outer;
} eshost_checked_;

/* Panics if two fields of a struct, or two variants of an enum or a union, have one name on the wire, here or inside.
 */
ESHOST_API_ void eshost_check_fields_(const eshost_type *t, const eshost_checked_ *outer)
{
	const eshost_checked_ here = {t, outer};
	for (const eshost_checked_ *around = outer; around != NULL; around = around->outer)
		if (around->type == t)
			return;
	for (uint32_t i = 0; i < t->count; i++) {
		for (uint32_t k = 0; k < i; k++)
			if (t->fields[i].name_size == t->fields[k].name_size &&
				eshost_same_(t->fields[i].name, t->fields[k].name, t->fields[i].name_size))
				eshost_misnamed_("field or variant", t->fields[i].name, ": a type has two of this name");
		eshost_check_fields_(t->fields[i].type, &here);
	}
	if (t->elem != NULL)
		eshost_check_fields_(t->elem, &here);
}

ESHOST_API_ void eshost_check_command_(const eshost_command_ *c)
{
	eshost_check_name_("command", c->name);
	eshost_check_fields_(c->type, NULL);
	if (c->reply_type != NULL)
		eshost_check_fields_(c->reply_type, NULL);
	for (uint32_t i = 0; i < c->clause_count; i++) {
		const eshost_clause_ *const clause = &c->clauses[i];
		if (clause->examples != NULL && c->type->kind->is_none)
			eshost_misnamed_("command", c->name, ": it carries nothing, so it has no examples");
		if (clause->rejection == NULL)
			continue;
		eshost_check_code_(clause->rejection->code);
		if (clause->rejection->type != NULL)
			eshost_check_fields_(clause->rejection->type, NULL);
		for (uint32_t k = 0; k < i; k++)
			if (c->clauses[k].rejection != NULL &&
				eshost_str_equal(eshost_str_of(c->clauses[k].rejection->code), eshost_str_of(clause->rejection->code)))
				eshost_misnamed_("rejection", clause->rejection->code, ": a command declares it twice");
	}
}

/* Panics, and says why, unless the definition of a type is sound. */
ESHOST_API_ void eshost_check_entity_(const eshost_entity_ *e)
{
	eshost_check_name_("type", e->name);
	if (e->state->kind->is_none)
		eshost_misnamed_("type", e->name, ": its state cannot be eshost_none; there is ESHOST_EMPTY");
	eshost_check_fields_(e->state, NULL);
	bool any = false;
	for (uint32_t i = 0; i < e->part_count; i++) {
		const eshost_part_ *const part = &e->parts[i];
		any = any || part->command != NULL || part->event != NULL;
		if (part->command != NULL)
			eshost_check_command_(part->command);
		if (part->event != NULL) {
			eshost_check_name_("event", part->event->name);
			eshost_check_fields_(part->event->type, NULL);
		}
		for (uint32_t k = 0; k < i; k++) {
			const eshost_part_ *const other = &e->parts[k];
			if (part->command != NULL && other->command != NULL &&
				eshost_str_equal(eshost_str_of(part->command->name), eshost_str_of(other->command->name)))
				eshost_misnamed_("command", part->command->name, ": a type has two of this name");
			if (part->event != NULL && other->event != NULL && part->event->version == other->event->version &&
				eshost_str_equal(eshost_str_of(part->event->name), eshost_str_of(other->event->name)))
				eshost_misnamed_("event", part->event->name, ": a type has two of this name and version");
		}
	}
	if (!any)
		eshost_misnamed_("type", e->name, ": it needs at least one command or event");
}

#endif
