/* The steps of a native test: what eshost_test.h is made of. */
#ifndef ESHOST_TESTING_H
#define ESHOST_TESTING_H

#include "testwire.h"

/* A test that is to be run. */
typedef struct eshost_test_ {
	const char *name;
	void (*run)(void);
	struct eshost_test_ *next;
} eshost_test_;

static eshost_test_ *eshost_tests_;
static bool eshost_test_has_failed_;

ESHOST_API_ void eshost_test_add_(eshost_test_ *test)
{
	eshost_test_ **end = &eshost_tests_;
	while (*end != NULL)
		end = &(*end)->next;
	*end = test;
}

ESHOST_API_ void eshost_test_failed_(const char *file, int line, const char *text)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, text);
	eshost_test_has_failed_ = true;
}

/* Fails with what there is and what there should be. */
ESHOST_API_ void eshost_test_differs_(const char *file, int line, const char *text, eshost_buffer_ got,
									  eshost_buffer_ want)
{
	fprintf(stderr, "%s:%d: %s\n  got:  ", file, line, text);
	eshost_print_(got);
	fprintf(stderr, "\n  want: ");
	eshost_print_(want);
	fprintf(stderr, "\n");
	eshost_test_has_failed_ = true;
}

/* The entity of the present test. */
static struct {
	const char *file; /* of the latest step */
	int line;
	eshost_scene_ scene; /* as it is now */
	eshost_buffer_ history;
	size_t history_count;

	/* what was decided since the last point from which it can all be decided again in one request */
	eshost_scene_ base;
	eshost_buffer_ commands, outcomes;
	size_t command_count;

	eshost_answer_ latest; /* of the latest command */
	size_t claimed;		   /* how many of its events the test has named */
} eshost_now_;

/* Checks that a test that named some events of the latest command named all of them. */
ESHOST_API_ void eshost_close_step_(void)
{
	if (eshost_now_.claimed > 0 && eshost_now_.claimed < eshost_now_.latest.event_count)
		eshost_test_failed_(eshost_now_.file, eshost_now_.line, "the command emitted more events than the test names");
	eshost_now_.claimed = 0;
}

ESHOST_API_ void eshost_open_step_(const char *file, int line)
{
	eshost_close_step_();
	eshost_now_.file = file;
	eshost_now_.line = line;
}

ESHOST_API_ void eshost_fail_step_(const char *text) { eshost_test_failed_(eshost_now_.file, eshost_now_.line, text); }

ESHOST_API_ void eshost_same_step_(const char *text, eshost_buffer_ got, eshost_buffer_ want)
{
	if (!eshost_buffers_equal_(got, want))
		eshost_test_differs_(eshost_now_.file, eshost_now_.line, text, got, want);
}

/* Begins another batch here. */
ESHOST_API_ void eshost_rebase_(void)
{
	eshost_scene_copy_(&eshost_now_.base, &eshost_now_.scene);
	eshost_now_.commands.size = eshost_now_.outcomes.size = eshost_now_.command_count = 0;
}

/* Folds events and gives the state, or nothing if that fails. */
ESHOST_API_ eshost_buffer_ eshost_step_fold_(uint64_t seq, eshost_buffer_ state, eshost_buffer_ events, size_t count)
{
	eshost_answer_ answer = eshost_ask_events_(&eshost_now_.scene, seq, state, events, count);
	eshost_buffer_ folded = {NULL, 0};
	if (answer.failed)
		eshost_fail_step_(answer.message);
	else
		eshost_put_(&folded, answer.state.data, answer.state.size);
	eshost_answer_free_(&answer);
	return folded;
}

/* Folds the history in one call, event by event, and again, and makes the state what comes of it. */
ESHOST_API_ void eshost_check_folds_(void)
{
	const eshost_buffer_ history = eshost_now_.history, nothing = {NULL, 0};
	const size_t count = eshost_now_.history_count;
	eshost_buffer_ whole = eshost_step_fold_(0, nothing, history, count);
	eshost_buffer_ again = eshost_step_fold_(0, nothing, history, count);
	eshost_buffer_ step = {NULL, 0};
	size_t at = 0;
	for (size_t i = 0; i < count; i++) {
		const eshost_buffer_ event = {history.data + at, eshost_value_size_(history, at)};
		eshost_buffer_ next = eshost_step_fold_(i, step, event, 1);
		at += event.size;
		eshost_buffer_free_(&step);
		step = next;
	}
	eshost_same_step_("folding the same events again gives another state", again, whole);
	if (count > 0) {
		eshost_same_step_("folding event by event gives another state than folding all at once", step, whole);
		eshost_buffer_ read = eshost_step_fold_(count, whole, nothing, 0);
		eshost_same_step_("the state is not read as it was written", read, whole);
		eshost_buffer_free_(&read);
	}
	if (eshost_now_.scene.state.data != NULL)
		eshost_same_step_("the state after the command is not the fold of the entity's events", eshost_now_.scene.state,
						  whole);
	eshost_buffer_free_(&again);
	eshost_buffer_free_(&step);
	eshost_buffer_free_(&whole);
}

ESHOST_API_ void eshost_given_(const char *file, int line, const eshost_entity_ *entity)
{
	eshost_open_step_(file, line);
	eshost_scene_free_(&eshost_now_.scene);
	eshost_now_.scene.entity = entity;
	eshost_put_(&eshost_now_.scene.id, "test", 4);
	eshost_now_.scene.now = 1767225600000;
	eshost_now_.history.size = eshost_now_.history_count = 0;
	eshost_answer_free_(&eshost_now_.latest);
	const char *const wrong = eshost_ask_description_(entity);
	if (wrong != NULL)
		eshost_fail_step_(wrong);
	eshost_check_folds_();
	eshost_rebase_();
}

ESHOST_API_ void eshost_set_id_(const char *id)
{
	eshost_now_.scene.id.size = 0;
	eshost_put_(&eshost_now_.scene.id, id, eshost_length_(id));
	eshost_rebase_();
}

ESHOST_API_ void eshost_set_now_(int64_t now)
{
	eshost_now_.scene.now = now;
	eshost_rebase_();
}

ESHOST_API_ void eshost_happened_(const char *file, int line, const eshost_event_ *event, const void *content)
{
	eshost_open_step_(file, line);
	eshost_buffer_ bytes = eshost_event_bytes_(event, content);
	eshost_buffer_ state = eshost_step_fold_(eshost_now_.scene.seq, eshost_now_.scene.state, bytes, 1);
	eshost_put_(&eshost_now_.history, bytes.data, bytes.size);
	eshost_now_.history_count++;
	eshost_now_.scene.seq++;
	eshost_buffer_free_(&eshost_now_.scene.state);
	eshost_now_.scene.state = state;
	eshost_buffer_free_(&bytes);
	eshost_check_folds_();
	eshost_rebase_();
}

/* Decides all commands since the last rebase in one request, and the latest one once more behind them, and compares
 * with what they gave one by one. */
ESHOST_API_ void eshost_check_batch_(eshost_buffer_ command)
{
	eshost_answer_ next = eshost_ask_commands_(&eshost_now_.scene, command, 1);
	if (next.failed) { /* a panic, which takes a whole batch with it */
		eshost_answer_free_(&next);
		return;
	}
	eshost_buffer_ commands = {NULL, 0}, outcomes = {NULL, 0};
	eshost_put_(&commands, eshost_now_.commands.data, eshost_now_.commands.size);
	eshost_put_(&commands, command.data, command.size);
	eshost_put_(&outcomes, eshost_now_.outcomes.data, eshost_now_.outcomes.size);
	eshost_put_(&outcomes, next.outcomes.data, next.outcomes.size);
	eshost_answer_ all = eshost_ask_commands_(&eshost_now_.base, commands, eshost_now_.command_count + 1);
	eshost_same_step_("a batch gives other outcomes than its commands one by one", all.outcomes, outcomes);
	const eshost_buffer_ state = next.state.data != NULL ? next.state : eshost_now_.scene.state;
	if (all.state.data != NULL)
		eshost_same_step_("after a batch the state is another one than after its commands one by one", all.state,
						  state);
	eshost_buffer_free_(&commands);
	eshost_buffer_free_(&outcomes);
	eshost_answer_free_(&all);
	eshost_answer_free_(&next);
}

ESHOST_API_ void eshost_when_(const char *file, int line, const char *name, const eshost_type *type,
							  const void *content)
{
	eshost_open_step_(file, line);
	eshost_buffer_ command = eshost_command_bytes_(name, type, content);
	eshost_answer_free_(&eshost_now_.latest);
	eshost_now_.latest = eshost_ask_commands_(&eshost_now_.scene, command, 1);
	const eshost_answer_ *const latest = &eshost_now_.latest;
	for (int i = 0; i < 3; i++) {
		eshost_answer_ again = eshost_ask_commands_(&eshost_now_.scene, command, 1);
		eshost_same_step_(
			"the command is not decided the same each time, as happens with a variable that outlives a call", again.all,
			latest->all);
		eshost_answer_free_(&again);
	}
	if (!latest->failed) {
		eshost_put_(&eshost_now_.commands, command.data, command.size);
		eshost_put_(&eshost_now_.outcomes, latest->outcomes.data, latest->outcomes.size);
		eshost_now_.command_count++;
		if (latest->event_count > 0) {
			eshost_put_(&eshost_now_.history, latest->events.data, latest->events.size);
			eshost_now_.history_count += latest->event_count;
			eshost_now_.scene.seq += latest->event_count;
			eshost_now_.scene.state.size = 0;
			eshost_put_(&eshost_now_.scene.state, latest->state.data, latest->state.size);
			eshost_check_folds_();
		}
		eshost_check_batch_(command);
	}
	eshost_buffer_free_(&command);
}

/* Tells whether the latest command came out with this tag; fails if it did not. */
ESHOST_API_ bool eshost_came_out_(const char *file, int line, uint64_t tag)
{
	static const char *const wants[] = {"want it accepted", "want it rejected", "want a fault"};
	const eshost_answer_ *const latest = &eshost_now_.latest;
	char text[1400];
	if (latest->tag == tag)
		return true;
	snprintf(text, sizeof text, "the command was %s%s, %s",
			 latest->tag == 0	? "accepted"
			 : latest->tag == 1 ? "rejected: "
								: "a fault: ",
			 latest->tag == 0 ? "" : latest->message, wants[tag]);
	eshost_test_failed_(file, line, text);
	return false;
}

ESHOST_API_ void eshost_then_(const char *file, int line, const eshost_event_ *event, const void *content)
{
	if (!eshost_came_out_(file, line, 0))
		return;
	const eshost_buffer_ events = eshost_now_.latest.events;
	size_t at = 0;
	for (size_t i = 0; i < eshost_now_.claimed && at < events.size; i++)
		at += eshost_value_size_(events, at);
	eshost_now_.claimed++;
	if (at == events.size) {
		eshost_test_failed_(file, line, "the command emitted fewer events than the test names");
		return;
	}
	const eshost_buffer_ got = {events.data + at, eshost_value_size_(events, at)};
	eshost_buffer_ want = eshost_event_bytes_(event, content);
	if (!eshost_buffers_equal_(got, want))
		eshost_test_differs_(file, line, "the command emitted another event", got, want);
	eshost_buffer_free_(&want);
}

ESHOST_API_ void eshost_then_nothing_(const char *file, int line)
{
	if (eshost_came_out_(file, line, 0) && eshost_now_.latest.event_count > 0)
		eshost_test_failed_(file, line, "the command emitted events, want none");
}

/* Compares a payload with a value. */
ESHOST_API_ void eshost_compare_(const char *file, int line, const char *text, eshost_buffer_ got,
								 const eshost_type *type, const void *value)
{
	eshost_buffer_ want = eshost_payload_bytes_(type, value);
	if (!eshost_buffers_equal_(got, want))
		eshost_test_differs_(file, line, text, got, want);
	eshost_buffer_free_(&want);
}

ESHOST_API_ void eshost_then_reply_(const char *file, int line, const eshost_type *type, const void *value)
{
	if (eshost_came_out_(file, line, 0))
		eshost_compare_(file, line, "the reply is another one", eshost_now_.latest.payload, type, value);
}

ESHOST_API_ void eshost_then_state_(const char *file, int line, const eshost_type *type, const void *value)
{
	const eshost_buffer_ nothing = {NULL, 0};
	eshost_buffer_ state = eshost_step_fold_(eshost_now_.scene.seq, eshost_now_.scene.state, nothing, 0);
	eshost_buffer_ bin = eshost_bin_bytes_(state);
	eshost_compare_(file, line, "the state is another one", bin, type, value);
	eshost_buffer_free_(&state);
	eshost_buffer_free_(&bin);
}

ESHOST_API_ void eshost_then_rejected_(const char *file, int line, const eshost_rejection_ *rejection,
									   const void *payload)
{
	if (!eshost_came_out_(file, line, 1))
		return;
	if (!eshost_str_equal(eshost_str_of(eshost_now_.latest.message), eshost_str_of(rejection->code)))
		eshost_test_failed_(file, line, "the command was rejected with another code");
	if (payload != NULL)
		eshost_compare_(file, line, "the rejection has another payload", eshost_now_.latest.payload, rejection->type,
						payload);
}

ESHOST_API_ void eshost_then_fault_(const char *file, int line, eshost_fault_ kind, const char *text)
{
	if (!eshost_came_out_(file, line, 2))
		return;
	if (eshost_now_.latest.kind != (uint64_t)kind || !eshost_contains_(eshost_now_.latest.message, text)) {
		char got[1400];
		snprintf(got, sizeof got, "the command was a fault of kind %d: %s; want kind %d: %s",
				 (int)eshost_now_.latest.kind, eshost_now_.latest.message, (int)kind, text);
		eshost_test_failed_(file, line, got);
	}
}

/* Runs the tests whose names contain the text. */
ESHOST_API_ int eshost_test_main_(const char *text)
{
	int count = 0, failed = 0;
	for (const eshost_test_ *test = eshost_tests_; test != NULL; test = test->next) {
		if (!eshost_contains_(test->name, text))
			continue;
		count++;
		eshost_test_has_failed_ = false;
		test->run();
		eshost_close_step_();
		failed += eshost_test_has_failed_;
		printf("%s %s\n", eshost_test_has_failed_ ? "FAILED" : "ok    ", test->name);
	}
	if (failed > 0)
		printf("%d of %d tests failed\n", failed, count);
	else
		printf("%d tests passed\n", count);
	eshost_scene_free_(&eshost_now_.scene);
	eshost_scene_free_(&eshost_now_.base);
	eshost_buffer_free_(&eshost_now_.history);
	eshost_buffer_free_(&eshost_now_.commands);
	eshost_buffer_free_(&eshost_now_.outcomes);
	eshost_answer_free_(&eshost_now_.latest);
	return failed > 0 || count == 0;
}

#endif
