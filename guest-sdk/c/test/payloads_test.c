/* The golden vectors of payloads, of strict decoding, and of no payload at all. */
#include "eshost_test.h"

ESHOST_STRUCT(Dummy, field(bool, flag));
ESHOST_EVENT(Dummy, changed, "changed", 1, Dummy);
ESHOST_TYPE(dummy, "dummy", Dummy, event(changed));
ESHOST_SERVE(dummy);
static void changed(Dummy *state, const Dummy *event) { *state = *event; }

#include "vector_types.h"

static void report(const char *name, const char *what)
{
	char text[300];
	snprintf(text, sizeof text, "%s: %s", name, what);
	eshost_test_failed_(__FILE__, __LINE__, text);
}

static eshost_bytes encoded(const payload_case *c, const void *value)
{
	eshost_writer_ w = eshost_writer_of_(1); /* so small that it has to grow */
	if (!eshost_encode_(&w, c->type, value))
		report(c->name, "cannot be encoded");
	return eshost_written_(&w);
}

/* Decodes bytes and compares the encoding of what came of it with the bytes that are wanted. */
static void check_decoding(const payload_case *c, eshost_bytes bytes, eshost_bytes want)
{
	void *const value = eshost_take_(c->type->size);
	__builtin_memset(value, 0xa5, c->type->size);
	/* Bytes of exactly this size, so that reading beyond them is seen. */
	uint8_t *const exact = bytes.data == NULL ? NULL : (uint8_t *)eshost_take_(bytes.size);
	const eshost_bytes copy = {exact, bytes.size};
	eshost_copy_(exact, bytes.data, bytes.size);
	if (eshost_decode_(c->type, &copy, value) != (c->value != NULL))
		report(c->name, c->value != NULL ? "does not decode" : "decodes");
	else if (c->value != NULL && !equal(encoded(c, value), want))
		report(c->name, "decodes to another value");
}

ESHOST_TEST(payloads_are_encoded_byte_for_byte_and_every_form_of_them_decodes)
{
	for (size_t i = 0; i < COUNT(payload_cases); i++) {
		const payload_case *const c = &payload_cases[i];
		eshost_request_(1);
		if (c->section != SECTION_PAYLOADS)
			continue;
		if (!equal(encoded(c, c->value), c->bytes))
			report(c->name, "is encoded as other bytes");
		check_decoding(c, c->bytes, c->bytes);
		for (size_t k = 0; k < c->also_count; k++)
			check_decoding(c, c->also[k], c->bytes);
	}
}

ESHOST_TEST(decoding_is_strict)
{
	const eshost_bytes nothing = {NULL, 0};
	size_t count = 0;
	for (size_t i = 0; i < COUNT(payload_cases); i++) {
		const payload_case *const c = &payload_cases[i];
		eshost_request_(1);
		if (c->section == SECTION_PAYLOADS)
			continue;
		count++;
		check_decoding(c, c->bytes, c->value == NULL ? nothing : encoded(c, c->value));
	}
	CHECK(count >= 100);
}

ESHOST_TEST(what_is_not_well_formed_is_refused_also_in_an_unknown_field)
{
	for (size_t i = 0; i < COUNT(malformed_payloads); i++) {
		const eshost_bytes bad = malformed_payloads[i];
		static const char before[] = "\202\244flag\303\244more";
		Dummy value;
		eshost_request_(1);
		uint8_t *const at = (uint8_t *)eshost_take_(sizeof before - 1 + bad.size);
		eshost_copy_(at, before, sizeof before - 1);
		eshost_copy_(at + sizeof before - 1, bad.data, bad.size);
		const eshost_bytes payload = {at, sizeof before - 1 + bad.size};
		const bool is_nil = bad.size == 1 && bad.data[0] == 0xc0;
		CHECK(eshost_decode_(&eshost_type_Dummy, &payload, &value) == is_nil);
	}
}

ESHOST_TEST(a_request_that_is_malformed_is_answered_all_the_same)
{
	for (size_t i = 0; i < COUNT(malformed_requests); i++) {
		const eshost_bytes bad = malformed_requests[i];
		for (int events = 0; events < 2; events++) {
			uint8_t *const at = (uint8_t *)eshost_request_(bad.size);
			eshost_copy_(at, bad.data, bad.size);
			const eshost_bytes answer =
				(events ? eshost_handle_event : eshost_handle_command)(&eshost_plugin_served_, at, bad.size);
			CHECK(answer.size > 3 && answer.data[0] == (events ? 0x94 : 0x93) && answer.data[1] == 1);
		}
	}
}
