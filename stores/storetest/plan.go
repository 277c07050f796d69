package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/eshost/eshost/stores"
)

// hold stands still until Release.
func (f *Faults) hold(ctx context.Context) error {
	f.mu.Lock()
	free := f.free
	f.held++
	f.holding.Broadcast()
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.held--
		f.mu.Unlock()
	}()
	select {
	case <-free:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// connected returns the error of a call in an outage.
func (f *Faults) connected() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return errDown
	}
	return nil
}

var errDown = fmt.Errorf("%w: disconnected: %w", ErrInjected, stores.ErrUnavailable)

// plan is what goes wrong in one Append.
type plan struct {
	commits       []Fault // of each
	hold          bool
	before, after time.Duration // delays
}

// plan draws what goes wrong in an append of n commits. The connection may be
// lost by it.
func (f *Faults) plan(n int) plan {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := plan{commits: make([]Fault, n)}
	if f.stopped {
		return p
	}
	all, call := FaultNone, FaultNone
	scripted := len(f.script) > 0
	if scripted {
		all, f.script = f.script[0], f.script[1:]
		if all >= FaultDelay {
			all, call = FaultNone, all
		}
	} else if f.r.Float64() < f.Disconnects {
		call = FaultDisconnect
	} else if f.r.Float64() < f.Delay {
		call = FaultDelay
	}
	f.injected[call]++
	switch call {
	case FaultDelay:
		if d := f.delay(); f.r.IntN(2) == 0 {
			p.before = d
		} else {
			p.after = d
		}
	case FaultHold:
		p.hold = true
	case FaultDisconnect:
		outage := f.disconnect()
		time.AfterFunc(f.Outage, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.reconnect(outage)
		})
	}
	for i := range p.commits {
		switch {
		case call == FaultDisconnect:
			p.commits[i] = []Fault{FaultAfter, FaultLost}[f.r.IntN(2)]
		case scripted:
			p.commits[i] = all
		default:
			p.commits[i] = f.draw()
		}
		f.injected[p.commits[i]]++
	}
	return p
}

// draw draws the fault of one commit.
func (f *Faults) draw() Fault {
	x := f.r.Float64()
	for _, c := range []struct {
		fault  Fault
		chance float64
	}{{FaultBefore, f.Before}, {FaultAfter, f.After}, {FaultLost, f.Lost}, {FaultLate, f.Late}, {FaultAfterHead, f.AfterHead}} {
		if x -= c.chance; x < 0 {
			return c.fault
		}
	}
	return FaultNone
}

// delay draws a delay. It is called with mu held.
func (f *Faults) delay() time.Duration { return time.Duration(f.r.Int64N(int64(f.MaxDelay)) + 1) }

// lateBy draws the delay of a late write.
func (f *Faults) lateBy() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.delay()
}

// read returns after how many records a reading call fails; negative: it does not.
func (f *Faults) read() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	after := -1
	switch {
	case f.stopped:
	case len(f.reads) > 0:
		after, f.reads = f.reads[0], f.reads[1:]
	case f.r.Float64() < f.Read:
		after = f.r.IntN(4)
	}
	if after >= 0 {
		f.injected[FaultRead]++
	}
	return after
}
