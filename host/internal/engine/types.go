package engine

import (
	"sync"
	"sync/atomic"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// Type is an entity type: what its entities share, the plugin that is bound
// to it, and those of them that are in memory.
type Type struct {
	entity.Type
	Tallies  Tallies
	binding  atomic.Pointer[entity.Binding]
	resident atomic.Int64
	lanes    [entity.Paces]lane // of the run queues: the first one of that of quick turns, the others of that of slow ones
	wasted   waste
	entities registry
}

// get returns the entity, and makes it when it is not in memory; an error says
// what is wrong with the id.
func (t *Type) get(g *Engine, id string) (*entity.Entity, error) {
	hash := hashOf(id)
	t.entities.mu.Lock()
	defer t.entities.mu.Unlock()
	return t.getLocked(g, hash, id)
}

// getLocked is get by whoever holds the registry's lock. Only who is not in
// memory has an id that was never looked at.
func (t *Type) getLocked(g *Engine, hash uint64, id string) (*entity.Entity, error) {
	if e := t.entities.find(hash, id); e != nil {
		return e, nil
	}
	if err := (stores.EntityID{Type: t.Name, ID: id}).Validate(); err != nil {
		return nil, err
	}
	e := entity.New(&t.Type, id)
	t.entities.add(hash, e)
	t.resident.Add(1)
	g.resident.Add(e.Resize())
	return e, nil
}

// drop forgets an entity if nothing keeps it in memory. before is a coarse time.
func (t *Type) drop(g *Engine, e *entity.Entity, before uint32) bool {
	t.entities.mu.Lock()
	defer t.entities.mu.Unlock()
	if !e.Passivate(before) {
		return false
	}
	t.entities.remove(hashOf(e.ID().ID), e.ID().ID)
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
	shared.Gauge = new(entity.Gauge)
	t := &Type{Type: shared}
	t.Home = t
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
	for i := range t.entities.parts {
		some = t.entities.appendPart(some[:0], i)
		for _, e := range some {
			f(e)
		}
	}
}
