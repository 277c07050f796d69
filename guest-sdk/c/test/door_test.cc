#include "eshost_test.h"

#include "door.cc"

ESHOST_TEST(a_door_lets_in_as_many_as_there_is_room_for)
{
	GIVEN(door);
	WHEN(knock, {ESHOST_STR("anna")});
	THEN_REJECTED(closed);
	WHEN(unlock, {});
	THEN(unlocked, {});
	WHEN(unlock, {});
	THEN_NOTHING();
	WHEN(knock, {ESHOST_STR("anna")});
	THEN(entered, {ESHOST_STR("anna")});
	THEN_REPLY(uint64_t, 1);
	WHEN(knock, {ESHOST_STR("bert")});
	THEN_REPLY(uint64_t, 2);
	WHEN(knock, {ESHOST_STR("carl")});
	THEN_REJECTED_WITH(full, {2});
	WHEN_NAMED("knock", eshost_none, {});
	THEN_FAULT(ESHOST_BAD_PAYLOAD, "who: missing");
}
