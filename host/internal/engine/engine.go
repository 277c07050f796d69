// Package engine runs entities: the registry of those in memory, the workers
// that run their turns, the appender that makes their commits durable, and
// what recovers, confirms, snapshots and passivates them.
//
// A turn belongs to one goroutine at a time. It begins when mail arrives at an
// entity that has none, goes from the run queue to a worker, from there to
// the appender (or to activation), comes back to the run queue while there is mail, and ends.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// Config is what an Engine runs with. All fields but Snapshots are required.
type Config struct {
	Log           stores.Log
	Snapshots     stores.SnapshotStore // nil: none
	Logger        *slog.Logger
	Metrics       *Metrics
	Workers       int
	Recoveries    int           // entities read from the log at the same time
	IdleTimeout   time.Duration // negative: never passivate for idleness
	MemoryBytes   int64         // negative: no limit
	AppendTimeout time.Duration
}

// Engine runs entities. Its methods may be called by many goroutines.
type Engine struct {
	cfg   Config
	info  stores.Info
	types types
	queue runQueue
	slow  runQueue // of turns that take long
	held  hold

	lingering atomic.Int64 // workers with a call that takes long
	writing   atomic.Int64 // durable writes in flight

	clock    atomic.Uint32 // coarse, seconds
	deciding atomic.Int64  // turns on the run queue or with one of its workers
	turns    atomic.Int64  // turns anywhere
	resident atomic.Int64  // bytes of the entities in memory, roughly
	closing  atomic.Bool   // no new mail
	stopped  atomic.Bool   // nobody is left to run a turn

	appends    *appender
	unknown    resolver
	confirms   intake[*entity.Batch]
	activates  intake[*entity.Entity]
	snapshots  intake[snapshotJob]
	recoveries recoveries
	outage     outage
	quarantine quarantine
	crowded    chan struct{} // the sweeper should make room

	ctx    context.Context // ends when the engine stops
	cancel context.CancelFunc
	wg     sync.WaitGroup // all goroutines
}

// New starts an engine. Close stops it.
func New(cfg Config) *Engine {
	g := &Engine{cfg: cfg, info: cfg.Log.Info(), crowded: make(chan struct{}, 1)}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	g.queue.init()
	g.slow.init()
	g.confirms.init()
	g.activates.init()
	g.snapshots.init()
	g.unknown.init()
	g.appends = newAppender(max(1, g.info.Concurrency))
	g.clock.Store(uint32(time.Now().Unix()))
	g.types.init()
	for range cfg.Workers {
		g.start(func() { g.work(newWorker(g, false), &g.queue, cfg.Workers, popSize) })
	}
	for range max(1, cfg.Workers-1) {
		g.start(func() { g.work(newWorker(g, true), &g.slow, 1, 1) })
	}
	for range g.appends.concurrency + 1 {
		g.start(g.append)
	}
	g.start(g.resolve)
	g.start(g.confirm)
	g.start(g.activate)
	g.start(g.saveSnapshots)
	g.start(g.sweep)
	return g
}

func (g *Engine) start(f func()) {
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		f()
	}()
}

// push puts an entity that has a turn on the run queue, or where else it must go.
func (g *Engine) push(e *entity.Entity) {
	if g.divert(e) {
		return
	}
	g.deciding.Add(1)
	g.queue.push(task{typ: typeOf(e), entity: e})
}

// endTurn gives the turn back, or puts the entity on the run queue again when
// it has mail.
func (g *Engine) endTurn(e *entity.Entity) {
	if e.Yield() {
		g.push(e)
		return
	}
	g.turns.Add(-1)
}

// resize accounts for the memory of an entity whose turn it is.
func (g *Engine) resize(e *entity.Entity) {
	if d := e.Resize(); d != 0 {
		n := g.resident.Add(d)
		if d > 0 && g.cfg.MemoryBytes >= 0 && n > g.cfg.MemoryBytes {
			select {
			case g.crowded <- struct{}{}:
			default:
			}
		}
	}
}

// Close stops the engine: mail is refused, batches that were taken are
// finished and unknown outcomes resolved until ctx ends, snapshots are saved
// for a moment longer. It returns ctx's error when callers had to be told
// that the outcome is unknown.
func (g *Engine) Close(ctx context.Context) error {
	if g.closing.Swap(true) {
		g.wg.Wait()
		return nil
	}
	for _, e := range g.held.close() {
		g.push(e)
	}
	err := g.drain(ctx)
	if err != nil {
		g.unknown.giveUp(fmt.Errorf("%w: the host was shut down before the log answered", entity.ErrOutcomeUnknown))
	}
	g.snapshots.drain(snapshotGrace)
	g.stopped.Store(true)
	g.cancel()
	g.queue.close()
	g.slow.close()
	g.appends.close()
	g.confirms.close()
	g.activates.close()
	g.snapshots.close()
	g.wg.Wait()
	g.types.each(func(e *entity.Entity) { e.FailMail(entity.ErrClosed) })
	return err
}

// drain waits until no entity has a turn.
func (g *Engine) drain(ctx context.Context) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for g.turns.Load() > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// unavailable words a store's failure for a caller: nothing happened.
func unavailable(op string, id stores.EntityID, err error) error {
	if err == nil {
		err = stores.ErrUnavailable
	}
	return fmt.Errorf("%s %s: %w: %w", op, id, entity.ErrUnavailable, err)
}

// broken reports whether reading failed because of what is stored, so that
// trying again cannot help.
func broken(err error) bool {
	var f *entity.Fault
	return errors.Is(err, stores.ErrCorrupt) || errors.Is(err, stores.ErrFormat) || errors.As(err, &f)
}
