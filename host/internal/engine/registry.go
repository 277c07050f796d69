package engine

import (
	"hash/maphash"
	"sync"

	"github.com/eshost/eshost/host/internal/entity"
)

// registry is the entities of one type that are in memory, by id. It is a hash
// table of its own because every command looks into it: a place is 16 bytes, so that finding
// an entity touches one of them and the entity itself, which is
// needed anyway; and many are found under one lock.
type registry struct {
	mu    sync.Mutex
	parts [256]part // by the highest bits of the hash: none takes long to grow
}

// part is an open table with linear probing, at most three quarters full.
type part struct {
	places []place // length is a power of two, or 0
	n      int
}

type place struct {
	hash   uint64
	entity *entity.Entity // nil: nobody's
}

var seed = maphash.MakeSeed()

func hashOf(id string) uint64 { return maphash.String(seed, id) }

// find returns the entity; nil when it is not there. The caller holds the lock.
func (r *registry) find(hash uint64, id string) *entity.Entity {
	p := &r.parts[hash>>56]
	if i := p.find(hash, id); i >= 0 {
		return p.places[i].entity
	}
	return nil
}

// add adds an entity that is not there. The caller holds the lock.
func (r *registry) add(hash uint64, e *entity.Entity) {
	p := &r.parts[hash>>56]
	if 4*(p.n+1) > 3*len(p.places) {
		p.resize(max(8, 2*len(p.places)))
	}
	p.n++
	p.put(place{hash, e})
}

// remove removes an entity, if it is there. The caller holds the lock.
func (r *registry) remove(hash uint64, id string) {
	p := &r.parts[hash>>56]
	i := p.find(hash, id)
	if i < 0 {
		return
	}
	p.n--
	p.remove(i)
	if len(p.places) > 8 && 8*p.n < len(p.places) {
		p.resize(len(p.places) / 2)
	}
}

// find returns the index of an entity's place, or -1.
func (p *part) find(hash uint64, id string) int {
	mask := len(p.places) - 1
	if mask < 0 {
		return -1
	}
	for i := int(hash) & mask; ; i = (i + 1) & mask {
		switch s := &p.places[i]; {
		case s.entity == nil:
			return -1
		case s.hash == hash && s.entity.Named(id):
			return i
		}
	}
}

func (p *part) put(s place) {
	mask := len(p.places) - 1
	i := int(s.hash) & mask
	for p.places[i].entity != nil {
		i = (i + 1) & mask
	}
	p.places[i] = s
}

// remove empties a place, and closes the gap: whoever stands behind it and would be
// found no more moves up.
func (p *part) remove(gap int) {
	mask := len(p.places) - 1
	for i := (gap + 1) & mask; p.places[i].entity != nil; i = (i + 1) & mask {
		if home := int(p.places[i].hash) & mask; (i-home)&mask >= (i-gap)&mask {
			p.places[gap] = p.places[i]
			gap = i
		}
	}
	p.places[gap] = place{}
}

func (p *part) resize(size int) {
	old := p.places
	p.places = make([]place, size)
	for _, s := range old {
		if s.entity != nil {
			p.put(s)
		}
	}
}

// appendPart appends the entities of the i-th part to dst.
func (r *registry) appendPart(dst []*entity.Entity, i int) []*entity.Entity {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.parts[i].places {
		if s.entity != nil {
			dst = append(dst, s.entity)
		}
	}
	return dst
}
