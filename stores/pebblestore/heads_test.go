package pebblestore

import (
	"fmt"
	"testing"

	"github.com/eshost/eshost/stores"
)

func TestHeadsAreRememberedAndForgottenInGenerations(t *testing.T) {
	const limit = 1000
	c := newHeadCache(2 * limit)
	key := func(i int) headKey { return c.key(stores.EntityID{Type: "t", ID: fmt.Sprint(i)}) }
	c.begin()
	for i := range limit {
		if c.claim(key(i), uint64(i)) {
			t.Fatalf("entity %d was claimed already", i)
		}
		if !c.claim(key(i), uint64(i)) {
			t.Fatalf("entity %d can be claimed twice", i)
		}
	}
	c.raise([]accepted{{head: key(7), seq: 70}, {head: key(8), seq: 3}})
	c.learn(key(9), 5, c.epoch()) // an old news
	c.learn(key(limit), 1, c.epoch())
	for i := range limit {
		want := uint64(i)
		if i == 7 {
			want = 70
		}
		if seq, ok := c.get(key(i)); !ok || seq != want {
			t.Fatalf("entity %d: %d, %v, want %d", i, seq, ok, want)
		}
	}
	if seq, ok := c.get(key(limit)); ok {
		t.Errorf("the full generation learned another head: %d", seq)
	}

	before := c.epoch()
	c.begin() // the generation is the old one now
	c.learn(key(limit), 1, before)
	if seq, ok := c.get(key(limit)); ok {
		t.Errorf("learned %d, which may be outdated: something was forgotten since", seq)
	}
	if c.claim(key(1), 1) {
		t.Error("a claim outlives its write")
	}
	for i := limit; i < 2*limit; i++ {
		c.learn(key(i), uint64(i), c.epoch())
	}
	if seq, ok := c.get(key(2)); !ok || seq != 2 {
		t.Errorf("an entity of the old generation: %d, %v", seq, ok)
	}
	c.begin()
	if _, ok := c.get(key(3)); ok {
		t.Error("an entity that was not used for two generations is still known")
	}
	for _, i := range []int{1, 2} {
		if seq, ok := c.get(key(i)); !ok || seq != uint64(i) {
			t.Errorf("entity %d, which was used: %d, %v", i, seq, ok)
		}
	}
}

func TestTypeAndIDAreNotConfused(t *testing.T) {
	c := newHeadCache(2)
	if c.key(stores.EntityID{Type: "a", ID: "b"}) == c.key(stores.EntityID{Type: "b", ID: "a"}) {
		t.Error("two entities have one key")
	}
}
