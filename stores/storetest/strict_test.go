package storetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
)

func TestAStrictLogFindsWhatItsCallerDoesWrong(t *testing.T) {
	commit := func(id string, expected uint64, name string) stores.Commit {
		c := stores.Commit{Entity: entity("counter", id), Expected: expected, Events: []stores.Event{{Name: name}}}
		copy(c.ID[:], id+name)
		return c
	}
	type call struct {
		fault   Fault
		commits []stores.Commit
	}
	x, y, empty := commit("a", 0, "x"), commit("a", 0, "y"), commit("a", 0, "x")
	other := y
	other.ID, empty.Events = x.ID, nil
	for _, test := range []struct {
		name  string
		calls []call
		want  string // empty: nothing is wrong
	}{
		{"one after the other", []call{{FaultNone, []stores.Commit{x}}, {FaultNone, []stores.Commit{commit("a", 1, "z"), commit("b", 0, "x")}}}, ""},
		{"the same again after an unknown", []call{{FaultAfter, []stores.Commit{x}}, {FaultLost, []stores.Commit{x}}, {FaultNone, []stores.Commit{x}}, {FaultNone, []stores.Commit{commit("a", 1, "z")}}}, ""},
		{"another after a refusal", []call{{FaultBefore, []stores.Commit{x}}, {FaultNone, []stores.Commit{y}}}, ""},
		{"another after an unknown", []call{{FaultAfter, []stores.Commit{x}}, {FaultNone, []stores.Commit{y}}}, "is unknown"},
		{"another after an unknown and a refusal", []call{{FaultAfter, []stores.Commit{x}}, {FaultBefore, []stores.Commit{x}}, {FaultNone, []stores.Commit{y}}}, "is unknown"},
		{"the same id with other bytes", []call{{FaultLost, []stores.Commit{x}}, {FaultNone, []stores.Commit{other}}}, "other bytes"},
		{"one entity twice", []call{{FaultNone, []stores.Commit{x, y}}}, "in flight"},
		{"no events", []call{{FaultNone, []stores.Commit{empty}}}, "no events"},
		{"no id", []call{{FaultNone, []stores.Commit{commit("", 0, "x")}}}, "invalid id"},
		{"too many", []call{{FaultNone, slices.Repeat([]stores.Commit{x}, 5000)}}, "at most 4096"},
	} {
		r := &recorder{TB: t}
		faults := &Faults{}
		log := Strict(r, Faulty(memstore.New(nil), faults))
		for _, c := range test.calls {
			faults.Next(c.fault)
			log.Append(t.Context(), stores.Fence{}, c.commits)
		}
		if noted := strings.Join(r.noted(), "\n"); (test.want == "") != (noted == "") || !strings.Contains(noted, test.want) {
			t.Errorf("%s: found %.300q, want %q", test.name, noted, test.want)
		}
	}
}
