/* Mutations of valid requests, the same ones each time: whatever comes, memory is read and written where it may be, the
 * answer is well-formed, and a value that decodes is encoded to one that decodes to the same. */
#include "eshost_test.h"

#include "account.h"

ESHOST_SERVE(account);

static uint64_t seed = 1;

static uint32_t pick(uint32_t limit)
{
	seed = eshost_scramble_(seed + 0x9e3779b97f4a7c15u);
	return (uint32_t)(seed % limit);
}

/* Changes a byte, inserts one that matters to msgpack, drops some, or repeats some. */
static void mutate(eshost_buffer_ *b)
{
	static const uint8_t words[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1,
									0xc4, 0xc5, 0xc6, 0xca, 0xcb, 0xcc, 0xcf, 0xd0, 0xd3, 0xd4,
									0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff};
	const size_t at = pick((uint32_t)b->size);
	const size_t left = b->size - at, some = 1 + pick(left < 9 ? (uint32_t)left : 9);
	switch (pick(4)) {
	case 0:
		b->data[at] = words[pick(sizeof words)];
		break;
	case 1:
		b->data[at] = (uint8_t)pick(256);
		break;
	case 2:
		if (some < b->size) {
			__builtin_memmove(b->data + at, b->data + at + some, left - some);
			b->size -= some;
		}
		break;
	default: {
		uint8_t copy[9];
		__builtin_memcpy(copy, b->data + at, some);
		eshost_put_(b, copy, some);
		__builtin_memmove(b->data + at + some, b->data + at, left);
		__builtin_memcpy(b->data + at, copy, some);
	}
	}
}

/* Has a request answered that lies in memory of exactly its size. */
static void answer(eshost_buffer_ request, bool events)
{
	uint8_t *const at = (uint8_t *)eshost_request_(request.size);
	__builtin_memcpy(at, request.data, request.size);
	const eshost_bytes bytes =
		(events ? eshost_handle_event : eshost_handle_command)(&eshost_plugin_served_, at, request.size);
	eshost_reader_ r = {bytes.data, bytes.data + bytes.size};
	CHECK(eshost_skip_(&r, ESHOST_MAX_DEPTH_ + 4) && r.at == r.end);
}

static void round_trip(eshost_buffer_ payload)
{
	uint8_t *const at = (uint8_t *)eshost_request_(payload.size);
	__builtin_memcpy(at, payload.data, payload.size);
	const eshost_bytes bytes = {at, payload.size};
	Account first, second;
	if (!eshost_decode_(&eshost_type_Account, &bytes, &first))
		return;
	eshost_writer_ one = eshost_writer_of_(16), two = eshost_writer_of_(16);
	CHECK(eshost_encode_(&one, &eshost_type_Account, &first));
	const eshost_bytes written = eshost_written_(&one);
	CHECK(eshost_decode_(&eshost_type_Account, &written, &second));
	CHECK(eshost_encode_(&two, &eshost_type_Account, &second));
	const eshost_bytes a = eshost_written_(&one), b = eshost_written_(&two);
	CHECK(a.size == b.size && eshost_same_(a.data, b.data, a.size));
}

static void fuzz(eshost_buffer_ valid, void (*check)(eshost_buffer_), int rounds)
{
	for (int i = 0; i < rounds && !eshost_test_has_failed_; i++) {
		eshost_buffer_ mutant = {NULL, 0};
		eshost_put_(&mutant, valid.data, valid.size);
		for (uint32_t n = 1 + pick(4); n > 0; n--)
			mutate(&mutant);
		check(mutant);
		eshost_buffer_free_(&mutant);
	}
}

static void answer_commands(eshost_buffer_ request) { answer(request, false); }
static void answer_events(eshost_buffer_ request) { answer(request, true); }

/* The state of an account that has something of everything. */
static eshost_buffer_ account_bytes(void)
{
	static const Balances_entry balances[] = {{ESHOST_STR_INIT("anna"), 300}, {ESHOST_STR_INIT("b\303\251rt"), 70000}};
	static const eshost_str notes[] = {ESHOST_STR_INIT("hello"), ESHOST_STR_INIT("")};
	static const Account account = {
		{balances, 2}, {notes, 2}, LEVEL_GOLD, {STATUS_FROZEN, {{ESHOST_STR_INIT("fraud"), -5}}}, 7, true};
	eshost_request_(1);
	eshost_writer_ w = eshost_writer_of_(64);
	CHECK(eshost_encode_(&w, &eshost_type_Account, &account));
	return eshost_buffer_of_(&w);
}

#define ROUNDS 60000

ESHOST_TEST(mutated_states_are_refused_or_read_as_they_are_written)
{
	eshost_buffer_ state = account_bytes();
	fuzz(state, round_trip, ROUNDS);
	eshost_buffer_free_(&state);
}

static eshost_writer_ head(size_t places)
{
	eshost_scene_ scene;
	__builtin_memset(&scene, 0, sizeof scene);
	scene.entity = &eshost_entity_account;
	eshost_put_(&scene.id, "a", 1);
	eshost_buffer_ state = account_bytes();
	const eshost_writer_ w = eshost_request_head_(&scene, places, 9, state);
	eshost_buffer_free_(&state);
	eshost_scene_free_(&scene);
	return w;
}

ESHOST_TEST(mutated_command_requests_are_answered)
{
	const Deposit one = {ESHOST_STR("anna"), 5};
	const Freeze two = {ESHOST_STR("fraud")};
	eshost_writer_ w = head(6);
	eshost_write_uint_(&w, 1763892000000);
	eshost_write_array_(&w, 2);
	eshost_write_array_(&w, 2);
	eshost_write_text_(&w, "deposit");
	CHECK(eshost_encode_payload_(&w, &eshost_type_Deposit, &one));
	eshost_write_array_(&w, 2);
	eshost_write_text_(&w, "freeze");
	CHECK(eshost_encode_payload_(&w, &eshost_type_Freeze, &two));
	eshost_buffer_ request = eshost_buffer_of_(&w);
	answer_commands(request);
	fuzz(request, answer_commands, ROUNDS);
	eshost_buffer_free_(&request);
}

ESHOST_TEST(mutated_event_requests_are_answered)
{
	static const eshost_str notes[] = {ESHOST_STR_INIT("a"), ESHOST_STR_INIT("b")};
	const Noted one = {{notes, 2}};
	const Deposited two = {ESHOST_STR("anna"), 5};
	eshost_writer_ w = head(5);
	eshost_write_array_(&w, 2);
	eshost_write_array_(&w, 3);
	eshost_write_text_(&w, "noted");
	eshost_write_uint_(&w, 1);
	CHECK(eshost_encode_payload_(&w, &eshost_type_Noted, &one));
	eshost_write_array_(&w, 3);
	eshost_write_text_(&w, "deposited");
	eshost_write_uint_(&w, 2);
	CHECK(eshost_encode_payload_(&w, &eshost_type_Deposited, &two));
	eshost_buffer_ request = eshost_buffer_of_(&w);
	answer_events(request);
	fuzz(request, answer_events, ROUNDS);
	eshost_buffer_free_(&request);
}
