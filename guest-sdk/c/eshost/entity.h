/* A type of entity, put together from its commands and events. */
#ifndef ESHOST_ENTITY_H
#define ESHOST_ENTITY_H

#include "rules.h"

/* ESHOST_TYPE(counter, "counter", State, command(increase), event(increased)); is a type of entity. Its parts are
 *
 *   command(increase), event(increased)   every command, and every version of every event that may be in a log
 *   initial(begin)                        the author's  static void begin(State *state);  makes the state of an entity
 *                                         without events out of one that is all zero, which it is without this part
 *   revision(2)                           a number to raise when folds come to other states although the layout of the
 *                                         state is the same: former snapshots are not used then */
#define ESHOST_TYPE(id, name, State, ...)                                                                          \
	typedef State eshost_state_##id;                                                                               \
	ESHOST_EACH_(ESHOST_PART_DECLARED_, id, __VA_ARGS__)                                                           \
	static const eshost_part_ eshost_parts_##id[] = {ESHOST_EACH_(ESHOST_PART_, id, __VA_ARGS__)};                 \
	ESHOST_UNUSED_ static const eshost_entity_ eshost_entity_##id = {name, sizeof(name) - 1, &eshost_type_##State, \
																	 eshost_parts_##id, ESHOST_COUNT_(__VA_ARGS__)}

#define ESHOST_PART_OF_command(part) COMMAND, part
#define ESHOST_PART_OF_event(part) EVENT, part
#define ESHOST_PART_OF_initial(function) INITIAL, function
#define ESHOST_PART_OF_revision(number) REVISION, number

#define ESHOST_PART_DECLARED_(id, x) ESHOST_PART_DECLARED_OF_(id, ESHOST_PART_OF_##x)
#define ESHOST_PART_DECLARED_OF_(...) ESHOST_PART_DECLARED_HERE_(__VA_ARGS__)
#define ESHOST_PART_DECLARED_HERE_(id, tag, part) ESHOST_PART_DECLARED_##tag(id, part)
/* A command or an event that was defined with another state does not compile here. */
#define ESHOST_PART_DECLARED_COMMAND(id, part)                                                          \
	ESHOST_API_ eshost_state_##id *eshost_state_of_##part##_in_##id(eshost_command_state_##part *state) \
	{                                                                                                   \
		return state;                                                                                   \
	}
#define ESHOST_PART_DECLARED_EVENT(id, part) \
	ESHOST_API_ eshost_state_##id *eshost_state_of_##part##_in_##id(eshost_event_state_##part *state) { return state; }
#define ESHOST_PART_DECLARED_INITIAL(id, function)  \
	static void function(eshost_state_##id *state); \
	static void eshost_initial_##id(void *state) { function((eshost_state_##id *)state); }
#define ESHOST_PART_DECLARED_REVISION(id, number)

#define ESHOST_PART_(id, x) ESHOST_PART_OF_THIS_(id, ESHOST_PART_OF_##x)
#define ESHOST_PART_OF_THIS_(...) ESHOST_PART_HERE_(__VA_ARGS__)
#define ESHOST_PART_HERE_(id, tag, part) ESHOST_PART_##tag(id, part)
#define ESHOST_PART_COMMAND(id, part) {&eshost_command_##part, NULL, NULL, 0},
#define ESHOST_PART_EVENT(id, part) {NULL, &eshost_event_##part, NULL, 0},
#define ESHOST_PART_INITIAL(id, function) {NULL, NULL, eshost_initial_##id, 0},
#define ESHOST_PART_REVISION(id, number) {NULL, NULL, NULL, number},

#endif
