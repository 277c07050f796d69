/* The rules of a type: its rejections, events and commands. */
#ifndef ESHOST_RULES_H
#define ESHOST_RULES_H

#include "list.h"
#include "map.h"
#include "struct.h"
#include "variant.h"

typedef struct eshost_context eshost_context;

/* What a decide says: it comes from eshost_emit, eshost_accept or eshost_reject. */
typedef struct eshost_effect {
	int taken;
} eshost_effect;

typedef struct eshost_rejection_ {
	const char *code;
	const eshost_type *type; /* of its payload; NULL: there is none */
	const char *id;			 /* as the author writes it */
} eshost_rejection_;

typedef struct eshost_event_ {
	const char *name;
	uint32_t name_size;
	uint32_t version;
	const eshost_type *type;
	void (*fold)(void *state, const void *event);
} eshost_event_;

/* A rejection that a command declares, or its examples. */
typedef struct eshost_clause_ {
	const eshost_rejection_ *rejection;
	const void *examples;
	uint32_t count;
} eshost_clause_;

typedef enum eshost_reply_kind_ { ESHOST_REPLY_NONE_, ESHOST_REPLY_STATE_, ESHOST_REPLY_MADE_ } eshost_reply_kind_;

typedef struct eshost_command_ {
	const char *name;
	uint32_t name_size;
	const eshost_type *type;
	eshost_effect (*decide)(eshost_context *ctx, const void *state, const void *command);
	const eshost_clause_ *clauses;
	uint32_t clause_count;
	eshost_reply_kind_ reply_kind;
	const eshost_type *reply_type;
	void (*reply)(const void *state, void *reply);
} eshost_command_;

typedef struct eshost_part_ {
	const eshost_command_ *command;
	const eshost_event_ *event;
	void (*initial)(void *state);
	uint32_t revision;
} eshost_part_;

typedef struct eshost_entity_ {
	const char *name;
	uint32_t name_size;
	const eshost_type *state;
	const eshost_part_ *parts;
	uint32_t part_count;
} eshost_entity_;

typedef struct eshost_plugin_ {
	const eshost_entity_ *const *entities;
	uint32_t count;
} eshost_plugin_;

/* ESHOST_REJECTION(overflow, "overflow"); is a reason to refuse commands. The code is what callers test for: 1 to 128
 * bytes of UTF-8 without control characters. One with a payload of type T is an ESHOST_REJECTION_WITH. */
#define ESHOST_REJECTION(id, code) \
	ESHOST_UNUSED_ static const eshost_rejection_ eshost_rejection_##id = {code, NULL, #id}
#define ESHOST_REJECTION_WITH(id, code, T)                                                               \
	typedef T eshost_rejection_content_##id;                                                             \
	ESHOST_UNUSED_ static const eshost_rejection_ eshost_rejection_##id = {code, &eshost_type_##T, #id}; \
	ESHOST_REJECT_TYPED_(id, T)                                                                          \
	ESHOST_ASSERT_STATIC_(true, "")

/* ESHOST_EVENT(State, increased, "increased", 1, Increased); is an event under a name and a version, whose content is
 * an Increased. It declares its fold, which the author defines:
 *
 *   static void increased(State *state, const Increased *event);
 *
 * An event that was ever emitted stays as long as it is in a log: give a changed event the next version, with a type
 * and an id of its own, and keep the old one beside it. */
#define ESHOST_EVENT(State, id, name, version, T)                                                          \
	static void id(State *state, const T *event);                                                          \
	static void eshost_fold_##id(void *state, const void *event) { id((State *)state, (const T *)event); } \
	typedef State eshost_event_state_##id;                                                                 \
	typedef T eshost_event_content_##id;                                                                   \
	static const eshost_event_ eshost_event_##id = {name, sizeof(name) - 1, version, &eshost_type_##T,     \
													eshost_fold_##id};                                     \
	ESHOST_EMIT_TYPED_(id, T)                                                                              \
	ESHOST_ASSERT_STATIC_((version) >= 1 && (version) <= UINT32_MAX, "the versions of an event begin at 1")

/* ESHOST_COMMAND(State, increase, "increase", Increase, state_reply, rejects(overflow), examples({.by = 5})); is a
 * command. It declares its decide, which the author defines:
 *
 *   static eshost_effect increase(eshost_context *ctx, const State *state, const Increase *command);
 *
 * Behind its type come, in any order,
 *
 *   state_reply, no_reply   the caller is answered with the state after the command, or with nothing
 *   reply(T, summarize)     with what the author's  static T summarize(const State *state);  makes of it
 *   rejects(overflow)       a rejection that decide may give; one for each
 *   examples({...}, {...})  for tools and for the check of a plugin: best are commands that a new entity accepts one
 *                           after the other, with one or two that are rejected in between */
#define ESHOST_COMMAND(State, id, name, T, ...)                                                                      \
	static eshost_effect id(eshost_context *ctx, const State *state, const T *command);                              \
	static eshost_effect eshost_decide_##id(eshost_context *ctx, const void *state, const void *command)             \
	{                                                                                                                \
		return id(ctx, (const State *)state, (const T *)command);                                                    \
	}                                                                                                                \
	typedef State eshost_command_state_##id;                                                                         \
	typedef T eshost_command_content_##id;                                                                           \
	ESHOST_EACH_(ESHOST_CLAUSE_DECLARED_, id, __VA_ARGS__)                                                           \
	ESHOST_ASSERT_STATIC_((0 ESHOST_EACH_(ESHOST_CLAUSE_COUNT_, id, __VA_ARGS__)) == 1,                              \
						  "a command says once what it is answered with: state_reply, no_reply or reply(T, f)");     \
	static const eshost_clause_ eshost_clauses_##id[] = {                                                            \
		ESHOST_EACH_(ESHOST_CLAUSE_, id, __VA_ARGS__){NULL, NULL, 0}};                                               \
	static const eshost_command_ eshost_command_##id = {name,                                                        \
														sizeof(name) - 1,                                            \
														&eshost_type_##T,                                            \
														eshost_decide_##id,                                          \
														eshost_clauses_##id,                                         \
														sizeof eshost_clauses_##id / sizeof eshost_clauses_##id[0] - \
															1,                                                       \
														ESHOST_EACH_(ESHOST_CLAUSE_REPLY_, id, __VA_ARGS__)};        \
	ESHOST_ASSERT_STATIC_(true, "")

#define ESHOST_CLAUSE_OF_state_reply STATE_REPLY, 0
#define ESHOST_CLAUSE_OF_no_reply NO_REPLY, 0
#define ESHOST_CLAUSE_OF_reply(T, function) REPLY, T, function
#define ESHOST_CLAUSE_OF_rejects(rejection) REJECTS, rejection
#define ESHOST_CLAUSE_OF_examples(...) EXAMPLES, __VA_ARGS__

#define ESHOST_CLAUSE_DECLARED_(id, x) ESHOST_CLAUSE_DECLARED_OF_(id, ESHOST_CLAUSE_OF_##x)
#define ESHOST_CLAUSE_DECLARED_OF_(...) ESHOST_CLAUSE_DECLARED_HERE_(__VA_ARGS__)
#define ESHOST_CLAUSE_DECLARED_HERE_(id, tag, ...) ESHOST_CLAUSE_DECLARED_##tag(id, __VA_ARGS__)
#define ESHOST_CLAUSE_DECLARED_STATE_REPLY(id, none)
#define ESHOST_CLAUSE_DECLARED_NO_REPLY(id, none)
#define ESHOST_CLAUSE_DECLARED_REJECTS(id, rejection)
#define ESHOST_CLAUSE_DECLARED_REPLY(id, T, function)                     \
	static T function(const eshost_command_state_##id *state);            \
	static void eshost_reply_##id(const void *state, void *reply)         \
	{                                                                     \
		*(T *)reply = function((const eshost_command_state_##id *)state); \
	}
#define ESHOST_CLAUSE_DECLARED_EXAMPLES(id, ...) \
	static const eshost_command_content_##id eshost_examples_##id[] = {__VA_ARGS__};

#define ESHOST_CLAUSE_COUNT_(id, x) ESHOST_CLAUSE_COUNT_OF_(id, ESHOST_CLAUSE_OF_##x)
#define ESHOST_CLAUSE_COUNT_OF_(...) ESHOST_CLAUSE_COUNT_HERE_(__VA_ARGS__)
#define ESHOST_CLAUSE_COUNT_HERE_(id, tag, ...) ESHOST_CLAUSE_COUNT_##tag
#define ESHOST_CLAUSE_COUNT_STATE_REPLY +1
#define ESHOST_CLAUSE_COUNT_NO_REPLY +1
#define ESHOST_CLAUSE_COUNT_REPLY +1
#define ESHOST_CLAUSE_COUNT_REJECTS
#define ESHOST_CLAUSE_COUNT_EXAMPLES

#define ESHOST_CLAUSE_(id, x) ESHOST_CLAUSE_OF_THIS_(id, ESHOST_CLAUSE_OF_##x)
#define ESHOST_CLAUSE_OF_THIS_(...) ESHOST_CLAUSE_HERE_(__VA_ARGS__)
#define ESHOST_CLAUSE_HERE_(id, tag, ...) ESHOST_CLAUSE_##tag(id, __VA_ARGS__)
#define ESHOST_CLAUSE_STATE_REPLY(id, none)
#define ESHOST_CLAUSE_NO_REPLY(id, none)
#define ESHOST_CLAUSE_REPLY(id, T, function)
#define ESHOST_CLAUSE_REJECTS(id, rejection) {&eshost_rejection_##rejection, NULL, 0},
#define ESHOST_CLAUSE_EXAMPLES(id, ...) \
	{NULL, eshost_examples_##id, sizeof eshost_examples_##id / sizeof eshost_examples_##id[0]},

#define ESHOST_CLAUSE_REPLY_(id, x) ESHOST_CLAUSE_REPLY_OF_(id, ESHOST_CLAUSE_OF_##x)
#define ESHOST_CLAUSE_REPLY_OF_(...) ESHOST_CLAUSE_REPLY_HERE_(__VA_ARGS__)
#define ESHOST_CLAUSE_REPLY_HERE_(id, tag, ...) ESHOST_CLAUSE_REPLY_##tag(id, __VA_ARGS__)
#define ESHOST_CLAUSE_REPLY_STATE_REPLY(id, none) ESHOST_REPLY_STATE_, NULL, NULL
#define ESHOST_CLAUSE_REPLY_NO_REPLY(id, none) ESHOST_REPLY_NONE_, NULL, NULL
#define ESHOST_CLAUSE_REPLY_REPLY(id, T, function) ESHOST_REPLY_MADE_, &eshost_type_##T, eshost_reply_##id
#define ESHOST_CLAUSE_REPLY_REJECTS(id, rejection)
#define ESHOST_CLAUSE_REPLY_EXAMPLES(id, ...)

#endif
