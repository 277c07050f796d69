package replay

import (
	"context"
	"fmt"
	"sync"

	"github.com/eshost/eshost/stores"
)

// horizon is a place in the log behind which nothing is looked at. Positions have no order that can be asked for,
// so it keeps for each entity that has events behind the place where it must end.
type horizon struct {
	log   stores.Log
	query stores.Query // what is not known yet: after the place, or what was known last

	mu   sync.Mutex
	ends map[stores.EntityID]uint64
}

func newHorizon(log stores.Log, typ string, place stores.Position) *horizon {
	return &horizon{log: log, query: stores.Query{Type: typ, After: place}, ends: make(map[stores.EntityID]uint64)}
}

// advance learns of what was appended before the call.
func (h *horizon) advance(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	head, err := h.log.Head(ctx)
	if err != nil || head == h.query.After {
		return err
	}
	idle := true
	for rec, err := range h.log.Scan(ctx, h.query) {
		if err != nil {
			return fmt.Errorf("look for what was appended later: %w", err)
		}
		if _, known := h.ends[rec.Entity]; !known {
			h.ends[rec.Entity] = h.end(rec)
		}
		idle, h.query.After = false, rec.Place
	}
	if idle {
		h.query.After = head
	}
	return nil
}

// end is the number of the entity's last event before what the scan shows of the record.
func (h *horizon) end(rec *stores.Record) uint64 {
	for i := range rec.Events {
		if rec.Position(i) == h.query.After {
			return rec.Expected + uint64(i) + 1
		}
	}
	return rec.Expected
}

// of returns the number that the entity is looked at up to; known is false if all there is of it may be.
func (h *horizon) of(id stores.EntityID) (end uint64, known bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	end, known = h.ends[id]
	return end, known
}
