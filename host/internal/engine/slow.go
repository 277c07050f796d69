package engine

import (
	"math"
	"sync"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
)

// A turn is slow if its guest call takes long, or is likely to. Slow turns have a
// queue and workers of their own, one less than there are others (and at least one): so ordinary turns
// always have workers. One that finds out in the middle of a call breaks it off:
// handlers are pure, so it can be made again from the start by a slow worker.

// patience is how long a worker lets a guest call run before it leaves it to a slow worker. A batch is
// made to take half of it.
const patience = 2 * entity.LongTime

// allowance is what the worker's guest calls may do. One that waited for an instance would be held by who has them.
func (w *worker) allowance() entity.Allowance { return entity.Allowance{Pause: w.asked, Wait: w.slow} }

// pause decides in the middle of a guest call whether it goes on. The calls'
// slices are short, so that the first one, at whose end it is asked first, counts for nothing.
func (w *worker) pause(int64) error {
	if w.g.ctx.Err() != nil {
		return entity.ErrInterrupted
	}
	now := time.Now()
	if w.slow {
		w.stepBack(now)
		return nil
	}
	if w.paused.IsZero() {
		w.paused = now
		return nil
	}
	w.giveWay()
	if now.Sub(w.paused) < patience && !w.typ.wasted.much(now) && w.linger() {
		return nil
	}
	w.typ.wasted.add(now, now.Sub(w.paused))
	w.g.cfg.Metrics.Interruptions.Add(1)
	return entity.ErrInterrupted
}

// waste is how long workers were held of late by calls of a type that were then broken off.
// A flood of entities that are new, and so not known to be slow, would hold a worker for each.
type waste struct {
	mu   sync.Mutex
	time time.Duration // it halves each second
	last time.Time
}

// tolerated is how much of it there may be until each call of the type is broken off after its first slice.
const tolerated = 100 * time.Millisecond

func (s *waste) add(now time.Time, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fade(now)
	s.time += d
}

func (s *waste) much(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fade(now)
	return s.time > tolerated
}

func (s *waste) fade(now time.Time) {
	s.time = time.Duration(float64(s.time) * math.Exp2(-now.Sub(s.last).Seconds()))
	s.last = now
}

// linger reports whether the worker may go on with a call that takes long:
// all workers but one may, at the same time (and where there is one alone, it may).
func (w *worker) linger() bool {
	if !w.lingers && w.g.lingering.Add(1) >= int64(max(2, w.g.cfg.Workers)) {
		w.g.lingering.Add(-1)
		return false
	}
	w.lingers = true
	return true
}

// called ends what a guest call began.
func (w *worker) called() {
	w.paused = time.Time{}
	if w.lingers {
		w.lingers = false
		w.g.lingering.Add(-1)
	}
}

// Shares of a processor that a slow worker takes while others are busy.
const (
	restFor     = 3 // times as long as it ran
	longestRest = 20 * time.Millisecond
)

// stepBack lets a slow worker rest after a slice while ordinary turns are on their way. The
// processors are not enough for both: without it, a slow turn takes a whole one from them for as long as it lasts.
func (w *worker) stepBack(now time.Time) {
	ran := now.Sub(w.paused)
	if w.paused.IsZero() {
		ran = time.Millisecond // the first slice, of about that
	}
	if w.g.deciding.Load() > 0 || w.g.writing.Load() > 0 {
		time.Sleep(min(restFor*ran, longestRest))
	}
	w.paused = time.Now()
}

// giveWay lets others go on with what this worker has beside a call that takes long.
func (w *worker) giveWay() {
	w.submit()
	w.g.queue.push(w.rest...)
	w.rest = nil
}

// divert takes care of an entity whose turn is not for the run queue: it must wait
// first, or is slow. It reports whether that is so.
func (g *Engine) divert(e *entity.Entity) bool {
	t := task{typ: typeOf(e), entity: e}
	if e.HasStarved() {
		if p := e.Pause(t.typ.Binding(), time.Now()); p > 0 && g.held.add(e, p, func() { g.slow.push(t) }) {
			return true
		}
	}
	if e.Slow() {
		g.slow.push(t)
		return true
	}
	return false
}

// fold has a chunk folded.
func (g *Engine) fold(typ *Type, c *entity.Chunk) {
	if t := (task{typ: typ, chunk: c}); c.Recovery.Slow() {
		g.slow.push(t)
	} else {
		g.queue.push(t)
	}
}

// hold are the entities that wait until they may have a turn again, since they ran out of fuel.
type hold struct {
	mu     sync.Mutex
	timers map[*entity.Entity]*time.Timer
	closed bool
}

// add lets an entity wait. It reports false once the engine is being closed: then nobody waits.
func (h *hold) add(e *entity.Entity, pause time.Duration, then func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	if h.timers == nil {
		h.timers = make(map[*entity.Entity]*time.Timer)
	}
	h.timers[e] = time.AfterFunc(pause, func() {
		if h.remove(e) {
			then()
		}
	})
	return true
}

func (h *hold) remove(e *entity.Entity) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, waits := h.timers[e]
	delete(h.timers, e)
	return waits
}

// count is how many entities wait.
func (h *hold) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.timers)
}

// close ends all waiting, and returns who waited.
func (h *hold) close() []*entity.Entity {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	var all []*entity.Entity
	for e, timer := range h.timers {
		timer.Stop()
		all = append(all, e)
	}
	h.timers = nil
	return all
}
