// Package scenario runs scenario files against plugins: given these events, when this command comes, then these events
// and this reply. A file is YAML and knows nothing of the language that a plugin is written in.
//
//	type: counter                        # the entity type; may be left out if the plugin has only one
//	scenarios:
//	  - name: a counter never goes below zero
//	    given:
//	      - increased: {by: 5}
//	    steps:
//	      - when: {decrease: {by: 7}}
//	        then: {rejected: underflow}
//	      - when: {decrease: {by: 5}}
//	        then: {events: [decreased: {by: 5}], reply: 0, state: 0}
//	  - name: a counter starts at zero
//	    then: {state: 0}
//
// # Scenarios
//
// Each is an entity of its own. Beside its name it has, all optional:
//
//   - id: the entity's id, "test" if there is none.
//   - now: the time of its commands, in milliseconds since 1970 or as in 2026-01-01T12:00:00Z, which is otherwise
//     2026-01-01T00:00:00Z.
//   - given: the events that the entity has at first.
//   - steps, in order; or when, then and now themselves, as the only step.
//
// A step has when, a command, and then, what must come of it, and may have a now, from which on it is that time. Without
// a when it only looks at the state. Without a then its command must be accepted. The first step that fails ends its
// scenario.
//
// # Names and payloads
//
// Commands, events, codes and kinds are written as name: payload in a map of one entry. An event is of the newest version
// that the plugin lists, or of the one that it names: line_added@1. The name alone, or with null, is a command or an event without a
// payload, which is not the same as {}.
//
// Payloads are YAML by the JSON table of ABI.md: a number without '.' and 'e' is an integer, exact from
// -9223372036854775808 to 18446744073709551615, any other a float, as are .nan, .inf and -.inf; {$bin: "<base64>"} are
// bytes. Numbers are written as in JSON. Keys are texts: 7: is the key "7". A value may be named by &anchor and used again
// by *anchor; the key values of a file, which is not looked at, is a place for such.
//
// # Then
//
// What is not mentioned is not checked.
//
//   - events: all events, in order. Of an event that is a name alone the payload is not checked.
//   - reply: the reply; null for none.
//   - state: the state afterwards. An entity without events has the initial state of its type.
//   - rejected: the code, or the code with the payload, null for none.
//   - fault: the kind (unknown_command, payload, state, panic or fold), or the kind with a part of the message. A trap is a
//     panic.
//
// A step with events or reply must be accepted; so must one that only has a state. For one that is rejected, or a fault, the state may be given beside it.
// Values are compared exactly, a 5 is no 5.0, but for the order of keys. Where a map may have more keys than those
// written it is tagged !partial; so are the maps inside it:
//
//	then: {state: !partial {status: paid}}
//
// # What is checked beside
//
// Each step also checks what a host relies on: the command is decided the same each time, on a used instance and on a
// fresh one; events are those that the manifest lists; the state is the fold of the events, in one call and in many; commands decided
// in one batch give what they gave one by one.
package scenario
