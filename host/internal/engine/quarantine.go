package engine

import (
	"sync"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// quarantine lists the entities whose events cannot be folded.
type quarantine struct {
	mu sync.Mutex
	m  map[stores.EntityID]*entity.QuarantineError
}

func (q *quarantine) add(e *entity.QuarantineError) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.m == nil {
		q.m = make(map[stores.EntityID]*entity.QuarantineError)
	}
	q.m[e.Entity] = e
}

func (q *quarantine) remove(id stores.EntityID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.m, id)
}

// Quarantined returns the entities that are quarantined, in no order.
func (g *Engine) Quarantined() []*entity.QuarantineError {
	q := &g.quarantine
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []*entity.QuarantineError
	for _, e := range q.m {
		all = append(all, e)
	}
	return all
}
