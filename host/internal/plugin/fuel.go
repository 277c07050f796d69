package plugin

import (
	"fmt"
	"runtime"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/eshost/eshost/host/internal/meter"
)

// A guest call runs in slices. At the end of each one the guest comes back to
// Go, which can collect garbage and run other goroutines meanwhile, and which decides
// whether the guest goes on.
const (
	bytesPerFuel = 16 // for what the host does for the guest, as for the guest's own work on memory

	firstSlice = 500_000   // fuel of a new instance's slices, until it is known how long they take
	leastSlice = 10_000    // even where every instruction waits for memory
	mostSlice  = 1_000_000 // even where they cost next to nothing: what follows may wait for memory all the time
	sliceTime  = 2 * time.Millisecond
)

// Allowance is what one guest call may use. Its zero value is Options.Fuel.
type Allowance struct {
	// Fuel is the number of instructions at most, as package meter counts them; 0: Options.Fuel.
	Fuel int64
	// Pause, if it is not nil, is called at the end of each slice, at least about every
	// 2 ms, with the fuel used so far, and with how long the guest ran for it on a processor, where the system
	// tells (else how long it took), without the first slice. Its error stops the guest: it is the cause of the
	// [*CallError], beside [ErrStopped].
	Pause func(used int64, ran time.Duration) error
}

// tank is the fuel of one instance. What is left of a slice at the end of a call
// is used by the next one, so that a call which is short asks the guest's counter for its value and
// nothing else.
type tank struct {
	counter api.MutableGlobal // in the guest; nil while it is instantiated
	left    int64             // in the counter, as of the end of the last call
	given   int64             // to this call: what was left, and what refuels added
	limit   int64             // of this call
	used    int64             // by the last call
	owed    int64             // for work of the host's while there is no counter
	slice   int64
	since   time.Time     // when the running slice began; zero: with the call
	clock   time.Duration // the thread's own, at that time
	ran     time.Duration // this call, in slices that are over, without the first one
	yielded time.Time     // when others could run last
	pause   func(used int64, ran time.Duration) error
}

// begin begins a call.
func (t *tank) begin(a *Allowance) {
	t.limit, t.pause, t.since, t.owed = a.Fuel, a.Pause, time.Time{}, 0
	t.ran = 0
	t.slice = min(t.slice, firstSlice) // another call may do other work
	if most := min(t.limit, firstSlice); t.left > most {
		t.left = most
		t.counter.Set(uint64(t.left))
	}
	t.given = t.left
}

// end ends a call and notes what it used.
func (t *tank) end() {
	if t.counter != nil {
		t.left = int64(t.counter.Get())
		t.used = t.given - t.left
	}
}

// spend takes the fuel for work that the host does for the guest: size bytes of it.
func (t *tank) spend(size int) {
	if t.counter == nil {
		t.owed += int64(size / bytesPerFuel)
		return
	}
	t.counter.Set(t.counter.Get() - uint64(size/bytesPerFuel))
}

// refuel is what the guest calls at the end of a slice, when left, below zero, is in its counter. It
// gives the next slice, or panics with why there is none.
func (t *tank) refuel(left int64) int64 {
	t.used = t.given - left + t.owed
	if t.used >= t.limit {
		panic(fmt.Errorf("%w: it used %d of %d", ErrOutOfFuel, t.used, t.limit))
	}
	now := time.Now()
	if t.since.IsZero() {
		t.yielded = now // the slice is mostly that of earlier calls, which are short
	} else {
		took := now.Sub(t.since)
		t.adapt(took)
		t.ran += threadRan(t.clock, took)
		if now.Sub(t.yielded) >= sliceTime/2 {
			runtime.Gosched()
			t.yielded = time.Now()
		}
	}
	if t.pause != nil {
		if err := t.pause(t.used, t.ran); err != nil {
			panic(fmt.Errorf("%w after %d units of fuel: %w", ErrStopped, t.used, err))
		}
	}
	t.since, t.clock = time.Now(), threadClock()
	next := min(t.slice, t.limit-t.used)
	t.given, t.owed = t.used+next, 0
	return next
}

// meterFuncs is what metered modules import.
var meterFuncs = []hostFunc{
	{meter.ImportRefuel, []api.ValueType{i64}, []api.ValueType{i64}, func(in *Instance, _ api.Memory, stack []uint64) {
		stack[0] = uint64(in.tank.refuel(int64(stack[0])))
	}},
}

// adapt makes the next slice take about sliceTime, as far as the last one tells.
func (t *tank) adapt(took time.Duration) {
	next := t.slice * 2
	if took > sliceTime/2 {
		next = max(t.slice/8, int64(float64(t.slice)*float64(sliceTime)/float64(took)))
	}
	t.slice = min(max(next, leastSlice), mostSlice)
}
