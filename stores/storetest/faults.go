package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// ErrInjected is in every error that a FaultyLog made up.
var ErrInjected = errors.New("injected fault")

// Fault is one way in which a call to a FaultyLog goes wrong.
type Fault uint8

const (
	// FaultNone: nothing goes wrong.
	FaultNone Fault = iota
	// FaultBefore: nothing is written, and the answer says so: Refused.
	FaultBefore
	// FaultAfter: the log decides, and the answer is lost: Unknown.
	FaultAfter
	// FaultLost: nothing is written, and nobody knows: Unknown.
	FaultLost
	// FaultLate: Unknown, and after a delay the log gets the commit.
	FaultLate
	// FaultAfterHead: Unknown, and the log gets the commit right after the caller has
	// been told the entity's head, or read its records, without it.
	FaultAfterHead
	// FaultDelay: the answer comes after a delay before or behind the write. When the
	// caller's context ends in it, Unknown.
	FaultDelay
	// FaultDisconnect: from this call on, all calls fail with ErrUnavailable for the
	// time of an outage. This one is FaultAfter or FaultLost.
	FaultDisconnect
	// FaultHold: the call stands still before the write until Release. When the
	// caller's context ends first, Unknown and nothing is written. Only by Next.
	FaultHold
	// FaultRead: a reading call fails, a sequence after some records. Only counted;
	// see Faults.Read and NextRead.
	FaultRead
	faultCount
)

// String returns the name of the fault.
func (f Fault) String() string {
	names := [faultCount]string{"none", "before", "after", "lost", "late", "after head", "delay", "disconnect", "hold", "read"}
	if f >= faultCount {
		return fmt.Sprintf("Fault(%d)", uint8(f))
	}
	return names[f]
}

// Faults says how often a FaultyLog fails and how, and controls it on the run.
// Its fields are set before [Faulty] is called and not changed after; its methods
// are for any goroutine. One Faults belongs to one log.
type Faults struct {
	// Seed repeats the draws, as far as the order of calls repeats. 0: another one
	// each time, and Faulty sets it, for the test to print.
	Seed uint64

	Before, After, Lost, Late, AfterHead float64 // chance of each commit, 0 to 1, in sum at most 1
	Delay, Disconnects                   float64 // chance of each Append
	Read                                 float64 // chance of each reading call, Wait and Head included

	MaxDelay time.Duration // of FaultDelay and FaultLate. 0: 2 ms
	Outage   time.Duration // of FaultDisconnect. 0: 10 ms

	mu       sync.Mutex
	r        *rand.Rand
	script   []Fault
	reads    []int
	stopped  bool
	injected [faultCount]int
	down     bool
	outages  int           // number of them, so that the end of one does not end the next
	lost     chan struct{} // closed while down
	held     int
	free     chan struct{} // closed by Release
	holding  *sync.Cond
}

func (f *Faults) start() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.Seed == 0 {
		f.Seed = rand.Uint64()
	}
	if f.MaxDelay <= 0 {
		f.MaxDelay = 2 * time.Millisecond
	}
	if f.Outage <= 0 {
		f.Outage = 10 * time.Millisecond
	}
	f.r = rand.New(rand.NewPCG(f.Seed, 0))
	f.ready()
}

// ready makes what a Faults needs that was not started yet. It is called with mu held.
func (f *Faults) ready() {
	if f.holding == nil {
		f.lost, f.free, f.holding = make(chan struct{}), make(chan struct{}), sync.NewCond(&f.mu)
	}
}

// Next gives the next calls of Append one fault each, for all the commits in
// the call, instead of chance. FaultNone lets a call pass.
func (f *Faults) Next(faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script = append(f.script, faults...)
}

// NextRead makes the next reading calls fail, each after so many records or
// entities where it yields them, and at once where it does not. A negative
// number lets a call pass.
func (f *Faults) NextRead(after ...int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads = append(f.reads, after...)
}

// Disconnect makes all calls fail with ErrUnavailable, those that wait too, until Reconnect.
func (f *Faults) Disconnect() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.disconnect()
}

// disconnect returns the number of the outage. It is called with mu held.
func (f *Faults) disconnect() int {
	f.ready()
	if !f.down {
		f.down = true
		close(f.lost)
	}
	f.outages++
	return f.outages
}

// Reconnect ends an outage.
func (f *Faults) Reconnect() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reconnect(f.outages)
}

// reconnect is called with mu held.
func (f *Faults) reconnect(outage int) {
	if f.down && f.outages == outage {
		f.down = false
		f.lost = make(chan struct{})
	}
}

// Stop ends all faults: no more by chance or by script, the log is connected, and what
// is held is released. Late writes are still due; see FaultyLog.Flush.
func (f *Faults) Stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped, f.script, f.reads = true, nil, nil
	f.reconnect(f.outages)
	f.release()
}

// AwaitHeld returns when n calls stand still for FaultHold, or ctx's error.
func (f *Faults) AwaitHeld(ctx context.Context, n int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ready()
	stop := context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.holding.Broadcast()
	})
	defer stop()
	for f.held < n {
		if err := ctx.Err(); err != nil {
			return err
		}
		f.holding.Wait()
	}
	return nil
}

// Release lets all calls go on that stand still for FaultHold.
func (f *Faults) Release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.release()
}

func (f *Faults) release() {
	f.ready()
	close(f.free)
	f.free = make(chan struct{})
}

// Injected returns how often the fault has happened: FaultDelay, FaultDisconnect,
// FaultHold and FaultRead by calls, the others by commits. A test that relies on a
// fault checks that there was one.
func (f *Faults) Injected(fault Fault) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.injected[fault]
}
