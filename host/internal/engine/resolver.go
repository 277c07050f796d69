package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// resolver holds the batches whose append was answered Unknown. Each is
// appended again, the same commit, until the log answers; its entity takes nothing new
// meanwhile. Nothing else is proof: a head that still equals Expected says
// little, for a delayed write can land later.
type resolver struct {
	mu     sync.Mutex
	list   []*entity.Batch
	wake   chan struct{}
	closed error // what callers are told once nobody resolves any more
}

func (r *resolver) init() { r.wake = make(chan struct{}, 1) }

func (r *resolver) add(b *entity.Batch) {
	if b.Known {
		b.Known, b.Since = false, time.Now()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed != nil {
		b.Failed(r.closed)
		return
	}
	r.list = append(r.list, b)
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *resolver) take(limit int) []*entity.Batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(limit, len(r.list))
	some := append([]*entity.Batch(nil), r.list[:n]...)
	r.list = append(r.list[:0:0], r.list[n:]...)
	return some
}

// giveUp tells all callers, from now on, that the outcome is unknown.
func (r *resolver) giveUp(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = err
	for _, b := range r.list {
		b.Failed(err)
	}
	r.list = nil
}

const (
	resolveFirst = 5 * time.Millisecond
	resolveLast  = time.Second
	resolveSize  = 256 // batches of one try
)

// resolve appends unknown commits again, with growing pauses while the log
// does not answer.
func (g *Engine) resolve() {
	pause := resolveFirst
	for {
		select {
		case <-g.unknown.wake:
		case <-g.ctx.Done():
			return
		}
		for {
			some := g.unknown.take(resolveSize)
			if len(some) == 0 {
				pause = resolveFirst
				break
			}
			select {
			case <-time.After(pause):
			case <-g.ctx.Done():
				return
			}
			if g.resolveSome(some) {
				pause = resolveFirst
			} else {
				pause = min(2*pause, resolveLast)
			}
		}
	}
}

// resolveSome tries batches once. It reports whether any of them is settled.
func (g *Engine) resolveSome(some []*entity.Batch) (progress bool) {
	commits := make([]stores.Commit, len(some))
	for i, b := range some {
		commits[i] = b.Commit
	}
	ctx, cancel := context.WithTimeout(g.ctx, g.cfg.AppendTimeout)
	defer cancel()
	results := g.cfg.Log.Append(ctx, stores.Fence{}, commits)
	g.outage.answered(g.cfg.Logger, results)
	for i, b := range some {
		if g.resolveOne(ctx, b, results[i]) {
			progress = true
			continue
		}
		if time.Since(b.Since) > g.cfg.AppendTimeout {
			b.Failed(fmt.Errorf("append to %s: %w: the log has not answered for %v", b.Entity.ID(), entity.ErrOutcomeUnknown, g.cfg.AppendTimeout))
		}
		g.unknown.add(b)
	}
	return progress
}

// resolveOne handles the log's answer to a commit that was unknown before. It
// reports whether the outcome is known now.
func (g *Engine) resolveOne(ctx context.Context, b *entity.Batch, r stores.Result) bool {
	switch r.Outcome {
	case stores.Applied, stores.Duplicate:
		g.applied(b, r.Head)
	case stores.Conflict, stores.Fenced:
		head, ours, err := g.find(ctx, b)
		switch {
		case err != nil:
			return false
		case ours:
			g.applied(b, head)
		case r.Outcome == stores.Fenced:
			g.fenced(b, r.Err)
		default:
			g.cfg.Metrics.Conflicts.Inc()
			b.Conflict()
		}
	case stores.TooLarge:
		b.TooLarge(r.Err)
	default: // Refused says nothing of the earlier try
		return false
	}
	g.settledAlone(b)
	return true
}

// find reads the commit at the place of the batch's own, and says whether it
// is the batch's.
func (g *Engine) find(ctx context.Context, b *entity.Batch) (head stores.HeadToken, ours bool, err error) {
	for rec, err := range g.cfg.Log.Read(ctx, b.Entity.ID(), b.Commit.Expected) {
		if err != nil {
			return "", false, err
		}
		return rec.Head, rec.Expected == b.Commit.Expected && rec.ID == b.Commit.ID, nil
	}
	return "", false, nil
}
