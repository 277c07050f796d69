package pebblestore

import (
	"hash/maphash"
	"sync"

	"github.com/eshost/eshost/stores"
)

// headKey stands for an entity: two independent 64 bit hashes of its name. It
// is 16 bytes whatever the id's length, and two entities do not share one.
type headKey struct{ a, b uint64 }

// headCache remembers the heads of entities that were used lately, in two
// generations: when the young one is full, the old one is forgotten.
type headCache struct {
	seeds [2]maphash.Seed
	limit int

	mu         sync.Mutex
	young, old map[headKey]uint64
}

func newHeadCache(entries int) *headCache {
	return &headCache{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, limit: max(1, entries/2),
		young: make(map[headKey]uint64)}
}

func (c *headCache) key(id stores.EntityID) headKey {
	var k [2]uint64
	for i, seed := range c.seeds {
		var h maphash.Hash
		h.SetSeed(seed)
		_, _ = h.WriteString(id.Type)
		_ = h.WriteByte(0)
		_, _ = h.WriteString(id.ID)
		k[i] = h.Sum64()
	}
	return headKey{k[0], k[1]}
}

func (c *headCache) get(k headKey) (seq uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if seq, ok = c.young[k]; ok {
		return seq, true
	}
	if seq, ok = c.old[k]; ok {
		c.put(k, seq)
	}
	return seq, ok
}

// raise notes a head, unless a higher one is known: heads only grow.
func (c *headCache) raise(k headKey, seq uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if have, ok := c.young[k]; ok && have >= seq {
		return
	}
	if have, ok := c.old[k]; ok && have > seq {
		seq = have
	}
	c.put(k, seq)
}

func (c *headCache) put(k headKey, seq uint64) {
	if len(c.young) >= c.limit {
		c.old, c.young = c.young, make(map[headKey]uint64)
	}
	c.young[k] = seq
}
