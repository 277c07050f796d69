package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// How long the disk is measured, and on a file of what size.
const (
	diskTime  = 2 * time.Second
	diskBytes = 64 << 20
)

// syncs is what came of a loop of writing and syncing.
type syncs struct {
	n       int64
	took    time.Duration           // of all
	latency *hdrhistogram.Histogram // of the syncs alone, in nanoseconds
}

// writeAndSync writes so many bytes and calls fdatasync, again and again, at
// most writes times and for a limited time. Over a file that has its size already (as Pebble
// reuses the files of its log) the disk does the least work there can be; a file that grows costs the
// file system a record of its new size each time.
func writeAndSync(ctx context.Context, dir string, bytes int, writes int64, grow bool) (s syncs, err error) {
	path := filepath.Join(dir, "disk")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(path)) }()
	block := make([]byte, max(1, bytes))
	for i := range block {
		block[i] = byte(i * 7)
	}
	size := max(diskBytes, int64(len(block)))
	if !grow {
		chunk := make([]byte, 1<<20)
		for at := int64(0); at < size; at += int64(len(chunk)) {
			if _, err := f.WriteAt(chunk, at); err != nil {
				return s, err
			}
		}
		if err := f.Sync(); err != nil {
			return s, err
		}
	}
	s.latency = newLatency()
	start := time.Now()
	for at := int64(0); s.n < writes && time.Since(start) < diskTime; s.n++ {
		if err := ctx.Err(); err != nil {
			return s, err
		}
		if !grow && at+int64(len(block)) > size {
			at = 0
		}
		if _, err := f.WriteAt(block, at); err != nil {
			return s, err
		}
		at += int64(len(block))
		before := time.Now()
		if err := syncData(f); err != nil {
			return s, err
		}
		recordLatency(s.latency, time.Since(before))
	}
	s.took = time.Since(start)
	return s, nil
}
