package host_test

import (
	"testing"

	"github.com/eshost/eshost/host"
)

// The attacks of handlers; see testdata/zoo/attacks.h.
var attacks = []struct {
	command string
	kind    host.FaultKind // 0: it is accepted
	text    string
}{
	{"loop", host.OutOfFuel, "used"},
	{"nested_loops", host.OutOfFuel, "used"},
	{"recursion", host.OutOfFuel, "used"},
	{"exponential_recursion", host.OutOfFuel, "used"},
	{"recursion_by_table", host.OutOfFuel, "used"},
	{"stack_bomb", host.Trapped, "out of bounds memory access"},
	{"memory_bomb", host.OutOfFuel, "used"},
	{"grow_in_vain", host.OutOfFuel, "used"},
	{"fill_loop", host.OutOfFuel, "used"},
	{"copy_loop", host.OutOfFuel, "used"},
	{"fill_outside", host.Trapped, "out of bounds memory access"},
	{"read_outside", host.Trapped, "out of bounds memory access"},
	{"log_flood", host.OutOfFuel, "used"},
	{"log_huge", host.OutOfFuel, "used"},
	{"log_outside", host.Trapped, "outside of memory"},
	{"panic_flood", host.OutOfFuel, "says nothing"},
	{"panic_and_trap", host.Trapped, "says nothing"},
	{"panic_and_go_on", 0, ""},
	{"write_flood", host.OutOfFuel, "says nothing"},
	{"write_huge", host.OutOfFuel, ""},
	{"write_empty", host.OutOfFuel, "used"},
	{"write_and_fail", host.OutOfFuel, ""},
	{"poll_flood", host.OutOfFuel, "used"},
	{"random_flood", host.OutOfFuel, "used"},
	{"yield_flood", host.OutOfFuel, "used"},
	{"wait_for_clock", host.OutOfFuel, "used"},
	{"sleep", host.Trapped, "cannot sleep"},
	{"exit_quietly", host.Trapped, "exit code 0"},
	{"trap", host.Trapped, "unreachable"},
	{"divide_by_zero", host.Trapped, "divide by zero"},
	{"call_nothing", host.Trapped, "invalid table access"},
	{"outside", host.Malformed, "memory ends at"},
	{"across_the_end", host.Malformed, "memory ends at"},
	{"four_gib", host.OverLimit, "answer of 4294967295 bytes"},
	{"nothing", host.Malformed, "empty"},
	{"truncated", host.Malformed, ""},
	{"no_msgpack", host.Malformed, ""},
	{"wrong_types", host.Malformed, ""},
	{"no_outcomes", host.Malformed, "0 outcomes for 1 commands"},
	{"another_outcome", host.Malformed, "2 outcomes for 1 commands"},
	{"many_outcomes", host.Malformed, "the limit is"},
	{"outcomes_announced", host.Malformed, ""},
	{"trailing_bytes", host.Malformed, ""},
	{"state_without_events", host.Malformed, "although there are no events"},
	{"events_without_state", host.Malformed, "although there are events"},
	{"state_is_nil", host.Malformed, "state"},
	{"state_is_cut", host.Malformed, "state"},
	{"state_is_two", host.Malformed, "state"},
	{"state_too_large", host.Malformed, "state"},
	{"reply_is_nil", host.Malformed, "reply"},
	{"reply_is_extension", host.Malformed, "reply"},
	{"reply_has_number_key", host.Malformed, "reply"},
	{"reply_is_not_utf8", host.Malformed, "reply"},
	{"reply_announced", host.Malformed, "reply"},
	{"too_deep", host.Malformed, "64"},
	{"far_too_deep", host.Malformed, ""},
	{"deep_answer", host.Malformed, ""},
	{"too_many_events", host.Malformed, "1025, the limit is 1024"},
	{"million_events", host.Malformed, "1000000, the limit is 1024"},
	{"unlisted_event", host.Malformed, `"nonsense" version 1 is not in the plugin's manifest`},
	{"unlisted_version", host.Malformed, `"increased" version 7 is not in the plugin's manifest`},
	{"empty_event_name", host.Malformed, ""},
	{"version_zero", host.Malformed, ""},
	{"large_event", host.Malformed, "the limit is"},
	{"large_commit", host.OverLimit, "too large for the log"},
	{"rejection_with_controls", host.Malformed, "code"},
	{"rejection_without_code", host.Malformed, "code"},
	{"rejection_of_a_mib", host.Malformed, "code"},
	{"rejection_not_utf8", host.Malformed, "code"},
	{"fault_of_no_kind", host.Malformed, "kind"},
	{"fault_of_a_mib", host.Panicked, "xxxx"},
	{"outcome_of_no_tag", host.Malformed, "tag"},
	{"own_fold", host.OutOfFuel, "used"},
}

func TestWhateverAHandlerDoesOnlyItsOwnCommandFails(t *testing.T) {
	guest := zooGuest(t, "HONEST")
	for _, a := range attacks {
		t.Run(a.command, func(t *testing.T) {
			z := openZoo(t, guest)
			beside := z.beside("counter", "zoo")
			beside.while(func() { z.attack(a.command, nil, a.kind, a.text) })
			beside.end()
		})
	}
}

// large is the payload {"by": 1} with so much beside it that alloc is asked for more than it takes honestly.
var large = append([]byte{0x82, 0xa2, 'b', 'y', 1, 0xa3, 'p', 'a', 'd', 0xc5, 0x13, 0x88}, make([]byte, 5000)...)

func TestWhateverAllocDoesOnlyTheRequestFails(t *testing.T) {
	for _, a := range []struct {
		guest string
		kind  host.FaultKind
		text  string
	}{
		{"ALLOC_LOOPS", host.OutOfFuel, "used"},
		{"ALLOC_TRAPS", host.Trapped, "unreachable"},
		{"ALLOC_REFUSES", host.OverLimit, "alloc refused"},
		{"ALLOC_OUTSIDE", host.Malformed, "memory ends at"},
		{"ALLOC_AT_END", host.Malformed, "memory ends at"},
		{"ALLOC_GROWS", host.OutOfFuel, "used"},
		{"ALLOC_DIRTY", 0, ""},
	} {
		t.Run(a.guest, func(t *testing.T) {
			z := openZoo(t, zooGuest(t, a.guest))
			beside := z.beside("counter", "zoo")
			beside.while(func() { z.attack("increase", large, a.kind, a.text) })
			beside.end()
		})
	}
}
