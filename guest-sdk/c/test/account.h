/* An account: a type whose state has a list, a map, a union and an optional field, and whose commands misbehave in
 * every way that the SDK has to make harmless. */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "eshost.h"

ESHOST_LIST(Notes, eshost_str);
ESHOST_MAP(Balances, uint64_t);
ESHOST_ENUM(Level, variant(LEVEL_BASIC, "basic"), variant(LEVEL_GOLD, "gold"));
ESHOST_STRUCT(Frozen, field(eshost_str, reason), field(int64_t, until));
ESHOST_UNION(Status, variant(STATUS_OPEN, "open"), content(STATUS_FROZEN, "frozen", Frozen, frozen));
ESHOST_STRUCT(Account, field(Balances, balances), field(Notes, notes), field(Level, level), field(Status, status),
			  optional(uint64_t, limit));

ESHOST_STRUCT(Open, field(eshost_str, owner));
ESHOST_STRUCT(Deposit, field(eshost_str, owner), field(uint64_t, amount));
ESHOST_STRUCT(Split, field(Notes, owners));
ESHOST_STRUCT(Fail, field_as(eshost_str, how, "how-to"));
ESHOST_STRUCT(Freeze, field(eshost_str, reason));
ESHOST_STRUCT(Shortage, field(uint64_t, missing));

ESHOST_STRUCT(Opened, field(eshost_str, owner));
ESHOST_STRUCT(DepositedV1, field(uint64_t, amount));
ESHOST_STRUCT(Deposited, field(eshost_str, owner), field(uint64_t, amount));
ESHOST_STRUCT(Noted, field(Notes, notes));
ESHOST_STRUCT(Broken, field(eshost_str, text));

ESHOST_REJECTION(not_open, "not open");
ESHOST_REJECTION_WITH(too_large, "too large", Shortage);
ESHOST_REJECTION(spoilt, "spoilt");
ESHOST_REJECTION(secret, "secret");

ESHOST_EVENT(Account, opened, "opened", 1, Opened);
ESHOST_EVENT(Account, deposited_v1, "deposited", 1, DepositedV1);
ESHOST_EVENT(Account, deposited, "deposited", 2, Deposited);
ESHOST_EVENT(Account, noted, "noted", 1, Noted);
ESHOST_EVENT(Account, frozen, "frozen", 1, Frozen);
ESHOST_EVENT(Account, thawed, "thawed", 1, eshost_none);
ESHOST_EVENT(Account, broken, "broken", 1, Broken);
ESHOST_EVENT(Account, unlisted, "unlisted", 1, Opened);

ESHOST_COMMAND(Account, open, "open", Open, no_reply);
ESHOST_COMMAND(Account, deposit, "deposit", Deposit, reply(uint64_t, total), rejects(not_open), rejects(too_large));
ESHOST_COMMAND(Account, look, "look", eshost_none, state_reply);
ESHOST_COMMAND(Account, split, "split", Split, reply(uint64_t, total));
ESHOST_COMMAND(Account, freeze, "freeze", Freeze, reply(Status, status_of));
ESHOST_COMMAND(Account, thaw, "thaw", eshost_none, reply(Status, status_of));
ESHOST_COMMAND(Account, fail, "fail", Fail, reply(eshost_str, last_note), rejects(spoilt));

ESHOST_TYPE(account, "account", Account, command(open), command(deposit), command(look), command(split),
			command(freeze), command(thaw), command(fail), event(opened), event(deposited_v1), event(deposited),
			event(noted), event(frozen), event(thawed), event(broken), initial(begin));

static void begin(Account *state) { *Balances_put(&state->balances, ESHOST_STR("bank")) = 0; }

static eshost_effect open(eshost_context *ctx, const Account *state, const Open *command)
{
	(void)state;
	return eshost_emit(ctx, opened, {command->owner});
}

static eshost_effect deposit(eshost_context *ctx, const Account *state, const Deposit *command)
{
	const uint64_t *const balance = Balances_get(&state->balances, command->owner);
	if (balance == NULL)
		return eshost_reject(ctx, not_open);
	if (*balance + command->amount > 1000)
		return eshost_reject_with(ctx, too_large, {*balance + command->amount - 1000});
	return eshost_emit(ctx, deposited, {command->owner, command->amount});
}

static eshost_effect look(eshost_context *ctx, const Account *state, const eshost_none *command)
{
	(void)state, (void)command;
	return eshost_accept(ctx);
}

static eshost_effect split(eshost_context *ctx, const Account *state, const Split *command)
{
	eshost_str owners[8];
	Notes all = {owners, 0};
	(void)state;
	for (size_t i = 0; i < command->owners.count; i++) {
		eshost_emit(ctx, opened, {command->owners.items[i]});
		owners[all.count++] = command->owners.items[i];
	}
	eshost_emit(ctx, noted, {all});
	owners[0] = ESHOST_STR("reused"); /* an event is copied when it is emitted */
	return eshost_accept(ctx);
}

static eshost_effect freeze(eshost_context *ctx, const Account *state, const Freeze *command)
{
	(void)state;
	return eshost_emit(ctx, frozen, {command->reason, ctx->now + 1});
}

static eshost_effect thaw(eshost_context *ctx, const Account *state, const eshost_none *command)
{
	(void)command;
	return state->status.tag == STATUS_OPEN ? eshost_accept(ctx) : eshost_emit(ctx, thawed, {0});
}

static eshost_effect fail(eshost_context *ctx, const Account *state, const Fail *command)
{
	const eshost_effect none = {0};
	Account *const spoilt_state = (Account *)(uintptr_t)state;
	spoilt_state->level = (Level)7;
	spoilt_state->notes.count = 0;
	if (eshost_str_equal(command->how, ESHOST_STR("nothing")))
		return eshost_accept(ctx);
	eshost_emit(ctx, deposited_v1, {1});
	if (eshost_str_equal(command->how, ESHOST_STR("reject")))
		return eshost_reject(ctx, spoilt);
	if (eshost_str_equal(command->how, ESHOST_STR("secret")))
		return eshost_reject(ctx, secret);
	if (eshost_str_equal(command->how, ESHOST_STR("no payload")))
		return eshost_reject_(ctx, &eshost_rejection_too_large, NULL);
	if (eshost_str_equal(command->how, ESHOST_STR("panic")))
		eshost_panic("gave up");
	if (eshost_str_equal(command->how, ESHOST_STR("assert")))
		ESHOST_ASSERT(1 + 1 == 3);
	if (eshost_str_equal(command->how, ESHOST_STR("unlisted")))
		return eshost_emit(ctx, unlisted, {ESHOST_STR("x")});
	if (eshost_str_equal(command->how, ESHOST_STR("event")))
		return eshost_emit(ctx, broken, {ESHOST_STR("\xff")});
	if (eshost_str_equal(command->how, ESHOST_STR("nonsense")) || eshost_str_equal(command->how, ESHOST_STR("text")))
		return eshost_emit(ctx, broken, {command->how});
	return none;
}

static void opened(Account *state, const Opened *event) { *Balances_put(&state->balances, event->owner) += 0; }

static void deposited(Account *state, const Deposited *event)
{
	*Balances_put(&state->balances, event->owner) += event->amount;
}

static void deposited_v1(Account *state, const DepositedV1 *event)
{
	const Deposited upgraded = {ESHOST_STR("bank"), event->amount};
	deposited(state, &upgraded);
}

static void noted(Account *state, const Noted *event)
{
	for (size_t i = 0; i < event->notes.count; i++)
		*Notes_add(&state->notes) = eshost_str_join(event->notes.items[i], ESHOST_STR("!"));
	state->has_limit = true;
	state->limit = state->notes.count;
}

static void frozen(Account *state, const Frozen *event)
{
	state->status.tag = STATUS_FROZEN;
	state->status.as.frozen = *event;
}

static void thawed(Account *state, const eshost_none *event)
{
	(void)event;
	__builtin_memset(&state->status, 0, sizeof state->status);
}

static void broken(Account *state, const Broken *event)
{
	if (eshost_str_equal(event->text, ESHOST_STR("nonsense")))
		state->level = (Level)9;
	else
		*Notes_add(&state->notes) = ESHOST_STR("\xff");
}

static void unlisted(Account *state, const Opened *event) { opened(state, event); }

static uint64_t total(const Account *state)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < state->balances.count; i++)
		sum += state->balances.entries[i].value;
	return sum;
}

static Status status_of(const Account *state) { return state->status; }

static eshost_str last_note(const Account *state)
{
	const eshost_str none = {NULL, 0};
	return state->notes.count == 0 ? none : state->notes.items[state->notes.count - 1];
}

#endif
