/* Memory: what a call takes is given up by the next one, and within a call when it becomes much. */
#include "eshost_test.h"

#include "account.h"

ESHOST_STRUCT(Count, field(uint64_t, by));
ESHOST_EVENT(uint64_t, counted, "counted", 1, Count);
ESHOST_COMMAND(uint64_t, count, "count", Count, state_reply);
ESHOST_TYPE(tally, "tally", uint64_t, command(count), event(counted));

/* A state that is no plain struct, and is the reply, too. */
ESHOST_STRUCT(Page, field(uint64_t, number), optional(eshost_str, text));
ESHOST_EVENT(Page, turned, "turned", 1, Page);
ESHOST_COMMAND(Page, turn, "turn", Page, state_reply);
ESHOST_TYPE(book, "book", Page, command(turn), event(turned));

/* Two lists and a map that grow in turns, and an event with many lines. */
ESHOST_STRUCT(Item, field(eshost_str, name), field(uint64_t, n));
ESHOST_LIST(Items, Item);
ESHOST_LIST(Numbers, uint64_t);
ESHOST_MAP(Sums, uint64_t);
ESHOST_STRUCT(Ledger, field(Items, items), field(Numbers, numbers), field(Sums, sums));
ESHOST_EVENT(Ledger, booked, "booked", 1, Numbers);
ESHOST_COMMAND(Ledger, book_all, "book-all", Numbers, no_reply);
ESHOST_TYPE(ledger, "ledger", Ledger, command(book_all), event(booked));
ESHOST_SERVE(account, tally, book, ledger);

static eshost_effect book_all(eshost_context *ctx, const Ledger *state, const Numbers *command)
{
	(void)state;
	return eshost_emit(ctx, booked, {command->items, command->count});
}

static void booked(Ledger *state, const Numbers *event)
{
	for (size_t i = 0; i < event->count; i++) {
		const eshost_str name = eshost_str_of_number(event->items[i]);
		*Items_add(&state->items) = (Item){name, 1};
		*Numbers_add(&state->numbers) = event->items[i];
		*Sums_put(&state->sums, name) += 1;
		Items_edit(&state->items)[0].n++;
	}
}

static eshost_effect turn(eshost_context *ctx, const Page *state, const Page *command)
{
	return eshost_emit(ctx, turned, {.number = state->number + 1, .has_text = true, .text = command->text});
}
static void turned(Page *state, const Page *event) { *state = *event; }

static eshost_effect count(eshost_context *ctx, const uint64_t *state, const Count *command)
{
	(void)state;
	eshost_alloc(1000); /* of the author's own */
	return eshost_emit(ctx, counted, {command->by});
}
static void counted(uint64_t *state, const Count *event) { *state += event->by; }

/* The highest that memory ever stood while a request was answered several times. */
static size_t peak_of(eshost_buffer_ request, bool events, int times, eshost_buffer_ *answer)
{
	size_t peak = 0;
	for (int i = 0; i < times; i++) {
		void *const at = eshost_request_(request.size);
		__builtin_memcpy(at, request.data, request.size);
		const eshost_bytes bytes = (events ? eshost_handle_event : eshost_handle_command)(
			&eshost_plugin_served_, (const uint8_t *)at, request.size);
		if (eshost_runtime.top - eshost_runtime.base > peak)
			peak = eshost_runtime.top - eshost_runtime.base;
		if (i == 0 && answer != NULL)
			eshost_put_(answer, bytes.data, bytes.size);
		CHECK(bytes.data[1] == 0);
	}
	return peak;
}

/* A request with as many times the same command or event. */
static eshost_buffer_ request_of(const char *type, eshost_buffer_ part, size_t times, bool events)
{
	eshost_request_(1);
	eshost_writer_ w = eshost_writer_of_(64);
	eshost_write_array_(&w, events ? 5 : 6);
	eshost_write_text_(&w, type);
	eshost_write_text_(&w, "a");
	eshost_write_uint_(&w, 0);
	eshost_write_byte_(&w, 0xc0);
	if (!events)
		eshost_write_uint_(&w, 1);
	eshost_write_array_(&w, times);
	for (size_t i = 0; i < times; i++)
		eshost_write_raw_(&w, part.data, part.size);
	return eshost_buffer_of_(&w);
}

ESHOST_TEST(memory_is_flat_over_many_calls)
{
	const Count one = {1};
	eshost_request_(1);
	eshost_buffer_ command = eshost_command_bytes_("count", &eshost_type_Count, &one);
	eshost_buffer_ request = request_of("tally", command, 64, false);
	const size_t first = peak_of(request, false, 1, NULL);
	CHECK(peak_of(request, false, 20000, NULL) == first);
	CHECK(first < 64 << 10);
	eshost_buffer_free_(&command);
	eshost_buffer_free_(&request);
}

ESHOST_TEST(what_commands_take_is_given_up_within_a_batch)
{
	const Count one = {1};
	eshost_request_(1);
	eshost_buffer_ command = eshost_command_bytes_("count", &eshost_type_Count, &one);
	eshost_buffer_ request = request_of("tally", command, 100000, false);
	CHECK(peak_of(request, false, 1, NULL) < 40u << 20);
	eshost_buffer_free_(&command);
	eshost_buffer_free_(&request);
}

ESHOST_TEST(a_batch_with_a_large_answer_takes_a_few_times_its_size)
{
	enum { COMMANDS = 1024, BYTES = 1000 };
	char text[BYTES];
	__builtin_memset(text, 'x', sizeof text);
	const Page page = {.number = 0, .has_text = true, .text = {text, BYTES}};
	eshost_request_(1);
	eshost_buffer_ command = eshost_command_bytes_("turn", &eshost_type_Page, &page);
	eshost_buffer_ request = request_of("book", command, COMMANDS, false), answer = {NULL, 0};
	const size_t peak = peak_of(request, false, 1, &answer);
	CHECK(answer.size > (size_t)2 * COMMANDS * BYTES); /* an event and a reply of each */
	CHECK(peak < request.size + 8 * answer.size);
	eshost_buffer_free_(&command);
	eshost_buffer_free_(&request);
	eshost_buffer_free_(&answer);
}

ESHOST_TEST(a_large_state_is_folded_within_bounds)
{
	enum { EVENTS = 4000 };
	static const eshost_str notes[] = {ESHOST_STR_INIT("a note that is long enough to matter, as notes are")};
	const Noted event = {{notes, 1}};
	eshost_request_(1);
	eshost_buffer_ bytes = eshost_event_bytes_(&eshost_event_noted, &event);
	eshost_buffer_ request = request_of("account", bytes, EVENTS, true), answer = {NULL, 0};
	/* Made anew for each event the list alone would have taken 64 MB natively. */
	CHECK(peak_of(request, true, 1, &answer) < 16u << 20);
	eshost_reader_ r = {answer.data + 2, answer.data + answer.size};
	eshost_bytes state;
	Account account;
	CHECK(eshost_read_payload_(&r, &state) && eshost_decode_(&eshost_type_Account, &state, &account));
	CHECK(account.notes.count == EVENTS && account.limit == EVENTS);
	CHECK(eshost_str_equal(account.notes.items[EVENTS - 1], eshost_str_join(notes[0], ESHOST_STR("!"))));
	eshost_buffer_free_(&bytes);
	eshost_buffer_free_(&request);
	eshost_buffer_free_(&answer);
}

/* The part of a request that is an event or a command with these numbers. */
static eshost_buffer_ numbers_of(size_t first, size_t count, bool events)
{
	static uint64_t all[4000];
	for (size_t i = 0; i < count; i++)
		all[i] = (first + i) * 7919 % 100003; /* in no order */
	const Numbers numbers = {all, count};
	eshost_request_(1);
	return events ? eshost_event_bytes_(&eshost_event_booked, &numbers)
				  : eshost_command_bytes_("book-all", &eshost_type_Numbers, &numbers);
}

/* Copied whole at each change they would take 400 MB. */
ESHOST_TEST(lists_and_maps_of_one_event_grow_within_bounds)
{
	for (int events = 0; events < 2; events++) {
		eshost_buffer_ part = numbers_of(0, 3000, events), request = request_of("ledger", part, 1, events);
		CHECK(peak_of(request, events, 1, NULL) < 2u << 20);
		eshost_buffer_free_(&part);
		eshost_buffer_free_(&request);
	}
}

ESHOST_TEST(lists_that_grow_over_many_events_give_what_they_give_one_by_one)
{
	enum { EVENTS = 3000 };
	const eshost_buffer_ nothing = {NULL, 0};
	eshost_buffer_ all = {NULL, 0};
	for (int i = 0; i < EVENTS; i++) {
		eshost_buffer_ part = numbers_of((size_t)i, 1, true);
		eshost_put_(&all, part.data, part.size);
		eshost_buffer_free_(&part);
	}
	eshost_buffer_ step = {NULL, 0};
	eshost_scene_ scene;
	__builtin_memset(&scene, 0, sizeof scene);
	scene.entity = &eshost_entity_ledger;
	eshost_put_(&scene.id, "a", 1);
	eshost_answer_ folded = eshost_ask_events_(&scene, 0, nothing, all, EVENTS);
	CHECK(!folded.failed);
	for (int i = 0; i < EVENTS; i += 1500) {
		eshost_buffer_ half = {NULL, 0};
		for (int k = i; k < i + 1500; k++) {
			eshost_buffer_ part = numbers_of((size_t)k, 1, true);
			eshost_put_(&half, part.data, part.size);
			eshost_buffer_free_(&part);
		}
		eshost_answer_ next = eshost_ask_events_(&scene, (uint64_t)i, step, half, 1500);
		eshost_buffer_free_(&step);
		eshost_put_(&step, next.state.data, next.state.size);
		eshost_answer_free_(&next);
		eshost_buffer_free_(&half);
	}
	CHECK(eshost_buffers_equal_(step, folded.state));
	eshost_answer_free_(&folded);
	eshost_buffer_free_(&all);
	eshost_buffer_free_(&step);
	eshost_scene_free_(&scene);
}

ESHOST_TEST(a_length_that_the_input_cannot_hold_takes_no_memory)
{
	enum { COUNT = 1 << 20 };
	eshost_request_(1);
	uint8_t *const bytes = (uint8_t *)eshost_take_(COUNT + 5);
	__builtin_memset(bytes, 0x80, COUNT + 5);
	bytes[0] = 0xdd;
	bytes[1] = 0, bytes[2] = COUNT >> 16, bytes[3] = bytes[4] = 0;
	const eshost_bytes payload = {bytes, COUNT + 5};
	const uintptr_t top = eshost_runtime.top;
	Items items;
	CHECK(!eshost_decode_(&eshost_type_Items, &payload, &items));
	CHECK(eshost_runtime.top - top < 4096);
	Ledger ledger;
	CHECK(!eshost_decode_(&eshost_type_Ledger, &payload, &ledger));
}

ESHOST_TEST(more_items_than_there_is_memory_for_are_refused)
{
	eshost_request_(1);
	eshost_take_((size_t)255 << 20);
	uint8_t bytes[5 + 100000] = {0xdd, 0, 1, 0x86, 0xa0};
	const eshost_bytes payload = {bytes, sizeof bytes};
	Numbers numbers;
	eshost_take_((size_t)500 << 10);
	CHECK(!eshost_decode_(&eshost_type_Numbers, &payload, &numbers));
	CHECK(eshost_contains_(eshost_runtime.problem, "more items than there is memory for"));
}

ESHOST_TEST(a_batch_on_a_large_state_gives_what_its_commands_give_one_by_one)
{
	enum { COMMANDS = 600 };
	static eshost_str owners[] = {
		ESHOST_STR_INIT("an owner whose name goes on and on, so that memory has to be tidied up, "
						"again and again, while the batch is decided; it is a name of two hundred "
						"bytes or so, which are joined, and then joined again in each command")};
	const Split split_one = {{owners, 1}};
	const Open look_one = {ESHOST_STR_INIT("x")};
	eshost_request_(1);
	eshost_buffer_ part = eshost_command_bytes_("split", &eshost_type_Split, &split_one);
	eshost_buffer_ open_part = eshost_command_bytes_("open", &eshost_type_Open, &look_one);
	eshost_scene_ scene;
	__builtin_memset(&scene, 0, sizeof scene);
	scene.entity = &eshost_entity_account;
	eshost_put_(&scene.id, "a", 1);
	eshost_buffer_ commands = {NULL, 0}, outcomes = {NULL, 0};
	for (int i = 0; i < COMMANDS; i++) {
		eshost_put_(&commands, part.data, part.size);
		eshost_put_(&commands, open_part.data, open_part.size);
	}
	eshost_answer_ whole = eshost_ask_commands_(&scene, commands, (size_t)2 * COMMANDS);
	for (int i = 0; i < 2 * COMMANDS; i++) {
		eshost_answer_ step = eshost_ask_commands_(&scene, i % 2 == 1 ? open_part : part, 1);
		eshost_put_(&outcomes, step.outcomes.data, step.outcomes.size);
		scene.seq += step.event_count;
		scene.state.size = 0;
		eshost_put_(&scene.state, step.state.data, step.state.size);
		eshost_answer_free_(&step);
	}
	CHECK(eshost_buffers_equal_(whole.outcomes, outcomes));
	CHECK(eshost_buffers_equal_(whole.state, scene.state));
	eshost_answer_free_(&whole);
	eshost_scene_free_(&scene);
	eshost_buffer_free_(&part);
	eshost_buffer_free_(&open_part);
	eshost_buffer_free_(&commands);
	eshost_buffer_free_(&outcomes);
}
