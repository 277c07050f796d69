package host

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// TypeInfo describes an entity type that is served.
type TypeInfo struct {
	abi.EntityType               // as the plugin's manifest declares it; not to be changed
	Plugin         stores.Digest // that serves it
	Former         stores.Digest // that it would go back to by a rollback; zero: none
	Deployment     uint64        // the registry's number, from which on the plugin serves it
	Resident       int           // entities in memory
}

// Types returns the types that are served, sorted by name.
func (h *Host) Types() []TypeInfo {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]TypeInfo, 0, len(h.serves))
	for name, d := range h.serves {
		all = append(all, TypeInfo{EntityType: *d.manifest.Type(name), Plugin: d.digest, Former: d.former, Deployment: d.entry.Seq, Resident: h.engine.Type(name).Resident()})
	}
	slices.SortFunc(all, func(a, b TypeInfo) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Entities yields the ids of the type's entities that have events, in byte
// order, after the given id ("" for all). The type need not be served.
func (h *Host) Entities(ctx context.Context, typ, after string) iter.Seq2[stores.EntityID, error] {
	return h.o.Log.Entities(ctx, typ, after)
}

// Quarantined returns the entities whose events cannot be folded by the
// plugin of their type, sorted. They are tried again now and then, and at once
// after a new deployment.
func (h *Host) Quarantined() []*QuarantineError {
	all := h.engine.Quarantined()
	slices.SortFunc(all, func(a, b *entity.QuarantineError) int {
		return cmp.Or(cmp.Compare(a.Entity.Type, b.Entity.Type), cmp.Compare(a.Entity.ID, b.Entity.ID))
	})
	return all
}
