// A plugin in C++: an object with a constructor, which has to run before the first call, and C++ where C has no word.
#include "eshost.h"

namespace
{

ESHOST_LIST(Visitors, eshost_str);
ESHOST_ENUM(Lock, variant(LOCK_CLOSED, "closed"), variant(LOCK_OPEN, "open"));
ESHOST_STRUCT(Door, field(Lock, lock), field(Visitors, visitors), optional(uint64_t, limit));

ESHOST_STRUCT(Knock, field(eshost_str, who));
ESHOST_STRUCT(Entered, field(eshost_str, who));
ESHOST_STRUCT(Full, field(uint64_t, limit));

ESHOST_REJECTION(closed, "closed");
ESHOST_REJECTION_WITH(full, "full", Full);

ESHOST_EVENT(Door, unlocked, "unlocked", 1, eshost_none);
ESHOST_EVENT(Door, entered, "entered", 1, Entered);

ESHOST_COMMAND(Door, unlock, "unlock", eshost_none, no_reply);
ESHOST_COMMAND(Door, knock, "knock", Knock, reply(uint64_t, number), rejects(closed), rejects(full),
			   examples({ESHOST_STR_INIT("anna")}));

ESHOST_TYPE(door, "door", Door, command(unlock), command(knock), event(unlocked), event(entered), initial(begin));

class Rules
{
  public:
	Rules() noexcept : limit_(*one_ + *one_) {}
	~Rules() { limit_ = 0; }
	Rules(const Rules &) = delete;
	Rules &operator=(const Rules &) = delete;
	uint64_t limit() const { return limit_; }

  private:
	static const volatile uint64_t *const one_; // so that the compiler cannot do the constructor's work
	uint64_t limit_;
};

const volatile uint64_t one = 1;
const volatile uint64_t *const Rules::one_ = &one;
Rules rules;

void begin(Door *state)
{
	state->has_limit = true;
	state->limit = rules.limit();
}

eshost_effect unlock(eshost_context *ctx, const Door *state, const eshost_none *)
{
	return state->lock == LOCK_OPEN ? eshost_accept(ctx) : eshost_emit(ctx, unlocked, {});
}

eshost_effect knock(eshost_context *ctx, const Door *state, const Knock *command)
{
	if (state->lock != LOCK_OPEN)
		return eshost_reject(ctx, closed);
	if (state->visitors.count >= state->limit)
		return eshost_reject_with(ctx, full, {state->limit});
	return eshost_emit(ctx, entered, {command->who});
}

void unlocked(Door *state, const eshost_none *) { state->lock = LOCK_OPEN; }

void entered(Door *state, const Entered *event) { *Visitors_add(&state->visitors) = event->who; }

uint64_t number(const Door *state) { return state->visitors.count; }

} // namespace

ESHOST_SERVE(door);
