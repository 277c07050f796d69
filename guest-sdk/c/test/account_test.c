/* What the SDK promises to authors and to hosts. The kit compares every step with the same commands in one batch, so
 * these tests hold in batches too. */
#include "eshost_test.h"

#include "account.h"

ESHOST_SERVE(account);

static void given_anna(void)
{
	GIVEN(account);
	HAPPENED(opened, {ESHOST_STR_INIT("anna")});
	HAPPENED(deposited, {ESHOST_STR_INIT("anna"), 10});
	static const eshost_str notes[] = {ESHOST_STR_INIT("hello")};
	HAPPENED(noted, {{notes, 1}});
}

static const Balances_entry bank_and_anna[] = {{ESHOST_STR_INIT("anna"), 10}, {ESHOST_STR_INIT("bank"), 0}};
static const eshost_str hello[] = {ESHOST_STR_INIT("hello!")};
#define UNTOUCHED {.balances = {bank_and_anna, 2}, .notes = {hello, 1}, .limit = 1, .has_limit = true}

ESHOST_TEST(a_new_entity_begins_with_the_initial_state)
{
	static const Balances_entry bank[] = {{ESHOST_STR_INIT("bank"), 0}};
	GIVEN(account);
	THEN_STATE(Account, {.balances = {bank, 1}});
	WHEN(look, {0});
	THEN_NOTHING();
	THEN_REPLY(Account, {.balances = {bank, 1}});
}

ESHOST_TEST(a_command_that_is_refused_leaves_no_trace_even_if_it_wrote_to_the_state)
{
	static const struct {
		const char *how;
		eshost_fault_ kind;
		const char *text;
	} cases[] = {
		{"secret", ESHOST_PANICKED,
		 "rejected with secret, which is not declared; add rejects(...) to its ESHOST_COMMAND"},
		{"no payload", ESHOST_PANICKED, "use eshost_reject_with"},
		{"panic", ESHOST_PANICKED, "gave up"},
		{"assert", ESHOST_PANICKED, "1 + 1 == 3 does not hold"},
		{"unlisted", ESHOST_BAD_EVENT,
		 "event \"unlisted\" was emitted and is not listed; add event(...) to its ESHOST_TYPE"},
		{"event", ESHOST_PANICKED, "event broken: text: a string that is not UTF-8"},
		{"nonsense", ESHOST_PANICKED,
		 "the state after command fail: level: the value 9 of an enum that has no such variant"},
		{"text", ESHOST_PANICKED, "the reply of command fail: a string that is not UTF-8"},
		{"other", ESHOST_PANICKED, "the decide of command \"fail\" gave no effect"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		given_anna();
		WHEN(deposit, {ESHOST_STR_INIT("anna"), 0});
		WHEN(fail, {eshost_str_of(cases[i].how)});
		THEN_FAULT(cases[i].kind, cases[i].text);
		THEN_STATE(Account, UNTOUCHED);
		WHEN(look, {0});
		THEN_REPLY(Account, UNTOUCHED);
		WHEN(deposit, {ESHOST_STR_INIT("anna"), 5});
		THEN_REPLY(uint64_t, 15);
	}
	given_anna();
	WHEN(fail, {ESHOST_STR_INIT("reject")});
	THEN_REJECTED(spoilt);
	WHEN(fail, {ESHOST_STR_INIT("nothing")});
	THEN_NOTHING();
	THEN_REPLY(eshost_str, ESHOST_STR_INIT("hello!"));
	WHEN(look, {0});
	THEN_REPLY(Account, UNTOUCHED);
}

ESHOST_TEST(several_events_happen_together_and_are_folded_as_they_were_emitted)
{
	static const eshost_str owners[] = {ESHOST_STR_INIT("carl"), ESHOST_STR_INIT("bert")};
	static const eshost_str notes[] = {ESHOST_STR_INIT("hello!"), ESHOST_STR_INIT("carl!"), ESHOST_STR_INIT("bert!")};
	static const Balances_entry all[] = {{ESHOST_STR_INIT("bert"), 0},
										 {ESHOST_STR_INIT("anna"), 10},
										 {ESHOST_STR_INIT("carl"), 0},
										 {ESHOST_STR_INIT("bank"), 0}};
	given_anna();
	WHEN(split, {{owners, 2}});
	THEN(opened, {ESHOST_STR_INIT("carl")});
	THEN(opened, {ESHOST_STR_INIT("bert")});
	THEN(noted, {{owners, 2}});
	THEN_REPLY(uint64_t, 10);
	THEN_STATE(Account, {.balances = {all, 4}, .notes = {notes, 3}, .limit = 3, .has_limit = true});
}

ESHOST_TEST(an_old_version_of_an_event_is_folded)
{
	GIVEN(account);
	HAPPENED(deposited_v1, {7});
	HAPPENED(deposited, {ESHOST_STR_INIT("bank"), 1});
	WHEN(deposit, {ESHOST_STR_INIT("bank"), 0});
	THEN_REPLY(uint64_t, 8);
}

ESHOST_TEST(a_rejection_carries_its_payload)
{
	given_anna();
	WHEN(deposit, {ESHOST_STR_INIT("anna"), 995});
	THEN_REJECTED_WITH(too_large, {5});
	WHEN(deposit, {ESHOST_STR_INIT("zoe"), 1});
	THEN_REJECTED(not_open);
}

ESHOST_TEST(variants_events_without_content_and_the_time)
{
	given_anna();
	AT(41);
	WHEN(freeze, {ESHOST_STR_INIT("fraud")});
	THEN(frozen, {ESHOST_STR_INIT("fraud"), 42});
	THEN_REPLY(Status, {.tag = STATUS_FROZEN, .as = {.frozen = {ESHOST_STR_INIT("fraud"), 42}}});
	WHEN(thaw, {0});
	THEN(thawed, {0});
	THEN_REPLY(Status, {.tag = STATUS_OPEN});
	WHEN(thaw, {0});
	THEN_NOTHING();
}

ESHOST_TEST(a_fault_names_the_part_that_is_wrong)
{
	GIVEN(account);
	WHEN_NAMED("split", eshost_none, {0});
	THEN_FAULT(ESHOST_BAD_PAYLOAD, "owners: missing");
	WHEN_NAMED("look", uint64_t, 5);
	THEN_FAULT(ESHOST_BAD_PAYLOAD, "something, where nothing is wanted");
	WHEN_NAMED("fail", Open, {ESHOST_STR_INIT("x")});
	THEN_FAULT(ESHOST_BAD_PAYLOAD, "how-to: missing");
	WHEN_NAMED("deposit", uint64_t, 5);
	THEN_FAULT(ESHOST_BAD_PAYLOAD, "an integer, where a map is wanted");
	WHEN_NAMED("Deposit", eshost_none, {0});
	THEN_FAULT(ESHOST_UNKNOWN_COMMAND, "there is no command \"Deposit\"");
}

ESHOST_STRUCT(Place, field(eshost_str, street), optional(uint16_t, number));
ESHOST_LIST(Places, Place);
ESHOST_MAP(Regions, Places);
ESHOST_STRUCT(Country, field(Regions, regions));

ESHOST_TEST(the_path_leads_through_lists_and_maps)
{
	static const uint8_t bytes[] =
		"\201\247regions\201\245north\222\201\246street\241a\202\246street\241b\246number\316\000\001\000\000";
	const eshost_bytes payload = {bytes, sizeof bytes - 1};
	Country country;
	eshost_request_(1);
	CHECK(!eshost_decode_(&eshost_type_Country, &payload, &country));
	CHECK(eshost_str_equal(
		eshost_problem_text_(),
		ESHOST_STR("regions.north[1].number: an integer, where an integer from 0 to 65535 is wanted")));
}

static void check_refused(const eshost_type *type, const char *bytes, size_t size, const char *want)
{
	const eshost_bytes payload = {(const uint8_t *)bytes, size};
	void *value;
	eshost_request_(1);
	value = eshost_alloc(type->size);
	CHECK(!eshost_decode_(type, &payload, value));
	CHECK(eshost_str_equal(eshost_problem_text_(), eshost_str_of(want)));
}

ESHOST_TEST(what_comes_twice_is_refused)
{
	static const char field_twice[] = "\202\245owner\241a\245owner\241b";
	static const char key_twice[] = "\203\241b\001\241a\002\241b\003";
	check_refused(&eshost_type_Open, field_twice, sizeof field_twice - 1, "the field \"owner\" comes twice");
	check_refused(&eshost_type_Balances, key_twice, sizeof key_twice - 1, "the key \"b\" comes twice");
}

ESHOST_TEST(lists_and_maps_are_values)
{
	eshost_request_(1);
	Balances map = {NULL, 0};
	*Balances_put(&map, ESHOST_STR("b")) = 1;
	*Balances_put(&map, ESHOST_STR("a")) = 2;
	const Balances before = Balances_copy(&map);
	*Balances_put(&map, ESHOST_STR("b")) += 5;
	CHECK(*Balances_get(&map, ESHOST_STR("b")) == 6 && *Balances_get(&before, ESHOST_STR("b")) == 1);
	CHECK(Balances_remove(&map, ESHOST_STR("a")) && !Balances_remove(&map, ESHOST_STR("a")));
	CHECK(map.count == 1 && before.count == 2 && Balances_get(&map, ESHOST_STR("a")) == NULL);

	Notes list = {NULL, 0};
	*Notes_add(&list) = ESHOST_STR("x");
	Notes one = list, other = list;
	*Notes_add(&one) = ESHOST_STR("y");
	*Notes_add(&other) = ESHOST_STR("z");
	CHECK(eshost_str_equal(one.items[1], ESHOST_STR("y")) && eshost_str_equal(other.items[1], ESHOST_STR("z")));
	Notes_edit(&one)[0] = ESHOST_STR("w");
	CHECK(eshost_str_equal(list.items[0], ESHOST_STR("x")) && eshost_str_equal(one.items[0], ESHOST_STR("w")));
	Notes_remove(&one, 0);
	CHECK(one.count == 1 && eshost_str_equal(one.items[0], ESHOST_STR("y")));
	const Notes kept = Notes_copy(&one);
	Notes_edit(&one)[0] = ESHOST_STR("v");
	CHECK(eshost_str_equal(kept.items[0], ESHOST_STR("y")) && eshost_str_equal(one.items[0], ESHOST_STR("v")));
}
