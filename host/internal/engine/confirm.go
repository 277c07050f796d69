package engine

import (
	"context"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

const (
	confirmSize  = 1024 // heads asked for at once
	activateSize = 256
)

// confirm answers batches that persist nothing, on a log that others write
// too: only when the head is still the one they were decided on.
func (g *Engine) confirm() {
	var some []*entity.Batch
	var ids []stores.EntityID
	for {
		some = g.confirms.take(some, confirmSize)
		if some == nil {
			return
		}
		ids = ids[:0]
		for _, b := range some {
			ids = append(ids, b.Entity.ID())
		}
		ctx, cancel := context.WithTimeout(g.ctx, g.cfg.AppendTimeout)
		heads, err := g.cfg.Log.Heads(ctx, ids)
		cancel()
		for i, b := range some {
			e := b.Entity
			switch {
			case err != nil:
				b.Failed(unavailable("confirm the head of", e.ID(), err))
			case heads[i].Seq == e.Seq():
				typeOf(e).count(b)
				b.Confirmed()
			default:
				b.Conflict()
			}
			g.settledAlone(b)
		}
		clear(some)
	}
}
