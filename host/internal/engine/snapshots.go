package engine

import (
	"context"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// snapshotGrace is how long a stopping engine goes on saving snapshots. One
// that is not saved is only folded again.
const snapshotGrace = 5 * time.Second

// snapshotJob is a snapshot to save.
type snapshotJob struct {
	entity *entity.Entity
	snap   *stores.Snapshot
}

// saveSnapshots saves snapshots, one after the other. A failure is logged: a
// snapshot is a cache.
func (g *Engine) saveSnapshots() {
	var some []snapshotJob
	for {
		some = g.snapshots.take(some, 64)
		if some == nil {
			return
		}
		for _, j := range some {
			g.saveSnapshot(j)
		}
		clear(some)
	}
}

func (g *Engine) saveSnapshot(j snapshotJob) {
	defer j.entity.SnapshotDone()
	ctx, cancel := context.WithTimeout(g.ctx, g.cfg.AppendTimeout)
	defer cancel()
	if err := g.cfg.Snapshots.Save(ctx, j.snap); err != nil {
		g.cfg.Metrics.SnapshotFailures.Inc()
		g.cfg.Logger.Warn("a snapshot cannot be saved", "type", j.snap.Entity.Type, "id", j.snap.Entity.ID, "seq", j.snap.Seq, "error", err)
		return
	}
	g.cfg.Metrics.Snapshots.Inc()
}
