package engine

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/eshost/eshost/host/internal/entity"
)

const shardCount = 64

// Type is an entity type: what its entities share, the plugin that is bound
// to it, and those of them that are in memory.
type Type struct {
	entity.Type
	Tallies  Tallies
	binding  atomic.Pointer[entity.Binding]
	resident atomic.Int64
	lane     lane // of the run queue
	shards   [shardCount]shard
}

type shard struct {
	mu       sync.Mutex
	entities map[string]*entity.Entity
	_        [48]byte // a cache line each
}

var seed = maphash.MakeSeed()

func (t *Type) shard(id string) *shard {
	return &t.shards[maphash.String(seed, id)%shardCount]
}

// get returns the entity, and makes it when it is not in memory.
func (t *Type) get(g *Engine, id string) *entity.Entity {
	s := t.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entities[id]
	if e == nil {
		id = strings.Clone(id)
		e = entity.New(&t.Type, id)
		s.entities[id] = e
		t.resident.Add(1)
		g.resident.Add(e.Resize())
	}
	return e
}

// drop forgets an entity if nothing keeps it in memory. before is a coarse time.
func (t *Type) drop(g *Engine, e *entity.Entity, before uint32) bool {
	s := t.shard(e.ID().ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !e.Passivate(before) {
		return false
	}
	delete(s.entities, e.ID().ID)
	t.resident.Add(-1)
	g.resident.Add(-e.Holding())
	return true
}

// Resident is how many of the type's entities are in memory.
func (t *Type) Resident() int { return int(t.resident.Load()) }

// Bind makes the binding the type's own. The former one, if any, is given
// back; entities switch between two batches.
func (t *Type) Bind(b *entity.Binding) {
	if old := t.binding.Swap(b); old != nil {
		old.Release()
	}
}

// Binding returns the type's binding, for looking at; nil before the first.
func (t *Type) Binding() *entity.Binding { return t.binding.Load() }

// acquire returns the type's binding with a use that the caller must release.
func (t *Type) acquire() *entity.Binding {
	for {
		if b := t.binding.Load(); b.Acquire() {
			return b
		}
	}
}

// types is the table of types. Looking one up takes no lock.
type types struct {
	mu sync.Mutex
	m  atomic.Pointer[map[string]*Type]
}

func (ts *types) init() { ts.m.Store(&map[string]*Type{}) }

// Type returns the type of the name; nil when nothing was ever bound to it.
func (g *Engine) Type(name string) *Type { return (*g.types.m.Load())[name] }

// Bind binds a plugin to a type, and makes the type if it is new.
func (g *Engine) Bind(shared entity.Type, b *entity.Binding) *Type {
	g.types.mu.Lock()
	defer g.types.mu.Unlock()
	old := *g.types.m.Load()
	if t := old[shared.Name]; t != nil {
		t.Bind(b)
		return t
	}
	shared.Confirm = shared.Confirm && !g.info.Exclusive
	shared.LogID = g.info.ID
	t := &Type{Type: shared}
	t.Home = t
	for i := range t.shards {
		t.shards[i].entities = make(map[string]*entity.Entity)
	}
	t.Bind(b)
	m := make(map[string]*Type, len(old)+1)
	for name, t := range old {
		m[name] = t
	}
	m[shared.Name] = t
	g.types.m.Store(&m)
	return t
}

// Types returns all types, in no order.
func (g *Engine) Types() []*Type {
	var all []*Type
	for _, t := range *g.types.m.Load() {
		all = append(all, t)
	}
	return all
}

// each calls f for every entity in memory, with no lock held.
func (ts *types) each(f func(*entity.Entity)) {
	for _, t := range *ts.m.Load() {
		t.each(f)
	}
}

func (t *Type) each(f func(*entity.Entity)) {
	var some []*entity.Entity
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		some = some[:0]
		for _, e := range s.entities {
			some = append(some, e)
		}
		s.mu.Unlock()
		for _, e := range some {
			f(e)
		}
	}
}
