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
	slow    bool // it runs those that take long
	decider entity.Decider
	typ     *Type                                     // of the tasks at hand
	rest    []task                                    // that it has still to run
	commits []*entity.Batch                           // to be appended
	pace    entity.Pace                               // as it was expected of the task at hand
	before  time.Duration                             // that guest calls ran which were made for it, without the last one
	ran     time.Duration                             // that the last one ran
	asked   func(used int64, ran time.Duration) error // is pause
	lingers bool                                      // with the call at hand

	// What there is to measure of the tasks at hand, so that the
	// counters that all workers share are touched once for all of them.
	commands, nanos, fuel observations
}

func newWorker(g *Engine, slow bool) *worker {
	w := &worker{g: g, slow: slow}
	w.asked = w.pause
	return w
}

// work has a worker run what is in a queue, which it shares with so many others, up to size tasks at once.
func (g *Engine) work(w *worker, q *runQueue, workers, size int) {
	buf := make([]task, 0, size)
	for {
		tasks := q.pop(buf, workers)
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
	w.typ = tasks[0].typ
	bind := w.typ.acquire()
	defer bind.Release()
	for _, t := range tasks {
		if t.chunk == nil {
			t.entity.Touch()
		}
	}
	entities, now := 0, time.Now()
	for w.rest = tasks; len(w.rest) > 0; {
		t := w.rest[0]
		w.rest = w.rest[1:]
		w.pace, w.before, w.ran = t.pace, 0, 0
		if t.chunk != nil {
			now = w.fold(t, now)
			w.called()
			continue
		}
		entities++
		var b *entity.Batch
		if b, now = w.turn(t, bind, now); b != nil {
			w.commits = append(w.commits, b)
		}
		w.called()
	}
	g.cfg.Metrics.BatchCommands.add(&w.commands)
	g.cfg.Metrics.DecideSeconds.add(&w.nanos)
	g.cfg.Metrics.CommandFuel.add(&w.fuel)
	w.submit()
	if !w.slow {
		g.deciding.Add(-int64(entities))
	}
}

// submit hands what was decided to the appender.
func (w *worker) submit() {
	w.g.appends.submit(w.commits)
	clear(w.commits)
	w.commits = w.commits[:0]
}

// fold folds a chunk, and returns what time it is then.
func (w *worker) fold(t task, start time.Time) time.Time {
	n := t.chunk.Events()
	err := t.chunk.Recovery.Fold(t.chunk, w.allowance())
	now := time.Now()
	interrupted := errors.Is(err, entity.ErrInterrupted)
	t.chunk.Recovery.Went(w.went(interrupted))
	if interrupted && w.g.ctx.Err() == nil {
		w.g.fold(t.typ, t.chunk)
		return now
	}
	w.g.cfg.Metrics.folded(n, now.Sub(start))
	t.chunk.Done <- err
	return now
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
		err := w.decider.Decide(b, w.allowance())
		start := now
		now = time.Now()
		took := now.Sub(start)
		if err != nil { // all goes back into the mailbox, and a slow worker begins anew
			e.Went(w.went(true))
			b.Retake()
			putBatch(b)
			g.endTurn(e)
			return nil, now
		}
		n = b.Commands() // without those that were left for another turn
		e.Went(w.went(false))
		w.commands.observe(g.cfg.Metrics.BatchCommands, uint64(n))
		w.nanos.observe(g.cfg.Metrics.DecideSeconds, uint64(took))
		w.fuel.observe(g.cfg.Metrics.CommandFuel, uint64(b.Fuel())/uint64(n))
		starved := false
		b.Faults(func(command string, f *entity.Fault) {
			starved = starved || f.Kind == entity.OutOfFuel
			g.logFault(e, command, f)
			now = time.Now() // a log may be slow, and the next decision begins after it
		})
		if starved {
			e.Starved(bind, now)
		} else {
			e.Type().Gauge.Note(n, b.Fuel(), took)
		}
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
