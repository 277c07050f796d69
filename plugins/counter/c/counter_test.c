#include "eshost_test.h"

#include "counter.c"

ESHOST_TEST(counting)
{
	GIVEN(counter);
	WHEN(increase, {.by = 5});
	THEN(increased, {.by = 5});
	THEN_REPLY(uint64_t, 5);
	WHEN(decrease, {.by = 2});
	THEN(decreased, {.by = 2});
	THEN_REPLY(uint64_t, 3);
	WHEN(increase, {.by = 0});
	THEN(increased, {.by = 0});
	THEN_REPLY(uint64_t, 3);
	WHEN(decrease, {.by = 3});
	THEN(decreased, {.by = 3});
	THEN_REPLY(uint64_t, 0);
}

ESHOST_TEST(it_never_leaves_its_range)
{
	GIVEN(counter);
	HAPPENED(increased, {.by = UINT64_MAX - 1});
	WHEN(increase, {.by = 2});
	THEN_REJECTED(overflow);
	WHEN(increase, {.by = 1});
	THEN_REPLY(uint64_t, UINT64_MAX);
	WHEN(increase, {.by = 1});
	THEN_REJECTED(overflow);
	WHEN(decrease, {.by = UINT64_MAX});
	THEN_REPLY(uint64_t, 0);
	WHEN(decrease, {.by = 1});
	THEN_REJECTED(underflow);
	THEN_STATE(uint64_t, 0);
}

ESHOST_STRUCT(SignedBy, field(int64_t, by));
ESHOST_STRUCT(FloatBy, field(double, by));
ESHOST_STRUCT(MoreThanBy, field(uint64_t, by), field(uint64_t, more));

ESHOST_TEST(what_it_does_not_understand_is_a_fault)
{
	GIVEN(counter);
	HAPPENED(increased, {.by = 5});
	WHEN_NAMED("reset", eshost_none, {0});
	THEN_FAULT(ESHOST_UNKNOWN_COMMAND, "reset");
	WHEN_NAMED("increase", eshost_none, {0});
	THEN_FAULT(ESHOST_BAD_PAYLOAD, "by: missing");
	WHEN_NAMED("increase", uint64_t, 5);
	THEN_FAULT(ESHOST_BAD_PAYLOAD, "an integer, where a map is wanted");
	WHEN_NAMED("increase", SignedBy, {.by = -1});
	THEN_FAULT(ESHOST_BAD_PAYLOAD, "by: a negative integer");
	WHEN_NAMED("increase", FloatBy, {.by = 5});
	THEN_FAULT(ESHOST_BAD_PAYLOAD, "by: a float");
	WHEN_NAMED("increase", MoreThanBy, {.by = 5, .more = 1});
	THEN_REPLY(uint64_t, 10);
}
