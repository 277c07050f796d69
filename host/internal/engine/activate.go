package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// activate finds out where the entities that need it stand: heads and
// snapshots are asked for many at once. One without events is ready at
// once; the others are read and folded.
func (g *Engine) activate() {
	var some []*entity.Entity
	var ids []stores.EntityID
	for {
		some = g.activates.take(some, activateSize)
		if some == nil {
			return
		}
		ids = ids[:0]
		for _, e := range some {
			ids = append(ids, e.ID())
		}
		g.activateSome(some, ids)
		clear(some)
	}
}

func (g *Engine) activateSome(some []*entity.Entity, ids []stores.EntityID) {
	ctx, cancel := context.WithTimeout(g.ctx, g.cfg.AppendTimeout)
	defer cancel()
	heads, err := g.cfg.Log.Heads(ctx, ids)
	if err != nil {
		for _, e := range some {
			g.failed(e, unavailable("activate", e.ID(), err))
		}
		return
	}
	var old []*entity.Entity
	var oldHeads []stores.Head
	for i, e := range some {
		if heads[i].Seq > 0 {
			old = append(old, e)
			oldHeads = append(oldHeads, heads[i])
			continue
		}
		bind := typeOf(e).acquire()
		g.activated(e, entity.NewRecovery(e, bind))
		bind.Release()
	}
	if len(old) == 0 {
		return
	}
	snaps := g.loadSnapshots(ctx, old)
	if err := g.askAgain(ctx, old, oldHeads, snaps); err != nil {
		for _, e := range old {
			g.failed(e, unavailable("activate", e.ID(), err))
		}
		return
	}
	for i, e := range old {
		g.recoveries.add(g, recovery{e, oldHeads[i], snaps[i]})
	}
}

// askAgain asks for the heads that snapshots are beyond: another host may have appended, and saved a snapshot, since they were asked for.
func (g *Engine) askAgain(ctx context.Context, some []*entity.Entity, heads []stores.Head, snaps []*stores.Snapshot) error {
	var ids []stores.EntityID
	var at []int
	for i, s := range snaps {
		if s != nil && s.Seq > heads[i].Seq && !g.info.Exclusive {
			ids, at = append(ids, some[i].ID()), append(at, i)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	newer, err := g.cfg.Log.Heads(ctx, ids)
	for i, head := range newer {
		heads[at[i]] = head
	}
	return err
}

// activated makes an entity ready and gives it back to the workers.
func (g *Engine) activated(e *entity.Entity, r *entity.Recovery) {
	e.Activated(r)
	g.quarantine.remove(e.ID())
	g.resize(e)
	g.push(e)
}

// failed answers all mail of an entity that cannot be activated now.
func (g *Engine) failed(e *entity.Entity, err error) {
	e.FailMail(err)
	g.endTurn(e)
}

func (g *Engine) loadSnapshots(ctx context.Context, of []*entity.Entity) []*stores.Snapshot {
	none := make([]*stores.Snapshot, len(of))
	if g.cfg.Snapshots == nil {
		return none
	}
	ids := make([]stores.EntityID, len(of))
	for i, e := range of {
		ids[i] = e.ID()
	}
	snaps, errs, err := g.cfg.Snapshots.Load(ctx, ids)
	if err != nil {
		g.cfg.Logger.Warn("snapshots cannot be loaded: folding from the first event", "entities", len(of), "error", err)
		return none
	}
	for i, err := range errs {
		if err != nil {
			g.cfg.Logger.Warn("a snapshot cannot be used: folding from the first event", "type", ids[i].Type, "id", ids[i].ID, "error", err)
			snaps[i] = nil
		}
	}
	return snaps
}

// recovery is an entity that has events, to be read and folded.
type recovery struct {
	entity *entity.Entity
	head   stores.Head
	snap   *stores.Snapshot
}

// recoveries runs a bounded number of recoveries at the same time.
type recoveries struct {
	mu      sync.Mutex
	running int
	waiting []recovery
}

// Running is how many entities are being read and folded, or wait for it.
func (r *recoveries) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running + len(r.waiting)
}

func (r *recoveries) add(g *Engine, job recovery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running >= g.cfg.Recoveries {
		r.waiting = append(r.waiting, job)
		return
	}
	r.running++
	g.start(func() { r.run(g, job) })
}

func (r *recoveries) run(g *Engine, job recovery) {
	chunks := [2]*entity.Chunk{{Done: make(chan error, 1)}, {Done: make(chan error, 1)}}
	for g.ctx.Err() == nil {
		g.recover(job, chunks)
		r.mu.Lock()
		if len(r.waiting) == 0 {
			r.running--
			r.mu.Unlock()
			return
		}
		job = r.waiting[0]
		r.waiting[0] = recovery{}
		r.waiting = r.waiting[1:]
		r.mu.Unlock()
	}
}

// recover folds an entity up to its durable head, from its snapshot if that
// can be used and, should folding fail then, once more without it.
func (g *Engine) recover(job recovery, chunks [2]*entity.Chunk) {
	e := job.entity
	bind := typeOf(e).acquire()
	defer bind.Release()
	start := time.Now()
	r := entity.NewRecovery(e, bind)
	if job.snap != nil {
		if err := r.From(job.snap, job.head); err != nil && !entity.OtherPlugin(err) {
			g.cfg.Logger.Error("a snapshot is discarded: folding from the first event", "type", e.ID().Type, "id", e.ID().ID, "reason", err)
		}
	}
	err := g.replay(r, e, job.head, chunks)
	if err != nil && broken(err) && r.FromSnapshot() {
		g.cfg.Logger.Warn("folding from a snapshot failed: trying from the first event", "type", e.ID().Type, "id", e.ID().ID, "error", err)
		r = entity.NewRecovery(e, bind)
		err = g.replay(r, e, job.head, chunks)
	}
	switch {
	case err == nil:
		g.cfg.Metrics.recovered(time.Since(start))
		g.activated(e, r)
	case broken(err):
		q := e.Quarantine(err, bind, time.Now())
		g.quarantine.add(q)
		g.cfg.Logger.Error("entity quarantined: its events cannot be folded", "type", e.ID().Type, "id", e.ID().ID, "plugin", bind.Plugin.String(), "error", err)
		g.failed(e, q)
	default:
		g.failed(e, unavailable("read", e.ID(), err))
	}
}

// replay reads the entity's records into chunks and has workers fold them.
// The next chunk is read while the last one is folded.
func (g *Engine) replay(r *entity.Recovery, e *entity.Entity, head stores.Head, chunks [2]*entity.Chunk) (err error) {
	f := folds{g: g, typ: typeOf(e), chunks: chunks}
	for _, c := range chunks {
		c.Recovery = r
		c.Reset()
	}
	defer func() { err = f.finish(err) }()
	for rec, err := range g.cfg.Log.Read(g.ctx, e.ID(), r.Seq()) {
		if err != nil {
			return err
		}
		for i := r.Skip(rec); i < len(rec.Events); {
			i = f.filling().Add(rec, i)
			if f.filling().Full() {
				if err := f.hand(); err != nil {
					return err
				}
			}
		}
		if err := r.Read(rec); err != nil {
			return err
		}
	}
	if r.Seq() < head.Seq {
		return &stores.EntityError{Op: "read", Entity: e.ID(), Seq: r.Seq() + 1,
			Err: fmt.Errorf("%w: the events end here, but the head is %d", stores.ErrCorrupt, head.Seq)}
	}
	return nil
}

// folds alternates between two chunks: one is filled while the other is folded.
type folds struct {
	g       *Engine
	typ     *Type
	chunks  [2]*entity.Chunk
	current int
	folding bool // the other chunk is with a worker
}

func (f *folds) filling() *entity.Chunk { return f.chunks[f.current] }

// wait waits for the chunk that is being folded.
func (f *folds) wait() error {
	if !f.folding {
		return nil
	}
	f.folding = false
	select {
	case err := <-f.chunks[1-f.current].Done:
		return err
	case <-f.g.ctx.Done():
		return f.g.ctx.Err()
	}
}

// hand waits for the chunk being folded, and hands the filled one over.
func (f *folds) hand() error {
	if err := f.wait(); err != nil {
		return err
	}
	f.g.fold(f.typ, f.filling())
	f.current, f.folding = 1-f.current, true
	f.filling().Reset()
	return nil
}

// finish folds what is left, unless reading failed, and waits for all of it.
func (f *folds) finish(err error) error {
	if err == nil && !f.filling().Empty() {
		err = f.hand()
	}
	if folding := f.wait(); err == nil {
		err = folding
	}
	return err
}
