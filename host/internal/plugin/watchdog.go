package plugin

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// ExitStuck is the exit code of a process that a guest call got stuck in
// (EX_SOFTWARE).
const ExitStuck = 70

// Stuck is a guest call that does not return.
type Stuck struct {
	Plugin [32]byte // digest
	Name   string   // the plugin for people: the beginning of its digest, and its types once it is loaded
	Func   string   // the export that was called
	After  time.Duration
}

// String says what happened and what to do, in one line.
func (s Stuck) String() string {
	return "eshost: " + s.Name + ": " + s.Func + stuckText(s.After)
}

func stuckText(after time.Duration) string {
	return fmt.Sprintf(" has not returned for %v, and a guest call cannot be stopped, so the process ends (exit code %d). "+
		"Nothing that was acknowledged is lost. Look for an endless loop in the handler, or allow guest calls more time", after, ExitStuck)
}

// watchTicks is how many ticks of the watchdog make the timeout. A call is
// measured in ticks that the watchdog really saw, so that a process that was
// suspended for a while does not take a call for stuck.
const watchTicks = 16

// slot is where the watchdog sees one instance. Slots are never freed, so that
// they can be looked at without a lock.
type slot struct {
	watch  *watchdog
	plugin atomic.Pointer[Plugin]
	// call is 0, or the tick at which the guest was called, shifted by 8, and
	// which function.
	call     atomic.Uint64
	reported uint64 // call as it was when it was reported; the watchdog's
	_        [32]byte
}

func (s *slot) begin(call uint32) { s.call.Store(s.watch.tick.Load()<<8 | uint64(call)) }
func (s *slot) end()              { s.call.Store(0) }

// slotBlock is a link of the list of all slots.
type slotBlock struct {
	slots [64]slot
	next  atomic.Pointer[slotBlock]
}

// watchdog reports guest calls that take too long.
type watchdog struct {
	timeout time.Duration
	onStuck func(Stuck)
	tick    atomic.Uint64 // at least 1
	first   slotBlock

	mu   sync.Mutex
	free []*slot
	last *slotBlock

	done chan struct{}
	wait sync.WaitGroup
	held heldUp
}

func startWatchdog(timeout time.Duration, onStuck func(Stuck)) *watchdog {
	w := &watchdog{timeout: timeout, onStuck: onStuck, done: make(chan struct{})}
	w.tick.Store(1)
	w.last = &w.first
	w.addFree(w.last)
	w.wait.Go(w.run)
	w.startHeldUp()
	return w
}

func (w *watchdog) addFree(b *slotBlock) {
	for i := range b.slots {
		b.slots[i].watch = w
		w.free = append(w.free, &b.slots[i])
	}
}

// acquire gives a slot to an instance of p.
func (w *watchdog) acquire(p *Plugin) *slot {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.free) == 0 {
		b := new(slotBlock)
		w.addFree(b)
		w.last.next.Store(b)
		w.last = b
	}
	s := w.free[len(w.free)-1]
	w.free = w.free[:len(w.free)-1]
	s.plugin.Store(p)
	return s
}

// release takes a slot back.
func (w *watchdog) release(s *slot) {
	s.end()
	s.plugin.Store(nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.free = append(w.free, s)
}

// stop ends the watchdog and waits for it.
func (w *watchdog) stop() {
	close(w.done)
	w.stopHeldUp()
	w.wait.Wait()
}

// period is the time from one tick to the next.
func (w *watchdog) period() time.Duration { return max(w.timeout/watchTicks, time.Millisecond) }

func (w *watchdog) run() {
	ticker := time.NewTicker(w.period())
	defer ticker.Stop()
	for {
		select {
		case <-w.done:
			return
		case <-ticker.C:
			w.look(w.tick.Add(1))
		}
	}
}

// look reports what is stuck as of a tick.
func (w *watchdog) look(now uint64) {
	for b := &w.first; b != nil; b = b.next.Load() {
		for i := range b.slots {
			s := &b.slots[i]
			call := s.call.Load()
			// More than watchTicks: the first one was not whole.
			if call == 0 || call == s.reported || now-call>>8 <= watchTicks {
				continue
			}
			p := s.plugin.Load()
			if p == nil || s.call.Load() != call {
				continue
			}
			s.reported = call
			w.onStuck(Stuck{Plugin: p.digest, Name: *p.name.Load(), Func: callNames[call&0xff], After: w.timeout})
		}
	}
}
