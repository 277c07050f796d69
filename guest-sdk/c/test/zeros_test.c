/* Contents that are {0}, which must compile without a warning. */
#include "eshost_test.h"

ESHOST_STRUCT(Place, field(eshost_str, name), field(uint32_t, floor));
ESHOST_EMPTY(Nothing);
ESHOST_STRUCT(Opened, field(Place, place), field(uint64_t, by));
ESHOST_STRUCT(Door, field(Place, place), field(uint64_t, times));

ESHOST_REJECTION_WITH(locked, "locked", Place);
ESHOST_EVENT(Door, opened, "opened", 1, Opened);
ESHOST_EVENT(Door, shut, "shut", 1, eshost_none);
ESHOST_EVENT(Door, painted, "painted", 1, Nothing);
ESHOST_COMMAND(Door, open, "open", Opened, no_reply, rejects(locked), examples({0}));
ESHOST_TYPE(door, "door", Door, command(open), event(opened), event(shut), event(painted));
ESHOST_SERVE(door);

static void opened(Door *state, const Opened *event)
{
	state->place = event->place;
	state->times++;
}

static void shut(Door *state, const eshost_none *event)
{
	(void)event;
	state->times++;
}

static void painted(Door *state, const Nothing *event)
{
	(void)event;
	state->times++;
}

static eshost_effect open(eshost_context *ctx, const Door *state, const Opened *command)
{
	(void)command;
	if (state->times > 3)
		return eshost_reject_with(ctx, locked, {0});
	return eshost_emit(ctx, opened, {0});
}

ESHOST_TEST(a_content_may_be_all_zero)
{
	GIVEN(door);
	HAPPENED(opened, {0});
	HAPPENED(shut, {0});
	HAPPENED(painted, {0});
	WHEN(open, {0});
	THEN(opened, {0});
	WHEN(open, {0});
	THEN_REJECTED_WITH(locked, {0});
}
