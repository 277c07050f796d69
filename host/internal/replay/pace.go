package replay

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/eshost/eshost/host/internal/entity"
)

// Pace keeps what is replayed from taking the processors from those who serve commands. As
// long as nobody is served, so many guest calls run at the same time as there are workers; else one, and
// it rests three times as long as it ran.
type Pace struct {
	workers int64
	busy    func() bool
	slots   *semaphore.Weighted
	seen    atomic.Int64 // when commands were being served last, ns
}

// NewPace returns a pace. busy reports whether commands are being served at the moment; nil: they never are.
func NewPace(workers int, busy func() bool) *Pace {
	if busy == nil {
		busy = func() bool { return false }
	}
	workers = max(workers, 1)
	return &Pace{workers: int64(workers), busy: busy, slots: semaphore.NewWeighted(int64(workers))}
}

// Shares of a processor that are taken while commands are served.
const (
	restFor     = 3 // times as long as it ran
	longestRest = 20 * time.Millisecond
	calm        = 20 * time.Millisecond // without a command for nobody to be served
)

// serving reports whether commands are being served, or were a moment ago.
func (p *Pace) serving() bool {
	now := time.Now().UnixNano()
	if p.busy() {
		p.seen.Store(now)
		return true
	}
	return now-p.seen.Load() < int64(calm)
}

// turn is what one task does at a pace, one guest call after the other.
type turn struct {
	pace  *Pace
	ctx   context.Context
	holds int64     // slots
	since time.Time // it last rested, while it holds slots
}

func (p *Pace) turn(ctx context.Context) *turn { return &turn{pace: p, ctx: ctx} }

// begin waits for a slot; while commands are served there is one alone.
func (t *turn) begin() error {
	n := int64(1)
	if t.pace.serving() {
		n = t.pace.workers
	}
	if err := t.pace.slots.Acquire(t.ctx, n); err != nil {
		return err
	}
	t.holds, t.since = n, time.Now()
	return nil
}

func (t *turn) end() {
	t.rest()
	t.pace.slots.Release(t.holds)
	t.holds = 0
}

// rest makes up for the time since the last rest.
func (t *turn) rest() {
	if t.pace.serving() {
		wait := time.NewTimer(min(restFor*time.Since(t.since), longestRest))
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-t.ctx.Done():
		}
	}
	t.since = time.Now()
}

// allowance is what a guest call may do; it rests in between.
func (t *turn) allowance() entity.Allowance {
	return entity.Allowance{Wait: true, Pause: func(int64, time.Duration) error {
		if t.ctx.Err() != nil {
			return entity.ErrInterrupted
		}
		t.rest()
		return nil
	}}
}

// fold has a recovery fold a chunk, all of it.
func (t *turn) fold(r *entity.Recovery, c *entity.Chunk) error {
	if err := t.begin(); err != nil {
		return err
	}
	defer t.end()
	return t.folding(r, c)
}

// folding is fold within a turn that has begun.
func (t *turn) folding(r *entity.Recovery, c *entity.Chunk) error {
	for {
		err := r.Fold(c, t.allowance())
		if !errors.Is(err, entity.ErrInterrupted) {
			return err
		}
		if t.ctx.Err() != nil {
			return t.ctx.Err()
		}
	}
}
