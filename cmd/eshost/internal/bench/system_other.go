//go:build !linux

package bench

import (
	"os"
	"time"
)

// syncData makes a file durable.
func syncData(f *os.File) error { return f.Sync() }

// nap sleeps.
func nap(d time.Duration) { time.Sleep(d) }

// fileSystem names the file system that holds the folder; "": unknown.
func fileSystem(string) string { return "" }
