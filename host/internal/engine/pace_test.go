package engine

import (
	"testing"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
)

func TestASlowCallIsBrokenOffForThoseThatAreNoSlower(t *testing.T) {
	const none = entity.Paces
	for _, c := range []struct {
		running entity.Pace
		ran     time.Duration
		waits   entity.Pace
		broken  bool
	}{
		{entity.Slow, entity.SlowTime / 2, entity.Slow, false},
		{entity.Slow, entity.SlowTime * 2, entity.Slow, true},
		{entity.Slow, entity.SlowTime * 2, entity.VerySlow, true},
		{entity.Slow, entity.SlowTime * 2, entity.Spent, false},
		{entity.Slow, entity.SlowTime * 2, none, false},
		{entity.VerySlow, time.Hour, entity.Slow, false}, // or it might never end
		{entity.Spent, time.Millisecond, entity.Slow, true},
		{entity.Spent, time.Millisecond, entity.VerySlow, true},
		{entity.Spent, time.Hour, entity.Spent, false},
		{entity.Spent, time.Hour, none, false},
	} {
		g := &Engine{}
		g.slow.init()
		if c.waits != none {
			g.slow.push(paced(c.waits, tasks(&Type{}, "a"))...)
		}
		w := newWorker(g, true)
		w.pace, w.ran = c.running, c.ran
		if got := w.makesWay(); got != c.broken {
			t.Errorf("pace %d after %v, while one of pace %d waits: broken off %v", c.running, c.ran, c.waits, got)
		}
	}
}

func TestPaces(t *testing.T) {
	for ran, want := range map[time.Duration]entity.Pace{0: entity.Quick, entity.QuickTime: entity.Quick, entity.QuickTime + 1: entity.Slow,
		entity.SlowTime: entity.Slow, entity.SlowTime + 1: entity.VerySlow} {
		if got := entity.PaceOf(ran); got != want {
			t.Errorf("what ran for %v has pace %d, want %d", ran, got, want)
		}
	}
	w := newWorker(&Engine{}, false)
	if w.went(false) != entity.Quick || w.went(true) != entity.Slow {
		t.Error("what was broken off is slow, however short it was")
	}
	w.before, w.ran = entity.SlowTime, time.Millisecond // of two calls of one turn
	if w.went(false) != entity.VerySlow {
		t.Error("the calls of a turn count together")
	}
}
