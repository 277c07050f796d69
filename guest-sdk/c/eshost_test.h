/*
 * eshost_test.h: native tests of the types of a plugin: given these events, when this command comes, then these events
 * and this reply. No WebAssembly is involved, yet it is the plugin's real message loop that runs.
 *
 *   #include "eshost_test.h"
 *   #include "counter.c"
 *
 *   ESHOST_TEST(decrease_is_rejected_below_zero)
 *   {
 *       GIVEN(counter);
 *       HAPPENED(increased, {.by = 5});
 *       WHEN(decrease, {.by = 2});
 *       THEN(decreased, {.by = 2});
 *       THEN_REPLY(uint64_t, 3);
 *       WHEN(decrease, {.by = 4});
 *       THEN_REJECTED(underflow);
 *   }
 *
 * One file of tests is one program: the header has its main, which runs the tests in order, or those whose names
 * contain its argument, prints a summary and exits with 1 if any failed.
 *
 * Beside what a test asks for, each step checks what a host relies on: that decisions and folds give the same bytes
 * each time, whatever lay in memory before; that a batch gives what its commands give one by one; that the state is the
 * fold of the events, in one call or in many; and that what was written reads the same.
 */
#ifndef ESHOST_TEST_H
#define ESHOST_TEST_H

#include "eshost.h"
#include "eshost/testing.h"

/* Defines a test. */
#define ESHOST_TEST(test)                                                 \
	static void test(void);                                               \
	__attribute__((constructor)) static void eshost_register_##test(void) \
	{                                                                     \
		static eshost_test_ self = {#test, test, NULL};                   \
		eshost_test_add_(&self);                                          \
	}                                                                     \
	static void test(void)

/* Begins with an entity of a type that has no events. Its id is "test", and the time 2026-01-01 in UTC. */
#define GIVEN(id) eshost_given_(__FILE__, __LINE__, &eshost_entity_##id)

/* Adds an event to those that the entity has behind it: HAPPENED(increased, {.by = 5}). */
#define HAPPENED(id, ...)                                                                                    \
	ESHOST_WITH_(eshost_event_content_##id, eshost_happened_(__FILE__, __LINE__, &eshost_event_##id, value), \
				 __VA_ARGS__)

/* Sets the id of the entity, and the time of the commands that follow, in milliseconds since 1970. */
#define ID(text) eshost_set_id_(text)
#define AT(millis) eshost_set_now_(millis)

/* Sends a command: WHEN(increase, {.by = 5}). */
#define WHEN(id, ...)                                                                                         \
	ESHOST_WITH_(eshost_command_content_##id,                                                                 \
				 eshost_when_(__FILE__, __LINE__, eshost_command_##id.name, eshost_command_##id.type, value), \
				 __VA_ARGS__)

/* Sends a value of any type as a command of this name, also one that the command does not take. */
#define WHEN_NAMED(name, T, ...) \
	ESHOST_WITH_(T, eshost_when_(__FILE__, __LINE__, name, &eshost_type_##T, value), __VA_ARGS__)

/* The command was accepted, and this is the next of the events that it emitted. A test that names one names all. */
#define THEN(id, ...) \
	ESHOST_WITH_(eshost_event_content_##id, eshost_then_(__FILE__, __LINE__, &eshost_event_##id, value), __VA_ARGS__)

/* The command was accepted without events. */
#define THEN_NOTHING() eshost_then_nothing_(__FILE__, __LINE__)

/* The command was accepted and answered with this: THEN_REPLY(uint64_t, 5). */
#define THEN_REPLY(T, ...) ESHOST_WITH_(T, eshost_then_reply_(__FILE__, __LINE__, &eshost_type_##T, value), __VA_ARGS__)

/* This is the state of the entity now. */
#define THEN_STATE(T, ...) ESHOST_WITH_(T, eshost_then_state_(__FILE__, __LINE__, &eshost_type_##T, value), __VA_ARGS__)

/* The command was rejected for this reason, or for one with this payload. */
#define THEN_REJECTED(id) eshost_then_rejected_(__FILE__, __LINE__, &eshost_rejection_##id, NULL)
#define THEN_REJECTED_WITH(id, ...)             \
	ESHOST_WITH_(eshost_rejection_content_##id, \
				 eshost_then_rejected_(__FILE__, __LINE__, &eshost_rejection_##id, value), __VA_ARGS__)

/* The command was a fault of this kind, such as ESHOST_BAD_PAYLOAD, and its message contains the text. A handler that
 * panicked is one of kind ESHOST_PANICKED, as a host sees it. */
#define THEN_FAULT(kind, text) eshost_then_fault_(__FILE__, __LINE__, kind, text)

/* Fails the test unless the condition holds. */
#define CHECK(condition) ((condition) ? (void)0 : eshost_test_failed_(__FILE__, __LINE__, #condition " does not hold"))

#define ESHOST_WITH_(T, call, ...)       \
	do {                                 \
		const T value[] = {__VA_ARGS__}; \
		call;                            \
	} while (0)

#ifndef ESHOST_TEST_NO_MAIN
int main(int argc, char **argv) { return eshost_test_main_(argc > 1 ? argv[1] : ""); }
#endif

#endif
