/* What a decide is told, and its random numbers. */
#include "eshost_test.h"

ESHOST_STRUCT(Roll, field(eshost_str, salt));
ESHOST_STRUCT(Rolled, field(eshost_str, type), field(eshost_str, id), field(uint64_t, seq), field(int64_t, now),
			  field(eshost_str, name), field(uint64_t, first), field(uint64_t, second), field(uint64_t, die),
			  field(uint64_t, of_a_million), field(uint64_t, large));
ESHOST_EVENT(Rolled, rolled, "rolled", 1, Rolled);
ESHOST_COMMAND(Rolled, roll, "roll", Roll, state_reply);
ESHOST_COMMAND(Rolled, roll_none, "roll-none", eshost_none, no_reply);
ESHOST_TYPE(dice, "dice", Rolled, command(roll), command(roll_none), event(rolled));
ESHOST_SERVE(dice);

static eshost_effect roll(eshost_context *ctx, const Rolled *state, const Roll *command)
{
	eshost_random random = eshost_random_of(ctx), again = random;
	Rolled r = {ctx->type, ctx->id, ctx->seq, ctx->now, ctx->name, 0, 0, 0, 0, 0};
	(void)state, (void)command;
	r.first = eshost_random_next(&random);
	r.second = eshost_random_next(&random);
	r.die = eshost_random_below(&random, 6);
	r.of_a_million = eshost_random_below(&random, 1 << 20);
	r.large = eshost_random_below(&random, (UINT64_C(1) << 63) + 5);
	ESHOST_ASSERT(eshost_random_next(&again) == r.first);
	eshost_log(ESHOST_DEBUG, "rolled");
	return eshost_emit(ctx, rolled, r);
}

static eshost_effect roll_none(eshost_context *ctx, const Rolled *state, const eshost_none *command)
{
	eshost_random random = eshost_random_of(ctx);
	(void)state, (void)command;
	eshost_random_below(&random, 0);
	return eshost_accept(ctx);
}

static void rolled(Rolled *state, const Rolled *event) { *state = *event; }

/* The numbers are those that a plugin in Go draws from the same, so an entity may change its language. */
ESHOST_TEST(random_numbers_are_a_function_of_the_entity_its_seq_and_the_command)
{
	GIVEN(dice);
	ID("a");
	WHEN(roll, {ESHOST_STR_INIT("x")});
	THEN_REPLY(Rolled, {ESHOST_STR_INIT("dice"), ESHOST_STR_INIT("a"), 0, 1767225600000, ESHOST_STR_INIT("roll"),
						UINT64_C(13701957904933898346), UINT64_C(8788589376234053929), 2, 271993,
						UINT64_C(341020117713055657)});
	AT(-1);
	WHEN(roll, {ESHOST_STR_INIT("x")});
	THEN_REPLY(Rolled, {ESHOST_STR_INIT("dice"), ESHOST_STR_INIT("a"), 1, -1, ESHOST_STR_INIT("roll"),
						UINT64_C(9264159634606066438), UINT64_C(14367421027172349725), 0, 424436,
						UINT64_C(4196716093766084543)});
}

ESHOST_TEST(a_number_below_zero_is_a_panic)
{
	GIVEN(dice);
	WHEN(roll_none, {0});
	THEN_FAULT(ESHOST_PANICKED, "eshost_random_below: a number below 0 was asked for");
}
