//go:build darwin || freebsd || netbsd || openbsd

package bench

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// peakMemory returns the largest resident set that the process had, in bytes; 0: unknown.
func peakMemory() int64 {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) << 10
}
