package pebblestore

import (
	"hash/maphash"
	"math/bits"
	"sync"

	"github.com/eshost/eshost/stores"
)

// headKey stands for an entity: 96 bits of two independent hashes of its name.
// It has one size whatever the id's length, and among two million entities
// the chance that two share one is 1 in 10^16.
type headKey struct {
	a uint64 // never 0
	b uint32
}

// headCache remembers the heads of entities that were used lately, in two
// generations: when the young one is full, the old one is forgotten. It is a
// table of its own because every commit looks into it, and one probe of 24 bytes
// replaces six of a map: the head, whether the entity is in the write already, and the new head.
type headCache struct {
	seeds [2]maphash.Seed
	limit int // of entries in the young generation

	mu         sync.Mutex
	write      uint32 // the durable write that is being put together
	forgotten  uint64 // how often a generation was
	young, old generation
}

func newHeadCache(entries int) *headCache {
	return &headCache{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, limit: max(1, entries/2)}
}

func (c *headCache) key(id stores.EntityID) headKey {
	t := c.typeKey(id.Type)
	return t.key(id.ID)
}

// typeKey makes the keys of one type's entities.
type typeKey struct {
	cache *headCache
	typ   string
	a, b  uint64
}

func (c *headCache) typeKey(typ string) typeKey {
	hash := func(seed maphash.Seed) uint64 { return bits.RotateLeft64(maphash.String(seed, typ), 1) }
	return typeKey{c, typ, hash(c.seeds[0]), hash(c.seeds[1])}
}

func (t *typeKey) key(id string) headKey {
	return headKey{max(t.a^maphash.String(t.cache.seeds[0], id), 1), uint32(t.b ^ maphash.String(t.cache.seeds[1], id))}
}

// begin begins a durable write. Only here are heads forgotten, so that all
// entities of one write stay known until it ends.
func (c *headCache) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.write++
	if c.young.n >= c.limit {
		c.old, c.young = c.young, generation{}
		c.forgotten++
	}
}

// epoch is what learn must be told: it was asked before the head was read.
func (c *headCache) epoch() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.forgotten
}

// find returns the entry of an entity; nil when it is not known. The
// caller holds the lock, and keeps the entry no longer than that.
func (c *headCache) find(k headKey) *head {
	if h := c.young.find(k); h != nil {
		return h
	}
	if h := c.old.find(k); h != nil {
		return c.young.add(*h)
	}
	return nil
}

// get returns what is known of an entity's head.
func (c *headCache) get(k headKey) (seq uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.find(k); h != nil {
		return h.seq, true
	}
	return 0, false
}

// claim marks an entity, whose head is seq, as part of the write. It reports
// whether it was already.
func (c *headCache) claim(k headKey, seq uint64) (twice bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.find(k)
	if h == nil {
		h = c.young.add(head{a: k.a, b: k.b, seq: seq})
	}
	twice = h.write == c.write
	h.write = c.write
	return twice
}

// claimed is what claimKnown found out about an entity.
type claimed struct {
	key   headKey
	seq   uint64 // its head, if that is known
	known bool
	twice bool // it was part of the write already
}

// claimKnown claims the entities whose heads are known, in their order.
func (c *headCache) claimKnown(all []claimed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range all {
		if h := c.find(all[i].key); h != nil {
			all[i].seq, all[i].known, all[i].twice = h.seq, true, h.write == c.write
			h.write = c.write
		}
	}
}

// learn notes a head that was read, unless there is no room or a higher one is
// known: heads only grow. Nor if anything was forgotten since the epoch in which reading
// began: a write may have raised the head meanwhile, and that be what was forgotten.
func (c *headCache) learn(k headKey, seq, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.find(k); h != nil {
		h.seq = max(h.seq, seq)
	} else if c.young.n < c.limit && c.forgotten == epoch {
		c.young.add(head{a: k.a, b: k.b, seq: seq})
	}
}

// raise notes the heads that a write made.
func (c *headCache) raise(all []accepted) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range all {
		if h := c.find(a.head); h != nil {
			h.seq = max(h.seq, a.seq)
		}
	}
}

// head is what is known of one entity.
type head struct {
	a     uint64 // 0: nobody's
	seq   uint64
	b     uint32
	write uint32 // in which it was last
}

// generation is a hash table in parts, so that none takes long to grow.
type generation struct {
	parts [256]part
	n     int
}

// part is an open table with linear probing, at most three quarters full.
type part struct {
	entries []head // length is a power of two, or 0
	n       int
}

func (g *generation) find(k headKey) *head { return g.parts[k.a>>56].find(k) }

func (g *generation) add(h head) *head {
	g.n++
	return g.parts[h.a>>56].add(h)
}

func (p *part) find(k headKey) *head {
	mask := len(p.entries) - 1
	if mask < 0 {
		return nil
	}
	for i := int(k.a) & mask; ; i = (i + 1) & mask {
		switch h := &p.entries[i]; {
		case h.a == k.a && h.b == k.b:
			return h
		case h.a == 0:
			return nil
		}
	}
}

// add adds an entry that is not there.
func (p *part) add(h head) *head {
	if 4*(p.n+1) > 3*len(p.entries) {
		old := p.entries
		p.entries = make([]head, max(8, 2*len(old)))
		for _, h := range old {
			if h.a != 0 {
				p.put(h)
			}
		}
	}
	p.n++
	return p.put(h)
}

func (p *part) put(h head) *head {
	mask := len(p.entries) - 1
	i := int(h.a) & mask
	for p.entries[i].a != 0 {
		i = (i + 1) & mask
	}
	p.entries[i] = h
	return &p.entries[i]
}
