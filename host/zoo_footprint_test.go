package host_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"time"
)

// silent drops what a host logs: floods would be the test's output.
var silent = slog.New(silence{})

// silence is like the handler of a production host, which formats what it then drops.
type silence struct{}

func (silence) Enabled(context.Context, slog.Level) bool  { return true }
func (silence) Handle(context.Context, slog.Record) error { return nil }
func (s silence) WithAttrs([]slog.Attr) slog.Handler      { return s }
func (s silence) WithGroup(string) slog.Handler           { return s }

// footprint is what the process takes.
type footprint struct {
	heap       int64 // live, after a collection
	resident   int64 // all of the process, 0 if that is not known
	goroutines int
	files      int
}

func footprintNow() footprint {
	runtime.GC() // what has finalizers
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{heap: int64(m.HeapAlloc), resident: residentBytes(), goroutines: runtime.NumGoroutine(), files: openFiles()}
}

// residentBytes is the memory of the process, that of guests included, where /proc tells it. The race
// detector keeps memory of its own for all that was ever used: with it nothing is told.
func residentBytes() int64 {
	if raceDetector {
		return 0
	}
	b, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(b)
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}

// openFiles counts the descriptors of the process.
func openFiles() int {
	files, _ := os.ReadDir("/dev/fd")
	return len(files)
}

// Memory that a footprint may differ by: pools, and what the runtime keeps.
const (
	looseHeap     = 8 << 20
	looseResident = 48 << 20
)

// returned checks that the process takes no more than before, in a while.
func (before footprint) returned(tb testing.TB) {
	tb.Helper()
	var now footprint
	for range 40 {
		now = footprintNow()
		if now.goroutines <= before.goroutines && now.files <= before.files && now.heap <= before.heap+looseHeap && now.resident <= before.resident+looseResident {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	tb.Errorf("the process takes %+v, before it took %+v", now, before)
}
