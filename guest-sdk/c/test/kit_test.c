/* The kit itself: tests that must fail, each for its own reason. */
#define ESHOST_TEST_NO_MAIN
#include "eshost_test.h"

#include <string.h>

ESHOST_STRUCT(Move, field(uint64_t, by));
ESHOST_LIST(Moves, Move);
ESHOST_STRUCT(Walk, field(uint64_t, at), field(Moves, moves));
ESHOST_REJECTION(tired, "tired");
ESHOST_REJECTION(lost, "lost");
ESHOST_EVENT(Walk, moved, "moved", 1, Move);
ESHOST_EVENT(Walk, moved_too, "moved", 1, Move);
ESHOST_COMMAND(Walk, go, "go", Move, reply(uint64_t, where), rejects(tired), rejects(lost));
ESHOST_COMMAND(Walk, count_calls, "count-calls", Move, no_reply);
ESHOST_COMMAND(Walk, meddle, "meddle", Move, no_reply);
ESHOST_TYPE(walk, "walk", Walk, command(go), command(count_calls), command(meddle), event(moved));
ESHOST_TYPE(misnamed, "Walk", Walk, command(go), event(moved));
ESHOST_TYPE(doubled, "walk", Walk, command(go), event(moved), event(moved_too));
ESHOST_STRUCT(Twins, field(uint64_t, one), field_as(uint64_t, two, "one"));
ESHOST_LIST(Pairs, Twins);
ESHOST_STRUCT(Crowd, field(Pairs, pairs));
ESHOST_EVENT(Crowd, grown, "grown", 1, Move);
ESHOST_TYPE(crowd, "crowd", Crowd, event(grown));
ESHOST_SERVE(walk, crowd);

static uint64_t calls;

static eshost_effect go(eshost_context *ctx, const Walk *state, const Move *command)
{
	(void)state;
	if (command->by == 0)
		return eshost_reject(ctx, tired);
	return eshost_emit(ctx, moved, {command->by});
}

static eshost_effect count_calls(eshost_context *ctx, const Walk *state, const Move *command)
{
	(void)state, (void)command;
	return eshost_emit(ctx, moved, {++calls});
}

static eshost_effect meddle(eshost_context *ctx, const Walk *state, const Move *command)
{
	(void)command;
	if (state->moves.count > 0)
		((Move *)(uintptr_t)state->moves.items)[0].by++; /* through a pointer, which no copy of the state undoes */
	return eshost_accept(ctx);
}

static void moved(Walk *state, const Move *event)
{
	state->at += event->by;
	*Moves_add(&state->moves) = *event;
}

static void moved_too(Walk *state, const Move *event) { moved(state, event); }

static void grown(Crowd *state, const Move *event) { (void)state, (void)event; }

static uint64_t where(const Walk *state) { return state->at; }

static void walked(void)
{
	GIVEN(walk);
	HAPPENED(moved, {3});
}

static void good(void)
{
	walked();
	WHEN(go, {2});
	THEN(moved, {2});
	THEN_REPLY(uint64_t, 5);
	WHEN(go, {0});
	THEN_REJECTED(tired);
}

static void another_event(void)
{
	walked();
	WHEN(go, {2});
	THEN(moved, {3});
}
static void too_few_events(void)
{
	walked();
	WHEN(go, {2});
	THEN(moved, {2});
	THEN(moved, {2});
}
static void another_reply(void)
{
	walked();
	WHEN(go, {2});
	THEN_REPLY(uint64_t, 6);
}
static void no_rejection(void)
{
	walked();
	WHEN(go, {2});
	THEN_REJECTED(tired);
}
static void another_rejection(void)
{
	walked();
	WHEN(go, {0});
	THEN_REJECTED(lost);
}
static void another_fault(void)
{
	walked();
	WHEN_NAMED("go", bool, true);
	THEN_FAULT(ESHOST_UNKNOWN_COMMAND, "");
}
static void events_where_none_are_wanted(void)
{
	walked();
	WHEN(go, {2});
	THEN_NOTHING();
}
static void another_state(void)
{
	walked();
	THEN_STATE(Walk, {.at = 4});
}
static void hidden_counter(void)
{
	walked();
	WHEN(count_calls, {1});
}
static void writes_through_a_pointer(void)
{
	walked();
	WHEN(meddle, {1});
	WHEN(go, {1});
}
static void type_with_a_capital(void) { GIVEN(misnamed); }
static void event_twice(void) { GIVEN(doubled); }
static void field_twice(void) { GIVEN(crowd); }

/* Runs a test that must fail and say this; all of what is said goes to a file meanwhile. */
static bool fails(void (*test)(void), const char *says)
{
	char said[8192];
	fflush(stderr);
	FILE *const file = freopen("kit_test.said", "w+", stderr);
	eshost_test_has_failed_ = false;
	test();
	eshost_close_step_();
	if (fseek(file, 0, SEEK_SET) != 0)
		return false;
	said[fread(said, 1, sizeof said - 1, file)] = 0;
	const bool right = eshost_test_has_failed_ == (says != NULL) && (says == NULL || strstr(said, says) != NULL);
	if (!right)
		printf("FAILED: want %s, got %s\n", says == NULL ? "nothing" : says, said);
	return right;
}

int main(void)
{
	static const struct {
		void (*test)(void);
		const char *says;
	} cases[] = {
		{good, NULL},
		{another_event,
		 "emitted another event\n  got:  [\"moved\", 1, {\"by\": 2}] \n  want: [\"moved\", 1, {\"by\": 3}]"},
		{too_few_events, "emitted fewer events than the test names"},
		{another_reply, "the reply is another one\n  got:  5 \n  want: 6"},
		{no_rejection, "the command was accepted, want it rejected"},
		{another_rejection, "rejected with another code"},
		{another_fault, "a fault of kind 2: a boolean, where a map is wanted; want kind 1"},
		{events_where_none_are_wanted, "emitted events, want none"},
		{another_state, "the state is another one"},
		{hidden_counter, "not decided the same each time"},
		{writes_through_a_pointer, "after a batch the state is another one"},
		{type_with_a_capital, "type \"Walk\": a name is 1 to 64 characters"},
		{field_twice, "field or variant \"one\": a type has two of this name"},
		{event_twice, "event \"moved\": a type has two of this name and version"},
	};
	const int count = (int)(sizeof cases / sizeof cases[0]);
	int failed = 0;
	for (int i = 0; i < count; i++)
		failed += !fails(cases[i].test, cases[i].says);
	remove("kit_test.said");
	printf("%d of %d tests passed\n", count - failed, count);
	return failed > 0;
}
