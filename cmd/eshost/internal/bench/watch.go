package bench

import (
	"sync"
	"time"
)

// watchPause is the time between two reports of one phase.
const watchPause = 100 * time.Millisecond

// watch reports progress.
type watch struct {
	report func(Progress) // nil: nobody wants to know
	stop   func()         // the phase's reports; waits for the last
}

func newWatch(report func(Progress)) *watch { return &watch{report: report, stop: func() {}} }

// begin ends the phase before and begins one. done may be nil, and then only
// its beginning is reported; else it must be safe to call at any time.
func (w *watch) begin(phase string, total int64, done func() int64) {
	w.end()
	if w.report == nil {
		return
	}
	start := time.Now()
	w.report(Progress{Phase: phase, Total: total})
	if done == nil {
		return
	}
	quit := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(watchPause)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				w.report(Progress{Phase: phase, Done: done(), Total: total, Elapsed: time.Since(start)})
			case <-quit:
				w.report(Progress{Phase: phase, Done: done(), Total: total, Elapsed: time.Since(start)})
				return
			}
		}
	})
	w.stop = func() {
		close(quit)
		wg.Wait()
	}
}

// phase returns what begins a phase once it is known how to see what is done.
func (w *watch) phase(name string, total int64) func(done func() int64) {
	return func(done func() int64) { w.begin(name, total, done) }
}

// end ends the phase, and is idempotent.
func (w *watch) end() {
	w.stop()
	w.stop = func() {}
}
