//go:build linux || darwin

package plugin

import (
	"time"

	"golang.org/x/sys/unix"
)

// threadClock is how long the thread ran so far; 0: nobody knows.
func threadClock() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// threadRan is for how long of the time that it took the thread ran since its clock was at start. A guest keeps to
// its thread during a slice.
func threadRan(start, took time.Duration) time.Duration {
	end := threadClock()
	if start == 0 || end == 0 {
		return took
	}
	return max(0, min(took, end-start))
}
