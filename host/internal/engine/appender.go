package engine

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// gatherTime is how long an appender at most waits for entities that are
// being decided right now, before it takes what there is. Without it,
// closed-loop load settles into two half cohorts that take turns. A lone
// command never waits: nobody else is being decided.
const gatherTime = 50 * time.Microsecond

// appender gathers the commits of all entities into durable writes. While one
// write is in flight the next one fills. There is one goroutine more than the
// log takes writes at once, so that answers are released while the next
// write is under way.
type appender struct {
	concurrency int
	slots       chan struct{} // one for each write the log takes at once

	mu      sync.Mutex
	cond    sync.Cond
	pending []*entity.Batch
	closed  bool
}

func newAppender(concurrency int) *appender {
	a := &appender{concurrency: concurrency, slots: make(chan struct{}, concurrency)}
	a.cond.L = &a.mu
	return a
}

func (a *appender) submit(batches []*entity.Batch) {
	if len(batches) == 0 {
		return
	}
	a.mu.Lock()
	a.pending = append(a.pending, batches...)
	a.mu.Unlock()
	a.cond.Signal()
}

// wait waits until something is pending; it reports false when closed.
func (a *appender) wait() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.pending) == 0 {
		if a.closed {
			return false
		}
		a.cond.Wait()
	}
	return true
}

// take moves what one write takes from pending to buf.
func (a *appender) take(buf []*entity.Batch, info *stores.Info) []*entity.Batch {
	a.mu.Lock()
	defer a.mu.Unlock()
	n, bytes := 0, 0
	for n < len(a.pending) {
		bytes += a.pending[n].Bytes()
		if n > 0 && (info.AppendCommits > 0 && n >= info.AppendCommits || info.AppendBytes > 0 && bytes > info.AppendBytes) {
			break
		}
		n++
	}
	buf = append(buf[:0], a.pending[:n]...)
	rest := copy(a.pending, a.pending[n:])
	clear(a.pending[rest:])
	a.pending = a.pending[:rest]
	return buf
}

func (a *appender) close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.cond.Broadcast()
}

// append is one appender goroutine: it takes a slot, gathers, writes, gives the
// slot to the next one, and releases the answers.
func (g *Engine) append() {
	a := g.appends
	var taken []*entity.Batch
	var commits []stores.Commit
	var due []task
	for {
		a.slots <- struct{}{}
		if !a.wait() {
			<-a.slots
			return
		}
		g.gather()
		taken = a.take(taken, &g.info)
		commits = commits[:0]
		for _, b := range taken {
			commits = append(commits, b.Commit)
		}
		ctx, cancel := context.WithTimeout(context.Background(), g.cfg.AppendTimeout)
		start := time.Now()
		g.writing.Add(1)
		results := g.cfg.Log.Append(ctx, stores.Fence{}, commits)
		g.writing.Add(-1)
		took := time.Since(start)
		cancel()
		<-a.slots
		g.cfg.Metrics.appended(len(commits), took)
		g.outage.answered(g.cfg.Logger, results)
		due = g.settle(taken, results, due[:0])
		g.deciding.Add(int64(len(due)))
		g.queue.push(due...)
		clear(commits)
		clear(taken)
		clear(due)
	}
}

// gather lets those who are deciding right now get their commits into the
// next write.
func (g *Engine) gather() {
	if g.deciding.Load() == 0 {
		return
	}
	for start := time.Now(); g.deciding.Load() > 0 && time.Since(start) < gatherTime; {
		runtime.Gosched()
	}
}

// settle gives every batch the log's answer. It returns the turns that go on.
func (g *Engine) settle(taken []*entity.Batch, results []stores.Result, due []task) []task {
	for len(taken) > 0 {
		n := min(len(taken), settleSize)
		for _, b := range taken[:n] {
			b.Touch()
		}
		ended := 0
		for i, b := range taken[:n] {
			e := b.Entity
			switch {
			case !g.settleOne(b, results[i]):
			case g.settled(b):
				if !g.divert(e) {
					due = append(due, task{typ: typeOf(e), entity: e})
				}
			default:
				ended++
			}
		}
		g.turns.Add(-int64(ended))
		taken, results = taken[n:], results[n:]
	}
	return due
}

// settleSize is how many batches are touched before they are settled.
const settleSize = 32

// settleOne handles one result. It reports whether the outcome is known.
func (g *Engine) settleOne(b *entity.Batch, r stores.Result) bool {
	e := b.Entity
	switch r.Outcome {
	case stores.Applied, stores.Duplicate:
		g.applied(b, r.Head)
	case stores.Conflict:
		g.cfg.Metrics.Conflicts.Inc()
		b.Conflict()
	case stores.TooLarge:
		b.TooLarge(r.Err)
	case stores.Refused:
		typeOf(e).Tallies.Unavailable.Add(uint64(b.Commands()))
		b.Failed(unavailable("append to", e.ID(), r.Err))
	case stores.Fenced:
		g.fenced(b, r.Err)
	default:
		g.unknown.add(b)
		return false
	}
	return true
}

// settled gives a batch back whose calls are all answered or in the mailbox
// again, and ends its entity's turn unless there is mail, which it reports. If the
// turn ended, the caller counts it.
func (g *Engine) settled(b *entity.Batch) (more bool) {
	e := b.Entity
	g.resize(e)
	putBatch(b)
	return e.Yield()
}

// settledAlone is settled of a batch that is not one of many: it goes on with the turn or counts its end.
func (g *Engine) settledAlone(b *entity.Batch) {
	if e := b.Entity; g.settled(b) {
		g.push(e)
	} else {
		g.turns.Add(-1)
	}
}

// applied installs a commit that the log has, and answers its callers.
func (g *Engine) applied(b *entity.Batch, head stores.HeadToken) {
	e := b.Entity
	typeOf(e).Tallies.add(b.Tally())
	b.Applied(head)
	if g.cfg.Snapshots == nil {
		return
	}
	if s := e.Snapshot(); s != nil {
		g.snapshots.add(snapshotJob{e, s})
	}
}

// fenced answers a batch whose entity another host serves now.
func (g *Engine) fenced(b *entity.Batch, err error) {
	b.Failed(unavailable("append to", b.Entity.ID(), fmt.Errorf("another host serves this entity now: %w", err)))
	b.Entity.Forget()
}

// typeOf is the type of an entity of this engine.
func typeOf(e *entity.Entity) *Type { return e.Type().Home.(*Type) }
