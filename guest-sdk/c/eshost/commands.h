/* Deciding commands. */
#ifndef ESHOST_COMMANDS_H
#define ESHOST_COMMANDS_H

#include "loop.h"

/* Notes that the present command fails, and why, unless it has failed before. */
ESHOST_COLD_ void eshost_fault_now_(eshost_context *ctx, eshost_fault_ kind)
{
	if (ctx->fault_ == 0)
		ctx->fault_ = kind;
}

ESHOST_COLD_ void eshost_fault_unlisted_(eshost_context *ctx, const eshost_event_ *event)
{
	eshost_problem_of_("event ", event->name, event->name_size,
					   " was emitted and is not listed; add event(...) to its ESHOST_TYPE");
	eshost_fault_now_(ctx, ESHOST_BAD_EVENT);
}

ESHOST_COLD_ void eshost_fault_event_(eshost_context *ctx, const eshost_event_ *event, eshost_fault_ kind)
{
	eshost_about_("event ", event->name, ": ");
	eshost_fault_now_(ctx, kind);
}

/* Reads an event as it was written: its decide may reuse what it points to, and its fold gets what a later one will
 * get. */
ESHOST_COLD_ bool eshost_reread_(const eshost_type *t, const eshost_writer_ *w, size_t start, void *content)
{
	const size_t size = (size_t)(w->at - w->start) - start;
	uint8_t *const bytes = (uint8_t *)eshost_take_(size);
	eshost_copy_(bytes, w->start + start, size);
	eshost_reader_ r = {bytes, bytes + size};
	eshost_bytes payload;
	return eshost_read_payload_(&r, &payload) && eshost_decode_(t, &payload, content);
}

ESHOST_API_ eshost_effect eshost_emit_(eshost_context *ctx, const eshost_event_ *event, const void *content)
{
	const eshost_effect accepted = {1};
	const eshost_type *const t = event->type;
	bool known = false;
	if (ctx->fault_ != 0)
		return accepted;
	for (uint32_t i = 0; i < ctx->entity_->part_count && !known; i++)
		known = ctx->entity_->parts[i].event == event;
	if (!known) {
		eshost_fault_unlisted_(ctx, event);
		return accepted;
	}
	eshost_writer_ *const w = &ctx->events_;
	eshost_room_(w, event->name_size + 32);
	*w->at = 0x93;
	w->at = eshost_put_uint_(eshost_put_str_(w->at + 1, event->name, event->name_size), event->version);
	const size_t start = (size_t)(w->at - w->start);
	if (!eshost_encode_payload_(w, t, content)) {
		eshost_fault_event_(ctx, event, ESHOST_PANICKED);
		return accepted;
	}
	eshost_emitted_ *const emitted = (eshost_emitted_ *)eshost_take_(sizeof *emitted + t->size);
	void *const copy = emitted + 1;
	if (t->flat) {
		eshost_copy_(copy, content, t->size);
	} else if (!eshost_reread_(t, w, start, copy)) {
		eshost_fault_event_(ctx, event, ESHOST_BAD_EVENT);
		return accepted;
	}
	emitted->event = event;
	emitted->content = copy;
	emitted->next = NULL;
	*(ctx->first_ == NULL ? &ctx->first_ : &ctx->last_->next) = emitted;
	ctx->last_ = emitted;
	ctx->count_++;
	return accepted;
}

ESHOST_COLD_ eshost_effect eshost_reject_(eshost_context *ctx, const eshost_rejection_ *rejection, const void *content)
{
	const eshost_effect rejected = {2};
	if (ctx->fault_ != 0)
		return rejected;
	ctx->rejection_ = rejection;
	eshost_writer_ w = eshost_writer_of_(64);
	if (rejection->type == NULL) {
		eshost_write_byte_(&w, 0xc0);
	} else if (content == NULL) {
		eshost_problem_("rejection ");
		eshost_say_(rejection->id);
		eshost_say_(" has a payload; use eshost_reject_with");
		eshost_fault_now_(ctx, ESHOST_PANICKED);
	} else if (!eshost_encode_payload_(&w, rejection->type, content)) {
		eshost_about_("the payload of rejection ", rejection->id, ": ");
		eshost_fault_now_(ctx, ESHOST_PANICKED);
	}
	ctx->rejection_payload_ = eshost_written_(&w);
	return rejected;
}

/* Makes the outcome of the present command, which begins at start, a fault. */
ESHOST_COLD_ void eshost_write_fault_(eshost_loop_ *l, size_t start, uint32_t kind)
{
	l->out.at = l->out.start + start;
	eshost_write_array_(&l->out, 3);
	eshost_write_uint_(&l->out, 2);
	eshost_write_uint_(&l->out, kind);
	eshost_write_problem_(&l->out);
}

/* Writes a rejection, if the command declares it. */
ESHOST_COLD_ uint32_t eshost_write_rejection_(eshost_loop_ *l, const eshost_command_ *c)
{
	const eshost_rejection_ *const rejection = l->ctx.rejection_;
	for (uint32_t i = 0; i < c->clause_count; i++) {
		if (c->clauses[i].rejection != rejection || rejection == NULL)
			continue;
		eshost_write_array_(&l->out, 3);
		eshost_write_uint_(&l->out, 1);
		eshost_write_text_(&l->out, rejection->code);
		eshost_write_raw_(&l->out, l->ctx.rejection_payload_.data, l->ctx.rejection_payload_.size);
		return 0;
	}
	eshost_problem_of_("command ", c->name, c->name_size, " was rejected with ");
	eshost_say_(rejection == NULL ? "nothing" : rejection->id);
	eshost_say_(", which is not declared; add rejects(...) to its ESHOST_COMMAND");
	return ESHOST_PANICKED;
}

/* Writes the reply that a function of the author makes. */
ESHOST_COLD_ bool eshost_write_made_(eshost_loop_ *l, const eshost_command_ *c)
{
	void *const made = eshost_take_(c->reply_type->size);
	eshost_copy_(l->view, l->state, l->entity->state->size);
	c->reply(l->view, made);
	return eshost_encode_payload_(&l->out, c->reply_type, made);
}

/* Writes the reply of a command, made from the state as it is now. */
ESHOST_API_ bool eshost_write_reply_(eshost_loop_ *l, const eshost_command_ *c)
{
	if (c->reply_kind == ESHOST_REPLY_STATE_)
		return eshost_encode_payload_(&l->out, l->entity->state, l->state);
	if (c->reply_kind == ESHOST_REPLY_MADE_)
		return eshost_write_made_(l, c);
	eshost_write_byte_(&l->out, 0xc0);
	return true;
}

ESHOST_COLD_ uint32_t eshost_unsettled_(const char *what, const eshost_command_ *c)
{
	eshost_about_(what, c->name, ": ");
	return ESHOST_PANICKED;
}

/* Folds what was emitted and writes the outcome. Gives a kind if that fails; then the state is anything. */
ESHOST_API_ uint32_t eshost_settle_(eshost_loop_ *l, const eshost_command_ *c)
{
	eshost_context *const ctx = &l->ctx;
	for (const eshost_emitted_ *e = ctx->first_; e != NULL; e = e->next)
		e->event->fold(l->state, e->content);
	eshost_room_(&l->out, 2);
	*l->out.at++ = 0x93;
	*l->out.at++ = 0;
	if (!eshost_write_reply_(l, c))
		return eshost_unsettled_("the reply of command ", c);
	if (l->careful && ctx->count_ > 0 && !eshost_is_sound_(l))
		return eshost_unsettled_("the state after command ", c);
	eshost_write_count_(l, ctx->count_);
	eshost_write_raw_(&l->out, ctx->events_.start, (size_t)(ctx->events_.at - ctx->events_.start));
	return 0;
}

ESHOST_COLD_ uint32_t eshost_no_effect_(const eshost_command_ *c)
{
	eshost_problem_of_("the decide of command ", c->name, c->name_size,
					   " gave no effect; return what eshost_emit, eshost_accept or eshost_reject gives");
	return ESHOST_PANICKED;
}

/* Decides a command that was read. Gives a kind if it fails, and then the state is what it was. */
ESHOST_API_ uint32_t eshost_decide_(eshost_loop_ *l, const eshost_command_ *c)
{
	eshost_context *const ctx = &l->ctx;
	void *const content = eshost_take_(c->type->size);
	if (!eshost_decode_(c->type, &ctx->payload_, content))
		return ESHOST_BAD_PAYLOAD;
	const size_t size = l->entity->state->size;
	ctx->seq = l->seq;
	ctx->events_.at = ctx->events_.start;
	ctx->first_ = ctx->last_ = NULL;
	ctx->rejection_ = NULL;
	ctx->count_ = ctx->fault_ = 0;
	eshost_copy_(l->view, l->state, size);
	const eshost_effect effect = c->decide(ctx, l->view, content);
	if (ctx->fault_ != 0)
		return ctx->fault_;
	if (effect.taken == 2)
		return eshost_write_rejection_(l, c);
	if (effect.taken != 1)
		return eshost_no_effect_(c);
	eshost_copy_(l->before, l->state, size);
	if (eshost_runtime.grows) /* or what the state shares with the one before would be written to */
		eshost_disown_(0, 0);
	const uint32_t kind = eshost_settle_(l, c);
	if (kind == 0)
		l->seq += ctx->count_;
	else
		eshost_copy_(l->state, l->before, size);
	return kind;
}

ESHOST_COLD_ uint32_t eshost_no_command_(const eshost_str *name)
{
	eshost_problem_of_("there is no command ", name->data, name->size, "");
	return ESHOST_UNKNOWN_COMMAND;
}

ESHOST_API_ const eshost_command_ *eshost_find_command_(const eshost_entity_ *e, const eshost_str *name)
{
	for (uint32_t i = 0; i < e->part_count; i++) {
		const eshost_command_ *const c = e->parts[i].command;
		if (c != NULL && c->name_size == name->size && eshost_same_(c->name, name->data, name->size))
			return c;
	}
	return NULL;
}

/* Decides the next command of a request. Gives false if it cannot be read. */
ESHOST_API_ bool eshost_decide_next_(eshost_loop_ *l)
{
	eshost_context *const ctx = &l->ctx;
	const size_t start = (size_t)(l->out.at - l->out.start);
	eshost_reader_ r = l->request;
	if (eshost_next_places_(&r, 2) && eshost_next_str_(&r, &ctx->name) && eshost_next_payload_(&r, &ctx->payload_))
		l->request.at = r.at;
	else if (!eshost_read_named_(&l->request, &ctx->name, NULL, &ctx->payload_))
		return false;
	const eshost_command_ *const c = eshost_find_command_(l->entity, &ctx->name);
	const uint32_t kind = c != NULL ? eshost_decide_(l, c) : eshost_no_command_(&ctx->name);
	if (kind != 0)
		eshost_write_fault_(l, start, kind);
	eshost_tidy_(l);
	return true;
}

/* Decides the commands of a request that is open, and makes the answer. Gives false if the state cannot be encoded at
 * the end. */
ESHOST_API_ bool eshost_decide_all_(eshost_loop_ *l, eshost_bytes *answer)
{
	const uint64_t first = l->seq;
	bool reads = true;
	*l->out.at++ = 0x93;
	*l->out.at++ = 0;
	eshost_write_count_(l, l->count);
	for (size_t i = 0; i < l->count && reads; i++)
		reads = eshost_decide_next_(l);
	if (!reads || l->request.at != l->request.end) {
		*answer = eshost_refuse_(3, eshost_bad_request_(), 0);
		return true;
	}
	if (l->seq == first)
		eshost_write_byte_(&l->out, 0xc0);
	else if (!eshost_encode_payload_(&l->out, l->entity->state, l->state))
		return false;
	*answer = eshost_written_(&l->out);
	return true;
}

/* Answers a command request, which may lie where eshost_request_ said or elsewhere. The answer is valid until the next
 * request is made room for. */
ESHOST_API_ eshost_bytes eshost_handle_command(const eshost_plugin_ *plugin, const uint8_t *request, size_t size)
{
	const eshost_bytes all = {request, size};
	eshost_bytes answer = {NULL, 0};
	eshost_loop_ l;
	l.careful = false;
	for (;;) {
		const uint32_t kind = eshost_read_request_(&l, plugin, all, true);
		if (kind != 0)
			return eshost_refuse_(3, kind, 0);
		if (eshost_decide_all_(&l, &answer))
			return answer;
		if (l.careful)
			eshost_panic("a state that could be encoded cannot");
		l.careful = true; /* and again, to find the command that is at fault */
	}
}

#endif
