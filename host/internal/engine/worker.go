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
var batches = sync.Pool{New: func() any { return new(entity.Batch) }}

func putBatch(b *entity.Batch) {
	b.Reset()
	batches.Put(b)
}

// work is one worker: it runs turns, and folds chunks. It never blocks on I/O.
func (g *Engine) work() {
	buf := make([]task, 0, popSize)
	var commits []*entity.Batch
	for {
		tasks := g.queue.pop(buf, g.cfg.Workers)
		if tasks == nil {
			return
		}
		for _, t := range tasks {
			if t.chunk != nil {
				n := t.chunk.Events()
				start := time.Now()
				err := t.chunk.Recovery.Fold(t.chunk)
				g.cfg.Metrics.folded(n, time.Since(start))
				t.chunk.Done <- err
				continue
			}
			if b := g.turn(t.entity); b != nil {
				commits = append(commits, b)
			}
		}
		g.appends.submit(commits)
		clear(commits)
		commits = commits[:0]
		entities := 0
		for _, t := range tasks {
			if t.chunk == nil {
				entities++
			}
		}
		g.deciding.Add(-int64(entities))
		clear(tasks)
	}
}

// turn runs an entity: it is activated if need be; else its mail is taken and
// decided. It returns the batch if there is something to append.
func (g *Engine) turn(e *entity.Entity) *entity.Batch {
	if g.closing.Load() {
		e.FailMail(entity.ErrClosed)
		g.endTurn(e)
		return nil
	}
	t := typeOf(e)
	bind := t.acquire()
	defer bind.Release()
	now := time.Now()
	if q := e.Quarantined(bind, now); q != nil {
		e.FailMail(q)
		g.endTurn(e)
		return nil
	}
	if !e.Ready(bind) {
		g.activates.add(e)
		return nil
	}
	b := batches.Get().(*entity.Batch)
	if !b.Take(e, now) {
		putBatch(b)
		g.endTurn(e)
		return nil
	}
	b.Bind = bind
	if n := b.Commands(); n > 0 {
		b.Decide()
		g.cfg.Metrics.decided(n, time.Since(now))
		b.Faults(func(command string, f *entity.Fault) { g.logFault(e, command, f) })
	}
	b.AnswerEarly()
	switch {
	case b.Stores():
		return b
	case b.Settled():
		t.count(b)
		if g.settled(b) {
			g.push(e)
		}
	default:
		g.confirms.add(b)
	}
	return nil
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
