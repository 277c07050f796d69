package engine

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
)

// popSize is how many tasks a worker takes from the run queue at once.
const popSize = 16

// batches are reused: a batch holds no bytes of anybody once it is settled.
var batches = sync.Pool{New: func() any { return entity.NewBatch() }}

func putBatch(b *entity.Batch) {
	b.Reset()
	batches.Put(b)
}

// worker runs turns, and folds chunks. It never blocks on I/O.
type worker struct {
	g       *Engine
	decider entity.Decider
	commits []*entity.Batch // to be appended

	// What there is to measure of the tasks at hand, so that the
	// counters that all workers share are touched once for all of them.
	commands, nanos observations
}

func (g *Engine) work() {
	w := &worker{g: g}
	buf := make([]task, 0, popSize)
	for {
		tasks := g.queue.pop(buf, g.cfg.Workers)
		if tasks == nil {
			return
		}
		w.run(tasks)
		clear(tasks)
	}
}

// run does tasks of one type.
func (w *worker) run(tasks []task) {
	g := w.g
	bind := tasks[0].typ.acquire()
	defer bind.Release()
	entities := 0
	for _, t := range tasks {
		if t.chunk == nil {
			t.entity.Touch()
			entities++
		}
	}
	now := time.Now()
	for _, t := range tasks {
		if t.chunk != nil {
			n := t.chunk.Events()
			err := t.chunk.Recovery.Fold(t.chunk)
			start := now
			now = time.Now()
			g.cfg.Metrics.folded(n, now.Sub(start))
			t.chunk.Done <- err
			continue
		}
		var b *entity.Batch
		if b, now = w.turn(t, bind, now); b != nil {
			w.commits = append(w.commits, b)
		}
	}
	g.cfg.Metrics.BatchCommands.add(&w.commands)
	g.cfg.Metrics.DecideSeconds.add(&w.nanos)
	g.appends.submit(w.commits)
	clear(w.commits)
	w.commits = w.commits[:0]
	g.deciding.Add(-int64(entities))
}

// turn runs an entity: it is activated if need be; else its mail is taken and
// decided. It returns the batch if there is something to append, and what time it is then.
func (w *worker) turn(t task, bind *entity.Binding, now time.Time) (*entity.Batch, time.Time) {
	g, e := w.g, t.entity
	if g.closing.Load() {
		e.FailMail(entity.ErrClosed)
		g.endTurn(e)
		return nil, now
	}
	if q := e.Quarantined(bind, now); q != nil {
		e.FailMail(q)
		g.endTurn(e)
		return nil, now
	}
	if !e.Ready(bind) {
		g.activates.add(e)
		return nil, now
	}
	b := batches.Get().(*entity.Batch)
	if !b.Take(e, now) {
		putBatch(b)
		g.endTurn(e)
		return nil, now
	}
	b.Bind = bind
	if n := b.Commands(); n > 0 {
		w.decider.Decide(b)
		start := now
		now = time.Now()
		w.commands.observe(g.cfg.Metrics.BatchCommands, uint64(n))
		w.nanos.observe(g.cfg.Metrics.DecideSeconds, uint64(now.Sub(start)))
		b.Faults(func(command string, f *entity.Fault) {
			g.logFault(e, command, f)
			now = time.Now() // a log may be slow, and the next decision begins after it
		})
	}
	b.AnswerEarly()
	switch {
	case b.Stores():
		return b, now
	case b.Settled():
		t.typ.count(b)
		g.settledAlone(b)
	default:
		g.confirms.add(b)
	}
	return nil, now
}

// logFault logs a plugin's failure once. What a client's bad input caused is
// for debugging only.
func (g *Engine) logFault(e *entity.Entity, command string, f *entity.Fault) {
	level := slog.LevelError
	if f.Kind == entity.UnknownCommand || f.Kind == entity.BadPayload {
		level = slog.LevelDebug
	}
	id := e.ID()
	attrs := []any{"type", id.Type, "id", id.ID, "command", command, "seq", e.Seq(), "kind", f.Kind.String(), "message", f.Message}
	var cause error = f
	if f.Err != nil {
		cause = f.Err
	}
	if !errors.Is(cause, f) {
		attrs = append(attrs, "cause", cause.Error())
	}
	g.cfg.Logger.With("plugin", f.Plugin.String()).Log(g.ctx, level, "command failed in its plugin", attrs...)
}
