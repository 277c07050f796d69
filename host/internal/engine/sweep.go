package engine

import (
	"slices"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
)

// sweep keeps the coarse clock, and takes entities out of memory that were
// idle for long, or when they take too much of it.
func (g *Engine) sweep() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	next := time.Now().Add(g.idlePeriod())
	for {
		select {
		case now := <-tick.C:
			g.clock.Store(uint32(now.Unix()))
			if g.cfg.IdleTimeout >= 0 && !now.Before(next) {
				g.passivate(uint32(now.Add(-g.cfg.IdleTimeout).Unix()))
				next = now.Add(g.idlePeriod())
			}
		case <-g.crowded:
			g.makeRoom()
		case <-g.ctx.Done():
			return
		}
	}
}

// idlePeriod is how often idle entities are looked for.
func (g *Engine) idlePeriod() time.Duration {
	return min(max(g.cfg.IdleTimeout/8, time.Second), time.Minute)
}

// passivate drops the entities that were not used since the coarse time.
func (g *Engine) passivate(before uint32) {
	for _, t := range g.Types() {
		t.each(func(e *entity.Entity) {
			if e.Used() < before && t.drop(g, e, before) {
				g.cfg.Metrics.Passivations.Inc()
			}
		})
	}
}

// makeRoom drops the least recently used entities until a tenth of the
// memory budget is free again.
func (g *Engine) makeRoom() {
	goal := g.cfg.MemoryBytes - g.cfg.MemoryBytes/10
	if g.resident.Load() <= g.cfg.MemoryBytes {
		return
	}
	type use struct {
		t    *Type
		e    *entity.Entity
		used uint32
	}
	var all []use
	for _, t := range g.Types() {
		t.each(func(e *entity.Entity) { all = append(all, use{t, e, e.Used()}) })
	}
	slices.SortFunc(all, func(a, b use) int { return int(int64(a.used) - int64(b.used)) })
	for _, u := range all {
		if g.resident.Load() <= goal {
			return
		}
		if u.t.drop(g, u.e, u.used+1) {
			g.cfg.Metrics.Passivations.Inc()
		}
	}
}
