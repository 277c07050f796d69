/* The JSON Schema (Draft 2020-12) of the JSON form of a type. */
#ifndef ESHOST_SCHEMA_H
#define ESHOST_SCHEMA_H

#include "type.h"

ESHOST_COLD_ void eshost_json_(eshost_schema_ *s, const char *text)
{
	eshost_write_raw_(&s->out, text, eshost_length_(text));
}

ESHOST_COLD_ void eshost_json_number_(eshost_schema_ *s, uint64_t number)
{
	const eshost_str digits = eshost_str_of_number(number);
	eshost_write_raw_(&s->out, digits.data, digits.size);
}

/* Writes the name of a field or a variant. */
ESHOST_COLD_ void eshost_json_name_(eshost_schema_ *s, const eshost_field_ *f)
{
	eshost_write_byte_(&s->out, '"');
	for (uint32_t i = 0; i < f->name_size; i++) {
		const uint8_t c = (uint8_t)f->name[i];
		if (c == '"' || c == '\\')
			eshost_write_byte_(&s->out, '\\');
		if (c < 0x20) {
			eshost_json_(s, c < 0x10 ? "\\u000" : "\\u001");
			eshost_write_byte_(&s->out, (uint8_t)"0123456789abcdef"[c & 15]);
		} else {
			eshost_write_byte_(&s->out, c);
		}
	}
	eshost_write_byte_(&s->out, '"');
}

/* Writes the schema of a type inside another, behind some text. */
ESHOST_COLD_ void eshost_schema_inner_(eshost_schema_ *s, const char *before, const eshost_type *t)
{
	eshost_json_(s, before);
	eshost_json_(s, "{");
	t->kind->schema(s, t);
	eshost_json_(s, "}");
}

/* Makes the schema of a type. A revision that is not 0 goes into it. */
ESHOST_COLD_ eshost_str eshost_schema(const eshost_type *t, uint32_t revision)
{
	eshost_schema_ s;
	s.out = eshost_writer_of_(512);
	s.named_count = 0;
	s.open = NULL;
	eshost_json_(&s, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",");
	if (revision != 0) {
		eshost_json_(&s, "\"$comment\":\"revision ");
		eshost_json_number_(&s, revision);
		eshost_json_(&s, "\",");
	}
	t->kind->schema(&s, t);
	for (uint32_t i = 0; i < s.named_count; i++) {
		eshost_json_(&s, i == 0 ? ",\"$defs\":{\"" : ",\"");
		eshost_json_number_(&s, i + 1);
		eshost_json_(&s, "\":{");
		s.named[i]->kind->schema(&s, s.named[i]);
		eshost_json_(&s, "}");
	}
	eshost_json_(&s, s.named_count > 0 ? "}}" : "}");
	const eshost_str text = {(const char *)s.out.start, (size_t)(s.out.at - s.out.start)};
	return text;
}

#endif
