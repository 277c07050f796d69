/* A plugin for eshost: entities that hold a number, which can be increased and decreased but never leaves the range of
 * 64 bits. */
#include "eshost.h"

/* The commands: they ask to add and to subtract. */
ESHOST_STRUCT(Increase, field(uint64_t, by));
ESHOST_STRUCT(Decrease, field(uint64_t, by));

/* The events: they say that it was done. */
ESHOST_STRUCT(Increased, field(uint64_t, by));
ESHOST_STRUCT(Decreased, field(uint64_t, by));

ESHOST_REJECTION(overflow, "overflow");
ESHOST_REJECTION(underflow, "underflow");

ESHOST_EVENT(uint64_t, increased, "increased", 1, Increased);
ESHOST_EVENT(uint64_t, decreased, "decreased", 1, Decreased);

ESHOST_COMMAND(uint64_t, increase, "increase", Increase, state_reply, rejects(overflow),
			   examples({.by = 5}, {.by = UINT64_MAX}));
ESHOST_COMMAND(uint64_t, decrease, "decrease", Decrease, state_reply, rejects(underflow),
			   examples({.by = 2}, {.by = UINT64_MAX}));

/* The type. Its state is the number, and so is every reply. */
ESHOST_TYPE(counter, "counter", uint64_t, command(increase), command(decrease), event(increased), event(decreased));
ESHOST_SERVE(counter);

static eshost_effect increase(eshost_context *ctx, const uint64_t *value, const Increase *command)
{
	if (command->by > UINT64_MAX - *value)
		return eshost_reject(ctx, overflow);
	return eshost_emit(ctx, increased, {.by = command->by});
}

static eshost_effect decrease(eshost_context *ctx, const uint64_t *value, const Decrease *command)
{
	if (command->by > *value)
		return eshost_reject(ctx, underflow);
	return eshost_emit(ctx, decreased, {.by = command->by});
}

static void increased(uint64_t *value, const Increased *event) { *value += event->by; }

static void decreased(uint64_t *value, const Decreased *event) { *value -= event->by; }
