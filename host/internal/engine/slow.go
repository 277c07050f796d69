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
// handlers are pure, so it can be made again from the start by a slow worker. Slow turns
// break off in turn for those that are less slow, so that what is slow now and then, or was only held up, does not wait for
// what always is.

// allowance is what the worker's guest calls may do. One that waited for an instance would be held by who has them.
func (w *worker) allowance() entity.Allowance { return entity.Allowance{Pause: w.asked, Wait: w.slow} }

// pause decides in the middle of a guest call whether it goes on. What counts is how long the guest ran, not
// how much time passed: that others had the processor is not its fault.
func (w *worker) pause(_ int64, ran time.Duration) error {
	if w.g.ctx.Err() != nil {
		return entity.ErrInterrupted
	}
	if ran < w.ran { // of another call than before
		w.before += w.ran
		w.ran = 0
	}
	slice := ran - w.ran
	w.ran = ran
	if w.slow {
		w.stepBack(slice)
		if w.makesWay() {
			return w.interrupt()
		}
		return nil
	}
	if ran == 0 { // the calls' slices are short, so that the first one, at whose end it is asked first, counts for nothing
		return nil
	}
	w.giveWay()
	now := time.Now()
	if w.all() < entity.QuickTime && !w.typ.wasted.much(now) && w.linger() {
		return nil
	}
	w.typ.wasted.add(now, w.all())
	return w.interrupt()
}

// all is how long guest calls ran for the task at hand.
func (w *worker) all() time.Duration { return w.before + w.ran }

func (w *worker) interrupt() error {
	w.g.cfg.Metrics.Interruptions.Add(1)
	return entity.ErrInterrupted
}

// went is the pace of what the worker did last. What was broken off is not quick.
func (w *worker) went(interrupted bool) entity.Pace {
	if p := entity.PaceOf(w.all()); p > entity.Quick || !interrupted {
		return p
	}
	return entity.Slow
}

// makesWay reports whether a slow worker breaks its call off for others: what turns out to take longer than it
// was thought to, for what is as slow; and what runs out of fuel again and again for all that does not, at once.
func (w *worker) makesWay() bool {
	switch w.pace {
	case entity.Slow:
		return w.all() > entity.SlowTime && w.g.slow.waits(entity.VerySlow)
	case entity.Spent:
		return w.g.slow.waits(entity.VerySlow)
	}
	return false
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

// stepBack lets a slow worker rest after a slice that ran so long while ordinary turns are on their way. The
// processors are not enough for both: without it, a slow turn takes a whole one from them for as long as it lasts.
func (w *worker) stepBack(ran time.Duration) {
	if ran == 0 {
		ran = time.Millisecond // the first slice, of about that
	}
	if w.g.Busy() {
		time.Sleep(min(restFor*ran, longestRest))
	}
}

// Busy reports whether ordinary turns are on their way at the moment.
func (g *Engine) Busy() bool { return g.deciding.Load() > 0 || g.writing.Load() > 0 }

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
	bind := t.typ.Binding()
	if t.pace = e.Pace(bind); e.HasStarved() {
		if p := e.Pause(bind, time.Now()); p > 0 && g.held.add(e, p, func() { g.slow.push(slower(t)) }) {
			return true
		}
	}
	if t.pace > entity.Quick {
		g.slow.push(t)
		return true
	}
	return false
}

// slower is the task as one of those that are slow.
func slower(t task) task {
	t.pace = max(t.pace, entity.Slow)
	return t
}

// fold has a chunk folded.
func (g *Engine) fold(typ *Type, c *entity.Chunk) {
	if t := (task{typ: typ, chunk: c, pace: c.Recovery.Pace()}); t.pace > entity.Quick {
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
