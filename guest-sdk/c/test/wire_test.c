/* The golden vectors of requests and answers. The plugin here takes any payload, notes what it is told, and does as a
 * case says. */
#include "eshost_test.h"

ESHOST_STRUCT(Dummy, field(bool, flag));
ESHOST_EVENT(Dummy, changed, "changed", 1, Dummy);
ESHOST_TYPE(dummy, "dummy", Dummy, event(changed));
ESHOST_SERVE(dummy);
static void changed(Dummy *state, const Dummy *event) { *state = *event; }

#include "vector_types.h"

/* A type that holds any value as its bytes. */
typedef eshost_bytes Anything;

static bool decode_anything(eshost_reader_ *r, const eshost_type *t, void *v, int depth)
{
	const uint8_t *const start = r->at;
	(void)t;
	if (!eshost_skip_(r, depth))
		return eshost_fail_("not well-formed");
	const Anything value = {start, (size_t)(r->at - start)};
	__builtin_memcpy(v, &value, sizeof value);
	return true;
}

static bool encode_anything(eshost_writer_ *w, const eshost_type *t, const void *v, int depth)
{
	Anything value;
	(void)t, (void)depth;
	__builtin_memcpy(&value, v, sizeof value);
	eshost_write_raw_(w, value.data, value.size);
	return true;
}

static void describe_anything(eshost_schema_ *s, const eshost_type *t) { (void)s, (void)t; }

static const eshost_kind_ kind_anything = {decode_anything, encode_anything, describe_anything, false, true};
ESHOST_TYPE_(Anything, kind_anything, "a value", 0, NULL, 0, 0, 0, NULL);

/* What the handlers were told, and what they shall do. */
static struct {
	const request_case *request;
	const outcome *outcomes;
	Anything state;
	size_t calls;
	bool good;
} probe;

static bool same_payload(Anything got, eshost_bytes want)
{
	static const uint8_t empty[] = {0x80};
	const eshost_bytes nothing = {empty, 1};
	return want.data == NULL ? got.size == 1 && got.data[0] == nothing.data[0]
							 : got.size == want.size && eshost_same_(got.data, want.data, got.size);
}

static eshost_event_ probe_events[8];
static eshost_rejection_ probe_rejection;

static eshost_effect probe_decide(eshost_context *ctx, const void *state, const void *command)
{
	if (probe.request != NULL) {
		const request_case *const r = probe.request;
		const item *const wanted = &r->items[probe.calls++];
		probe.good = probe.good && eshost_str_equal(ctx->type, eshost_str_of(r->type)) &&
					 eshost_str_equal(ctx->id, r->id) && ctx->seq == r->seq && ctx->now == r->now &&
					 eshost_str_equal(ctx->name, eshost_str_of(wanted->name)) &&
					 same_payload(*(const Anything *)command, wanted->payload) &&
					 (r->state.data == NULL || same_payload(*(const Anything *)state, r->state));
		return eshost_accept(ctx);
	}
	const outcome *const o = &probe.outcomes[probe.calls++];
	for (size_t i = 0; i < o->event_count; i++)
		eshost_emit_(ctx, &probe_events[i], &o->events[i].payload);
	if (o->tag == 0)
		return eshost_accept(ctx);
	probe_rejection.type = o->payload.data == NULL ? NULL : &eshost_type_Anything;
	return eshost_reject_(ctx, &probe_rejection, &o->payload);
}

static void probe_reply(const void *state, void *reply)
{
	(void)state;
	*(Anything *)reply = probe.outcomes[probe.calls - 1].payload;
}

static void probe_fold(void *state, const void *event)
{
	if (probe.request != NULL) {
		const item *const wanted = &probe.request->items[probe.calls++];
		probe.good = probe.good && same_payload(*(const Anything *)event, wanted->payload);
	} else {
		*(Anything *)state = probe.state;
	}
}

static void check_wire(bool good, const char *name)
{
	if (!good)
		eshost_test_failed_(__FILE__, __LINE__, name);
}

/* Makes a type of entity that has each of these names as a command or an event. */
static eshost_entity_ probe_entity(const char *type, const item *items, size_t count, bool commands)
{
	static eshost_part_ parts[64];
	static eshost_command_ all[64];
	static eshost_event_ events[64];
	for (size_t i = 0; i < count; i++) {
		const eshost_part_ part = {commands ? &all[i] : NULL, commands ? NULL : &events[i], NULL, 0};
		const uint32_t size = (uint32_t)eshost_length_(items[i].name);
		const eshost_command_ command = {
			items[i].name, size, &eshost_type_Anything, probe_decide, NULL, 0, ESHOST_REPLY_NONE_, NULL, NULL};
		const eshost_event_ event = {items[i].name, size, items[i].version, &eshost_type_Anything, probe_fold};
		parts[i] = part;
		all[i] = command;
		events[i] = event;
	}
	const eshost_entity_ entity = {type, (uint32_t)eshost_length_(type), &eshost_type_Anything, parts, (uint32_t)count};
	return entity;
}

ESHOST_TEST(requests_are_read_in_every_form)
{
	for (size_t i = 0; i < COUNT(request_cases); i++) {
		const request_case *const c = &request_cases[i];
		const eshost_entity_ entity = probe_entity(c->type, c->items, c->item_count, c->commands);
		const eshost_entity_ *const entities[] = {&entity};
		const eshost_plugin_ plugin = {entities, 1};
		for (size_t k = 0; k < c->form_count; k++) {
			void *const request = eshost_request_(c->forms[k].size);
			eshost_copy_(request, c->forms[k].data, c->forms[k].size);
			probe.request = c;
			probe.calls = 0;
			probe.good = true;
			const eshost_bytes answer = (c->commands ? eshost_handle_command : eshost_handle_event)(
				&plugin, (const uint8_t *)request, c->forms[k].size);
			check_wire(probe.good && probe.calls == c->item_count, c->name);
			/* Decided, or folded to a state; without events and state that is the initial one, which is no value here.
			 */
			check_wire(answer.data[1] == 0, c->name);
		}
	}
	probe.request = NULL;
}

/* A type that holds any value, or that is none where there is no payload. */
static eshost_type type_of(eshost_bytes payload)
{
	static const eshost_kind_ none = {decode_anything, encode_anything, describe_anything, true, true};
	eshost_type t = eshost_type_Anything;
	t.flat = true;
	if (payload.data == NULL)
		t.kind = &none;
	return t;
}

/* Has a command decided that comes out as wanted, and gives its outcome. */
static eshost_bytes decide_as(const outcome *o, eshost_bytes state)
{
	static const char request[] = "\226\241t\241a\001\304\001\007\000\221\222\241x\304\001\000";
	static const eshost_clause_ clauses[] = {{&probe_rejection, NULL, 0}};
	const eshost_type reply = type_of(o->payload);
	const eshost_command_ command = {
		"x", 1, &eshost_type_Anything, probe_decide, clauses, 1, ESHOST_REPLY_MADE_, &reply, probe_reply};
	eshost_type contents[COUNT(probe_events)];
	eshost_part_ parts[1 + COUNT(probe_events)] = {{&command, NULL, NULL, 0}};
	for (size_t i = 0; i < o->event_count; i++) {
		const item *const e = &o->events[i];
		const eshost_event_ event = {e->name, (uint32_t)eshost_length_(e->name), e->version, &contents[i], probe_fold};
		contents[i] = type_of(e->payload);
		probe_events[i] = event;
		parts[1 + i].event = &probe_events[i];
	}
	const eshost_entity_ entity = {"t", 1, &eshost_type_Anything, parts, COUNT(parts)};
	const eshost_entity_ *const entities[] = {&entity};
	const eshost_plugin_ plugin = {entities, 1};
	probe_rejection.code = o->text;
	probe.outcomes = o;
	probe.calls = 0;
	probe.state = state;
	void *const at = eshost_take_(sizeof request - 1);
	__builtin_memcpy(at, request, sizeof request - 1);
	const eshost_bytes answer = eshost_handle_command(&plugin, (const uint8_t *)at, sizeof request - 1);
	eshost_reader_ r = {answer.data + 3, answer.data + answer.size};
	eshost_skip_(&r, ESHOST_MAX_DEPTH_);
	const eshost_bytes bytes = {answer.data + 3, (size_t)(r.at - answer.data) - 3};
	return bytes;
}

/* Puts the answer of a case together from outcomes that were decided, and faults that were written, one by one. */
static eshost_bytes answer_to(const answer_case *c)
{
	bool changes = false;
	eshost_loop_ l;
	l.out = eshost_writer_of_(1024);
	eshost_write_array_(&l.out, 3);
	eshost_write_uint_(&l.out, 0);
	eshost_write_array_(&l.out, c->outcome_count);
	for (size_t i = 0; i < c->outcome_count; i++) {
		const outcome *const o = &c->outcomes[i];
		if (o->tag == 2) {
			eshost_problem_(o->text);
			eshost_write_fault_(&l, (size_t)(l.out.at - l.out.start), (uint32_t)o->kind);
			continue;
		}
		const eshost_bytes decided = decide_as(o, c->state);
		eshost_write_raw_(&l.out, decided.data, decided.size);
		changes = changes || o->event_count > 0;
	}
	if (changes)
		eshost_write_bin_(&l.out, c->state.data, c->state.size);
	else
		eshost_write_byte_(&l.out, 0xc0);
	return eshost_written_(&l.out);
}

/* Has an event folded that makes the state of a case. */
static eshost_bytes fold_to(eshost_bytes state)
{
	static const char request[] = "\225\241t\241a\000\300\221\223\241x\001\304\001\000";
	static const item x = {"x", 1, {NULL, 0}};
	const eshost_entity_ entity = probe_entity("t", &x, 1, false);
	const eshost_entity_ *const entities[] = {&entity};
	const eshost_plugin_ plugin = {entities, 1};
	probe.state = state;
	return eshost_handle_event(&plugin, (const uint8_t *)request, sizeof request - 1);
}

ESHOST_TEST(answers_are_written_as_the_vectors_say)
{
	for (size_t i = 0; i < COUNT(answer_cases); i++) {
		const answer_case *const c = &answer_cases[i];
		eshost_request_(1);
		eshost_problem_(c->message);
		const eshost_bytes answer = c->kind != 0 ? eshost_refuse_(3, (uint32_t)c->kind, 0) : answer_to(c);
		check_wire(equal(answer, c->bytes), c->name);
	}
	for (size_t i = 0; i < COUNT(fold_cases); i++) {
		const fold_case *const c = &fold_cases[i];
		eshost_request_(1);
		eshost_problem_(c->message);
		const eshost_bytes answer =
			c->kind != 0 ? eshost_refuse_(4, (uint32_t)c->kind, (size_t)c->index) : fold_to(c->state);
		check_wire(equal(answer, c->bytes), c->name);
	}
}
