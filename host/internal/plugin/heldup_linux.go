package plugin

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// A guest call cannot be preempted. When the garbage collector wants to stop
// the world it waits for the call, and all goroutines wait for the collector:
// also the one of the watchdog. So a second watch does not need the scheduler.
// It stays inside of one system call as far as Go's runtime can tell, which
// neither waits for it nor stops it, and there it compares the ticks of the
// watchdog with its own. If they stop while a guest is being called, it ends
// the process.
//
// Inside, there is no Go as usual: no allocation, no lock, no growth of the
// stack, no call that the race detector or a check would add. Both functions of
// the runtime are among those that its authors keep for such uses.

//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// heldUpTicks is how many ticks the watchdog may miss. It is given some more
// than the timeout, because it has more to say.
const heldUpTicks = watchTicks + watchTicks/4

// heldUp is the state of the second watch.
type heldUp struct {
	inside  uint32 // 1 once it no longer depends on the scheduler
	stopped uint32 // 1 ends it; a futex
	period  syscall.Timespec
	before  string // of the line that it writes
	after   string
}

func (w *watchdog) startHeldUp() {
	w.held.period = syscall.NsecToTimespec(w.period().Nanoseconds())
	w.held.before, w.held.after = "eshost: ", stuckText(w.timeout)+"\n"
	w.wait.Go(func() { watchHeldUp(w) })
	for atomic.LoadUint32(&w.held.inside) == 0 {
		runtime.Gosched()
	}
}

func (w *watchdog) stopHeldUp() {
	atomic.StoreUint32(&w.held.stopped, 1)
	_, _, _ = syscall.Syscall(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&w.held.stopped)), futexWakePrivate, 1)
}

const (
	futexWaitPrivate = 128
	futexWakePrivate = 129
)

// watchHeldUp returns when w is stopped.
//
//go:nosplit
//go:norace
//go:nocheckptr
func watchHeldUp(w *watchdog) {
	entersyscall()
	*(*uint32)(unsafe.Pointer(&w.held.inside)) = 1
	seen, missed := uint64(0), 0
	for *(*uint32)(unsafe.Pointer(&w.held.stopped)) == 0 {
		_, _, errno := syscall.RawSyscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&w.held.stopped)), futexWaitPrivate, 0,
			uintptr(unsafe.Pointer(&w.held.period)), 0, 0)
		tick := *(*uint64)(unsafe.Pointer(&w.tick))
		if errno == syscall.ETIMEDOUT {
			missed++
		}
		if tick != seen {
			seen, missed = tick, 0
		}
		if missed > heldUpTicks {
			endHeldUp(w)
			missed = 0 // no guest is being called: it is something else
		}
	}
	exitsyscall()
}

// endHeldUp ends the process if a guest is being called.
//
//go:nosplit
//go:norace
//go:nocheckptr
func endHeldUp(w *watchdog) {
	found := false
	for b := &w.first; b != nil; b = *(**slotBlock)(unsafe.Pointer(&b.next)) {
		for i := range b.slots {
			call := *(*uint64)(unsafe.Pointer(&b.slots[i].call))
			p := *(**Plugin)(unsafe.Pointer(&b.slots[i].plugin))
			if call == 0 || p == nil {
				continue
			}
			found = true
			name := *(**string)(unsafe.Pointer(&p.name))
			writeRaw(w.held.before)
			writeRaw(*name)
			writeRaw(": ")
			writeRaw(callNames[call&0xff])
			writeRaw(w.held.after)
		}
	}
	if found {
		_, _, _ = syscall.RawSyscall(syscall.SYS_EXIT_GROUP, ExitStuck, 0, 0)
	}
}

// writeRaw writes to standard error.
//
//go:nosplit
//go:norace
func writeRaw(s string) {
	_, _, _ = syscall.RawSyscall(syscall.SYS_WRITE, 2, uintptr(unsafe.Pointer(unsafe.StringData(s))), uintptr(len(s)))
}
