package abitest_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/abi/abitest"
)

// broken are the guests of testdata/broken.h and the law that each of them
// breaks, with a word that the finding must have.
var broken = []struct{ guest, law, says string }{
	{"MISSING_EXPORT", "loads", "missing export: function handle_event"},
	{"WRONG_SIGNATURE", "loads", "export alloc has type"},
	{"FORBIDDEN_IMPORT", "loads", "import not allowed: function env.now"},
	{"PROGRAM", "loads", "it exports _start"},
	{"CHANGING_MANIFEST", "manifest", "other bytes than before"},
	{"INVALID_MANIFEST", "manifest", "is not a name"},
	{"NO_EXAMPLES", "exercised", "no examples"},
	{"NEVER_ACCEPTED", "exercised", "never accepted"},
	{"WRONG_OUTCOME_COUNT", "answers", "1 outcomes for 2 commands"},
	{"STATE_WITHOUT_EVENTS", "answers", "state: not nil although there are no events"},
	{"HIDDEN_COUNTER", "repeatable", "another answer"},
	{"LEFTOVER_STATE", "repeatable", "another answer"},
	{"CLOCK", "repeatable", "another answer"},
	{"RANDOM_BYTES", "repeatable", "another answer"},
	{"UNLISTED_EVENT", "listed-events", `event "added" version 2 is not listed`},
	{"UNLISTED_REJECTION", "listed-rejections", `"too-short" is not listed`},
	{"UNSORTED_MAP", "canonical", "not sorted"},
	{"LONG_INTEGER", "canonical", "the shortest form"},
	{"FLOAT_OF_32_BITS", "canonical", "a float of 32 bits"},
	{"FIELD_ORDER", "canonical", "not in declared order"},
	{"NIL_FIELD", "canonical", "nil"},
	{"DUPLICATE_KEY", "canonical", "comes twice"},
	{"WRONG_REPLY", "schemas", "the reply does not fit"},
	{"WRONG_SCHEMA", "schemas", "is not a JSON Schema"},
	{"REPLY_TOO_EARLY", "reply", `field "total" of the reply shows the state before`},
	{"LONG_INITIAL_STATE", "canonical", "the initial state is not canonical"},
	{"INITIAL_STATE_TAKEN", "strict", "a state is taken"},
	{"ENDLESS_COMMAND", "exercised", "a call does not return: handle_command: stopped after"},
	{"CHANGED_LAYOUT", "state-schema", "the state does not fit"},
	{"NO_EMPTY_FOLD", "empty", "without events gives another state"},
	{"NO_EMPTY_BATCH", "empty", "without commands is not answered"},
	{"SAME_STATE_FOR_ALL", "batch", "differs from that of the command alone"},
	{"LAST_EVENT_ONLY", "fold", "folded in one call"},
	{"MUTATE_THEN_REJECT", "no-trace", "take"},
	{"FAULT_FOR_ALL", "no-trace", "nothing of the batch is decided"},
	{"UNKNOWN_FOR_ALL", "unknown-command", "between known ones"},
	{"UNKNOWN_IGNORED", "unknown-event", "an unknown event"},
	{"INDEX_ALWAYS_0", "unknown-event", "an unknown event"},
	{"NEGATIVE_TAKEN", "strict", "-1 instead of an integer that is not negative"},
	{"FLOAT_TAKEN", "strict", "the float 5.0"},
	{"MISSING_TAKEN", "strict", "missing"},
	{"NIL_TAKEN", "strict", `field "by" nil`},
	{"ANY_STATE_TAKEN", "strict", "a state is taken"},
	{"SHORT_INTEGERS_ONLY", "forms", "integers as 64 bits with a sign"},
	{"ORDERED_FIELDS_ONLY", "forms", "keys in another order"},
	{"NO_OTHER_FIELDS", "forms", "fields that the struct has not"},
	{"NIL_IS_NO_MAP", "no-payload", "no payload does not read like the empty map"},
	{"SMALL_REQUESTS_ONLY", "sizes", "alloc"},
	{"LEAK", "memory", "memory grows"},
	{"SILENT_TRAP", "panics", "the guest said nothing"},
}

func TestTheGuestThatBreaksNothingIsConformant(t *testing.T) {
	r := check(t, buildC(t, "broken.c"), &abitest.Options{Calls: fewCalls})
	conformant(t, r)
	for _, l := range r.Laws {
		if l.Status != abitest.Held {
			t.Errorf("law %s is %s: a guest that breaks it would not be found", l.Law, l.Status)
		}
	}
}

func TestEachBrokenGuestFailsByItsOwnLawAndNoOther(t *testing.T) {
	for _, b := range broken {
		t.Run(strings.ToLower(b.guest), func(t *testing.T) {
			t.Parallel()
			calls := fewCalls
			if b.law == "memory" {
				calls = 20_000
			}
			o := &abitest.Options{Calls: calls}
			if b.guest == "ENDLESS_COMMAND" {
				o.CallTimeout = time.Second
			}
			r := check(t, buildC(t, "broken.c", "BROKEN="+b.guest), o)
			var failed []string
			for _, l := range r.Laws {
				if l.Status == abitest.Failed {
					failed = append(failed, l.Law)
				}
				if l.Status == abitest.NotExercised {
					t.Errorf("law %s is not exercised", l.Law)
				}
			}
			if !slices.Equal(failed, []string{b.law}) || !r.Failed() || r.OK {
				t.Errorf("it fails by %q, want %q alone", failed, b.law)
				_ = r.WriteText(t.Output())
				return
			}
			if findings := r.Law(b.law).Findings; !slices.ContainsFunc(findings, func(f abitest.Finding) bool { return strings.Contains(f.What, b.says) }) {
				t.Errorf("no finding says %q", b.says)
				_ = r.WriteText(t.Output())
			}
		})
	}
}

func TestEveryLawHasABrokenGuestAndEveryBrokenGuestATest(t *testing.T) {
	laws, guests := make(map[string]bool), make(map[string]bool)
	for _, b := range broken {
		laws[b.law], guests[b.guest] = true, true
	}
	r := check(t, buildC(t, "broken.c", "BROKEN=MISSING_EXPORT"), nil)
	for _, l := range r.Laws {
		if !laws[l.Law] {
			t.Errorf("nothing breaks law %s", l.Law)
		}
	}
	header, err := os.ReadFile("testdata/broken.h")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^#define ([A-Z0-9_]+) [1-9]`).FindAllStringSubmatch(string(header), -1) {
		if !guests[m[1]] {
			t.Errorf("guest %s is not tested", m[1])
		}
	}
}
