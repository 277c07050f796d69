package entity

import (
	"sync/atomic"
	"time"
)

// Gauge is what one command of a type took lately, about. Batches are made so
// large that they stay short. All methods may be called by many goroutines,
// and of a nil Gauge, which knows nothing.
type Gauge struct{ fuel, nanos atomic.Int64 }

// LongTime is how long a batch, or the folding of a chunk, should take at most.
const LongTime = 5 * time.Millisecond

// Note notes what deciding a batch took, all of which was decided: what a command took that ran out of fuel
// tells nothing of the others.
func (g *Gauge) Note(commands int, used int64, took time.Duration) {
	if g != nil {
		approach(&g.fuel, used/int64(commands))
		approach(&g.nanos, int64(took)/int64(commands))
	}
}

// approach goes a quarter of the way to what was measured, unless it is near:
// all workers share the value, and mostly it is only read.
func approach(v *atomic.Int64, measured int64) {
	old := v.Load()
	measured = min(measured, 2*old+int64(time.Millisecond)) // one that is far off tells little of the next
	if d := measured - old; d > old/8 || -d > old/8 {
		v.Store(max(old+d/4, 1))
	}
}

// commands is how many commands a batch of the type should have at most.
func (g *Gauge) commands(t *Type) int {
	if g == nil {
		return t.BatchSize
	}
	n := int64(t.BatchSize)
	if fuel := g.fuel.Load(); fuel > 0 && t.BatchFuel > 0 {
		n = min(n, t.BatchFuel/2/fuel)
	}
	if nanos := g.nanos.Load(); nanos > 0 {
		n = min(n, int64(LongTime)/nanos)
	}
	return int(max(n, 1))
}

// fuel is what a call may use that decides n commands, or folds n events; 0: whatever a call may.
func (t *Type) fuel(n int) int64 { return min(t.BatchFuel, int64(n)*t.CommandFuel) }
