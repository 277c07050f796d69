/* What a native test sends to a plugin's message loop, as a host does, and what it hears. */
#ifndef ESHOST_TESTWIRE_H
#define ESHOST_TESTWIRE_H

#include <setjmp.h>

#include "check.h"
#include "commands.h"
#include "events.h"
#include "manifest.h"

/* Bytes of a test's own. Those without data are nothing. */
typedef struct eshost_buffer_ {
	uint8_t *data;
	size_t size;
} eshost_buffer_;

/* Adds bytes, also none, after which there is data. */
ESHOST_API_ void eshost_put_(eshost_buffer_ *b, const void *data, size_t size)
{
	uint8_t *const larger = (uint8_t *)realloc(b->data, b->size + size + 1);
	if (larger == NULL)
		abort();
	b->data = larger;
	if (size > 0)
		__builtin_memcpy(b->data + b->size, data, size);
	b->size += size;
}

ESHOST_API_ void eshost_buffer_free_(eshost_buffer_ *b)
{
	free(b->data);
	b->data = NULL;
	b->size = 0;
}

ESHOST_API_ bool eshost_buffers_equal_(eshost_buffer_ a, eshost_buffer_ b)
{
	return a.size == b.size && (a.size == 0 || eshost_same_(a.data, b.data, a.size));
}

ESHOST_API_ bool eshost_contains_(const char *text, const char *part)
{
	const size_t size = eshost_length_(part);
	for (size_t left = eshost_length_(text); left >= size; left--, text++)
		if (eshost_same_(text, part, size))
			return true;
	return false;
}

/* The size of the value that begins at a place. */
ESHOST_API_ size_t eshost_value_size_(eshost_buffer_ b, size_t at)
{
	eshost_reader_ r = {b.data + at, b.data + b.size};
	return eshost_skip_(&r, ESHOST_MAX_DEPTH_ + 4) ? (size_t)(r.at - b.data) - at : b.size - at;
}

ESHOST_API_ void eshost_print_value_(eshost_reader_ *r)
{
	const uint8_t *const start = r->at;
	size_t count;
	uint64_t number;
	bool negative;
	double value;
	eshost_str text;
	eshost_bytes bytes;
	if (r->at == r->end) {
		fprintf(stderr, "nothing");
	} else if (eshost_read_str_(r, &text)) {
		fprintf(stderr, "\"%.*s\"", (int)text.size, text.data);
	} else if (r->at = start, eshost_read_bin_(r, &bytes)) {
		eshost_reader_ inner = {bytes.data, bytes.data + bytes.size};
		if (bytes.size > 0 && eshost_skip_(&inner, ESHOST_MAX_DEPTH_) && inner.at == inner.end) {
			inner.at = bytes.data;
			eshost_print_value_(&inner);
			return;
		}
		fprintf(stderr, "0x");
		for (size_t i = 0; i < bytes.size; i++)
			fprintf(stderr, "%02x", bytes.data[i]);
	} else if (r->at = start, eshost_read_array_(r, &count)) {
		fprintf(stderr, "[");
		for (size_t i = 0; i < count; i++) {
			fprintf(stderr, i > 0 ? ", " : "");
			eshost_print_value_(r);
		}
		fprintf(stderr, "]");
	} else if (r->at = start, eshost_read_map_(r, &count)) {
		fprintf(stderr, "{");
		for (size_t i = 0; i < count; i++) {
			fprintf(stderr, i > 0 ? ", " : "");
			eshost_print_value_(r);
			fprintf(stderr, ": ");
			eshost_print_value_(r);
		}
		fprintf(stderr, "}");
	} else if (r->at = start, eshost_read_integer_(r, &number, &negative)) {
		if (negative)
			fprintf(stderr, "%lld", (long long)number);
		else
			fprintf(stderr, "%llu", (unsigned long long)number);
	} else if (r->at = start, eshost_read_float_(r, &value)) {
		fprintf(stderr, "%.17g", value);
	} else {
		fprintf(stderr, *start == 0xc0 ? "nil" : *start == 0xc2 ? "false" : *start == 0xc3 ? "true" : "?");
		r->at = start + 1;
	}
}

/* Prints bytes as the values that they hold. */
ESHOST_API_ void eshost_print_(eshost_buffer_ b)
{
	eshost_reader_ r = {b.data, b.data + b.size};
	do {
		eshost_print_value_(&r);
		fprintf(stderr, " ");
	} while (r.at < r.end);
}

/* Makes bytes of what a function of the SDK writes. */
ESHOST_API_ eshost_buffer_ eshost_buffer_of_(const eshost_writer_ *w)
{
	eshost_buffer_ b = {NULL, 0};
	eshost_put_(&b, w->start, (size_t)(w->at - w->start));
	return b;
}

ESHOST_API_ void eshost_must_encode_(bool encodes)
{
	if (encodes)
		return;
	fprintf(stderr, "a value of the test cannot be encoded: %.*s\n", (int)eshost_runtime.problem_size,
			eshost_runtime.problem);
	abort();
}

/* Ends the tests if what a plugin answered cannot be read, which only a mistake in the SDK can cause. */
ESHOST_API_ void eshost_must_read_(bool reads)
{
	if (reads)
		return;
	fprintf(stderr, "the plugin's answer is malformed\n");
	abort();
}

ESHOST_API_ eshost_buffer_ eshost_payload_bytes_(const eshost_type *type, const void *value)
{
	eshost_writer_ w = eshost_writer_of_(64);
	eshost_must_encode_(eshost_encode_payload_(&w, type, value));
	return eshost_buffer_of_(&w);
}

ESHOST_API_ eshost_buffer_ eshost_bin_bytes_(eshost_buffer_ value)
{
	eshost_writer_ w = eshost_writer_of_(64);
	const eshost_bytes bytes = {value.data, value.size};
	eshost_write_bin_(&w, bytes.data, bytes.size);
	return eshost_buffer_of_(&w);
}

ESHOST_API_ eshost_buffer_ eshost_command_bytes_(const char *name, const eshost_type *type, const void *content)
{
	eshost_writer_ w = eshost_writer_of_(64);
	eshost_write_array_(&w, 2);
	eshost_write_text_(&w, name);
	eshost_must_encode_(eshost_encode_payload_(&w, type, content));
	return eshost_buffer_of_(&w);
}

ESHOST_API_ eshost_buffer_ eshost_event_bytes_(const eshost_event_ *event, const void *content)
{
	eshost_writer_ w = eshost_writer_of_(64);
	eshost_write_array_(&w, 3);
	eshost_write_text_(&w, event->name);
	eshost_write_uint_(&w, event->version);
	eshost_must_encode_(eshost_encode_payload_(&w, event->type, content));
	return eshost_buffer_of_(&w);
}

/* An entity at a point of its life. */
typedef struct eshost_scene_ {
	const eshost_entity_ *entity;
	eshost_buffer_ id;
	int64_t now;
	uint64_t seq;
	eshost_buffer_ state; /* nothing: no events yet */
} eshost_scene_;

ESHOST_API_ void eshost_scene_free_(eshost_scene_ *s)
{
	eshost_buffer_free_(&s->id);
	eshost_buffer_free_(&s->state);
	s->seq = 0;
}

ESHOST_API_ void eshost_scene_copy_(eshost_scene_ *to, const eshost_scene_ *from)
{
	eshost_scene_free_(to);
	to->entity = from->entity;
	to->now = from->now;
	to->seq = from->seq;
	eshost_put_(&to->id, from->id.data, from->id.size);
	if (from->state.data != NULL)
		eshost_put_(&to->state, from->state.data, from->state.size);
}

/* An answer, and what there is to know about its first outcome. */
typedef struct eshost_answer_ {
	eshost_buffer_ all, outcomes, events, payload, state;
	size_t event_count;
	uint64_t tag, kind;
	bool failed; /* nothing was decided or folded */
	char message[1100];
} eshost_answer_;

ESHOST_API_ void eshost_answer_free_(eshost_answer_ *a)
{
	eshost_buffer_free_(&a->all);
	eshost_buffer_free_(&a->outcomes);
	eshost_buffer_free_(&a->events);
	eshost_buffer_free_(&a->payload);
	eshost_buffer_free_(&a->state);
	__builtin_memset(a, 0, sizeof *a);
}

static jmp_buf eshost_landing_;
static char eshost_panic_text_[1024];

ESHOST_API_ void eshost_land_(const char *text, size_t size)
{
	snprintf(eshost_panic_text_, sizeof eshost_panic_text_, "%.*s", (int)size, text);
	longjmp(eshost_landing_, 1);
}

typedef eshost_bytes (*eshost_call_)(const eshost_plugin_ *plugin, const uint8_t *request, size_t size);

/* Has a plugin of one type answer a request, in memory that holds something else at each call. A panic makes an answer
 * without data. */
ESHOST_API_ eshost_buffer_ eshost_ask_(const eshost_entity_ *entity, eshost_call_ call, eshost_buffer_ request)
{
	static uint8_t before = 0x55;
	enum { SOILED = 1 << 16 };
	const eshost_entity_ *const entities[] = {entity};
	const eshost_plugin_ plugin = {entities, 1};
	eshost_buffer_ answer = {NULL, 0};
	if (setjmp(eshost_landing_) == 0) {
		eshost_runtime.on_panic = eshost_land_;
		eshost_request_(SOILED);
		__builtin_memset((void *)(eshost_runtime.top - SOILED), before, SOILED);
		before = (uint8_t)(3 * before + 1);
		void *const at = eshost_request_(request.size);
		__builtin_memcpy(at, request.data, request.size);
		const eshost_bytes bytes = call(&plugin, (const uint8_t *)at, request.size);
		eshost_put_(&answer, bytes.data, bytes.size);
	}
	eshost_runtime.on_panic = NULL;
	return answer;
}

ESHOST_API_ eshost_bytes eshost_described_(const eshost_plugin_ *plugin, const uint8_t *request, size_t size)
{
	(void)request, (void)size;
	eshost_check_entity_(plugin->entities[0]);
	return eshost_describe(plugin);
}

/* Has a plugin describe itself. Gives what is wrong with it, or NULL. */
ESHOST_API_ const char *eshost_ask_description_(const eshost_entity_ *entity)
{
	uint8_t nothing = 0;
	const eshost_buffer_ request = {&nothing, 1};
	eshost_buffer_ answer = eshost_ask_(entity, eshost_described_, request);
	const bool good = answer.data != NULL;
	eshost_buffer_free_(&answer);
	return good ? NULL : eshost_panic_text_;
}

/* Begins a request. */
ESHOST_API_ eshost_writer_ eshost_request_head_(const eshost_scene_ *s, size_t places, uint64_t seq,
												eshost_buffer_ state)
{
	eshost_writer_ w = eshost_writer_of_(256);
	const eshost_str id = {(const char *)s->id.data, s->id.size};
	const eshost_bytes bytes = {state.data, state.size};
	eshost_write_array_(&w, places);
	eshost_write_text_(&w, s->entity->name);
	eshost_write_str_(&w, id.data, id.size);
	eshost_write_uint_(&w, seq);
	if (state.data == NULL)
		eshost_write_byte_(&w, 0xc0);
	else
		eshost_write_bin_(&w, bytes.data, bytes.size);
	return w;
}

ESHOST_API_ void eshost_put_text_(eshost_answer_ *a, eshost_str text)
{
	snprintf(a->message, sizeof a->message, "%.*s", (int)text.size, text.data);
}

ESHOST_API_ void eshost_put_since_(eshost_buffer_ *b, const uint8_t *start, const eshost_reader_ *r)
{
	eshost_put_(b, start, (size_t)(r->at - start));
}

/* Notes an answer that is a panic or says that nothing was done. */
ESHOST_API_ bool eshost_is_failure_(eshost_answer_ *a, eshost_reader_ *r, size_t places)
{
	eshost_str text = {NULL, 0};
	size_t count;
	uint64_t tag = 0, index = 0;
	a->tag = 2;
	a->failed = true;
	if (a->all.data == NULL) {
		a->kind = ESHOST_PANICKED;
		eshost_put_text_(a, eshost_str_of(eshost_panic_text_));
		return true;
	}
	eshost_must_read_(eshost_read_array_(r, &count) && eshost_read_uint_(r, &tag));
	if (tag == 0) {
		a->failed = false;
		return false;
	}
	eshost_must_read_(count == places && eshost_read_uint_(r, &a->kind) &&
					  (places == 3 || eshost_read_uint_(r, &index)) && eshost_read_str_(r, &text));
	eshost_put_text_(a, text);
	return true;
}

/* Reads the first outcome. */
ESHOST_API_ void eshost_read_outcome_(eshost_answer_ *a, eshost_reader_ r)
{
	eshost_str text = {NULL, 0};
	eshost_must_read_(eshost_read_places_(&r, 3) && eshost_read_uint_(&r, &a->tag));
	if (a->tag == 1)
		eshost_must_read_(eshost_read_str_(&r, &text));
	if (a->tag == 2)
		eshost_must_read_(eshost_read_uint_(&r, &a->kind) && eshost_read_str_(&r, &text));
	eshost_put_text_(a, text);
	if (a->tag == 2)
		return;
	const uint8_t *const payload = r.at;
	eshost_must_read_(eshost_skip_(&r, ESHOST_MAX_DEPTH_));
	eshost_put_since_(&a->payload, payload, &r);
	if (a->tag == 1)
		return;
	eshost_must_read_(eshost_read_array_(&r, &a->event_count));
	const uint8_t *const events = r.at;
	for (size_t i = 0; i < a->event_count; i++)
		eshost_must_read_(eshost_skip_(&r, ESHOST_MAX_DEPTH_));
	eshost_put_since_(&a->events, events, &r);
}

/* Has commands decided. */
ESHOST_API_ eshost_answer_ eshost_ask_commands_(const eshost_scene_ *s, eshost_buffer_ commands, size_t count)
{
	eshost_answer_ a;
	__builtin_memset(&a, 0, sizeof a);
	eshost_writer_ w = eshost_request_head_(s, 6, s->seq, s->state);
	eshost_write_int_(&w, s->now);
	eshost_write_array_(&w, count);
	eshost_write_raw_(&w, commands.data, commands.size);
	eshost_buffer_ request = eshost_buffer_of_(&w);
	a.all = eshost_ask_(s->entity, eshost_handle_command, request);
	eshost_buffer_free_(&request);
	eshost_reader_ r = {a.all.data, a.all.data + a.all.size};
	if (eshost_is_failure_(&a, &r, 3))
		return a;
	size_t outcomes;
	eshost_must_read_(eshost_read_array_(&r, &outcomes) && outcomes == count);
	const uint8_t *const start = r.at;
	if (count > 0)
		eshost_read_outcome_(&a, r);
	for (size_t i = 0; i < count; i++)
		eshost_must_read_(eshost_skip_(&r, ESHOST_MAX_DEPTH_));
	eshost_put_since_(&a.outcomes, start, &r);
	eshost_bytes state;
	eshost_must_read_(eshost_read_payload_(&r, &state) && r.at == r.end);
	if (state.data != NULL)
		eshost_put_(&a.state, state.data, state.size);
	return a;
}

/* Has events folded. */
ESHOST_API_ eshost_answer_ eshost_ask_events_(const eshost_scene_ *s, uint64_t seq, eshost_buffer_ state,
											  eshost_buffer_ events, size_t count)
{
	eshost_answer_ a;
	__builtin_memset(&a, 0, sizeof a);
	eshost_writer_ w = eshost_request_head_(s, 5, seq, state);
	eshost_write_array_(&w, count);
	eshost_write_raw_(&w, events.data, events.size);
	eshost_buffer_ request = eshost_buffer_of_(&w);
	a.all = eshost_ask_(s->entity, eshost_handle_event, request);
	eshost_buffer_free_(&request);
	eshost_reader_ r = {a.all.data, a.all.data + a.all.size};
	if (eshost_is_failure_(&a, &r, 4))
		return a;
	eshost_bytes bytes;
	eshost_must_read_(eshost_read_payload_(&r, &bytes) && bytes.data != NULL && r.at == r.end);
	eshost_put_(&a.state, bytes.data, bytes.size);
	return a;
}

#endif
