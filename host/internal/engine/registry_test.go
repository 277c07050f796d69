package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/eshost/eshost/host/internal/entity"
)

func TestARegistryFindsWhatWasAddedAndNothingThatWasRemoved(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	typ := &entity.Type{Name: "counter"}
	var r registry
	want := make(map[string]*entity.Entity)
	// Hashes of few values, so that many entities fall upon one place, also upon the last of a part.
	hash := func(id string) uint64 { return hashOf(id)%3<<62 | hashOf(id)>>8%5 + 1<<32 - 2 }
	check := func() {
		t.Helper()
		n := 0
		for i := range r.parts {
			all := r.appendPart(nil, i)
			n += len(all)
			for _, e := range all {
				if want[e.ID().ID] != e {
					t.Fatalf("%s is there", e.ID())
				}
			}
		}
		if n != len(want) {
			t.Fatalf("%d entities, want %d", n, len(want))
		}
	}
	for round := range 20_000 {
		id := fmt.Sprint("e", random.IntN(200))
		if round > 15_000 { // towards an empty one
			id = fmt.Sprint("e", round%200)
		}
		e := r.find(hash(id), id)
		if e != want[id] {
			t.Fatalf("round %d: found %v for %s, want %v", round, e, id, want[id])
		}
		switch {
		case e != nil:
			r.remove(hash(id), id)
			delete(want, id)
		case round <= 15_000:
			want[id] = entity.New(typ, id)
			r.add(hash(id), want[id])
		}
		if round%500 == 0 {
			check()
		}
	}
	check()
	if len(want) > 0 {
		t.Fatalf("%d entities are left", len(want))
	}
	for i := range r.parts {
		if n := len(r.parts[i].places); n > 8 {
			t.Errorf("an empty part holds on to %d places", n)
		}
	}
	r.remove(1, "e1") // who is not there
}
