package abitest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/eshost/eshost/abi/abitest"
)

// honest are the guests of testdata/honest.c, and the laws that say nothing of
// each of them.
var honest = []struct {
	guest         string
	notApplicable []string
	note          string // a word of one that must be there; empty: nothing asks for one
}{
	{"EVENTS_ONLY", []string{"listed-events", "reply", "batch", "no-trace"}, ""},
	{"NO_EVENTS", []string{"listed-events", "reply", "fold"}, ""},
	{"LATE", []string{"batch"}, ""},
	{"LONG", nil, ""},
	{"NEVER", nil, "command close was never accepted"},
	{"ONCE", []string{"batch"}, ""},
	{"GROWING", nil, ""},
	{"DOOMED", nil, ""},
}

// optional are laws that any plugin may leave out.
var optional = []string{"listed-rejections", "schemas", "state-schema", "panics", "no-trace"}

func TestPluginsThatAreHardToPutToWorkAreConformant(t *testing.T) {
	for _, h := range honest {
		t.Run(strings.ToLower(h.guest), func(t *testing.T) {
			t.Parallel()
			r := check(t, buildC(t, "honest.c", "HONEST="+h.guest), &abitest.Options{Calls: fewCalls})
			conformant(t, r)
			for _, l := range r.Laws {
				if l.Status == abitest.NotApplicable && !slices.Contains(h.notApplicable, l.Law) && !slices.Contains(optional, l.Law) {
					t.Errorf("law %s is not applicable: %s", l.Law, l.Why)
				}
				if l.Status == abitest.Held && slices.Contains(h.notApplicable, l.Law) {
					t.Errorf("law %s is held by a plugin that it says nothing of", l.Law)
				}
			}
			if h.note != "" && !slices.ContainsFunc(r.Notes, func(note string) bool { return strings.Contains(note, h.note) }) {
				t.Errorf("no note says %q: %q", h.note, r.Notes)
			}
			for _, typ := range r.Types {
				for _, c := range typ.Commands {
					if c.Accepted == 0 && h.guest != "NEVER" {
						t.Errorf("command %s was never accepted", c.Command)
					}
				}
			}
		})
	}
}
