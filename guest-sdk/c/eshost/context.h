/* What a decide is told and what it says. */
#ifndef ESHOST_CONTEXT_H
#define ESHOST_CONTEXT_H

#include "rules.h"

/* {0} is any content that is all zero, also of a struct whose first field is a struct: GCC wants more braces there. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmissing-braces"
#endif

/* An event that was emitted, as its fold will get it. */
typedef struct eshost_emitted_ {
	const eshost_event_ *event;
	const void *content;
	struct eshost_emitted_ *next;
} eshost_emitted_;

/* What a decide may know besides the state and the command. */
struct eshost_context {
	eshost_str type; /* of the entity */
	eshost_str id;
	uint64_t seq;	 /* the number of the last event that is folded into the state; 0 if there is none yet */
	int64_t now;	 /* the time of the commit, in milliseconds since 1970; the same for all commands of a batch */
	eshost_str name; /* of the command */

	eshost_bytes payload_;
	const eshost_entity_ *entity_;
	eshost_writer_ events_;
	uint32_t count_; /* of the events */
	eshost_emitted_ *first_, *last_;
	const eshost_rejection_ *rejection_;
	eshost_bytes rejection_payload_;
	uint32_t fault_; /* the kind; 0: none */
};

/* eshost_emit(ctx, increased, {.by = 5}) adds an event to what the command does, and gives the effect of accepting it.
 * Its content is copied. All events of a command happen, or none; they are folded when the decide has returned. */
#ifdef __cplusplus
#define eshost_emit(ctx, id, ...) eshost_emit_##id(ctx, __VA_ARGS__)
#define ESHOST_EMIT_TYPED_(id, T)                                                     \
	ESHOST_API_ eshost_effect eshost_emit_##id(eshost_context *ctx, const T &content) \
	{                                                                                 \
		return eshost_emit_(ctx, &eshost_event_##id, &content);                       \
	}
#define eshost_reject_with(ctx, id, ...) eshost_reject_with_##id(ctx, __VA_ARGS__)
#define ESHOST_REJECT_TYPED_(id, T)                                                          \
	ESHOST_API_ eshost_effect eshost_reject_with_##id(eshost_context *ctx, const T &content) \
	{                                                                                        \
		return eshost_reject_(ctx, &eshost_rejection_##id, &content);                        \
	}
#else
#define eshost_emit(ctx, id, ...) \
	eshost_emit_(ctx, &eshost_event_##id, (const eshost_event_content_##id[]){__VA_ARGS__})
#define ESHOST_EMIT_TYPED_(id, T)
#define ESHOST_REJECT_TYPED_(id, T)
#define eshost_reject_with(ctx, id, ...) \
	eshost_reject_(ctx, &eshost_rejection_##id, (const eshost_rejection_content_##id[]){__VA_ARGS__})
#endif

/* Accepts the command without adding an event: with those that were emitted, or with none, and then nothing is stored.
 */
ESHOST_API_ eshost_effect eshost_accept(const eshost_context *ctx)
{
	(void)ctx;
	const eshost_effect effect = {1};
	return effect;
}

/* eshost_reject(ctx, overflow) refuses the command for this reason; nothing that was emitted happens. A reason with a
 * payload goes into eshost_reject_with(ctx, too_much, {.missing = 5}), which copies it. */
#define eshost_reject(ctx, id) eshost_reject_(ctx, &eshost_rejection_##id, NULL)

#endif
