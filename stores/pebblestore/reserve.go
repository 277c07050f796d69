package pebblestore

import (
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/eshost/eshost/stores"
)

// reserve keeps some of the disk free. Pebble cannot go on after a write that
// failed for want of space, so the store refuses to write long before that.
type reserve struct {
	fs      vfs.FS
	dir     string
	keep    uint64
	asked   time.Time
	free    uint64
	written uint64 // since it asked
}

// How long, and for how many written bytes, an answer of the disk is believed.
const (
	askEvery = 200 * time.Millisecond
	askBytes = 32 << 20
)

// check says whether enough of the disk is free.
func (r *reserve) check() error {
	if now := time.Now(); now.Sub(r.asked) > askEvery || r.written > askBytes {
		u, err := r.fs.GetDiskUsage(r.dir)
		if err != nil {
			r.free = 1<<64 - 1 // a file system that cannot tell is not watched
		} else {
			r.free = u.AvailBytes
		}
		r.asked, r.written = now, 0
	}
	if r.free < r.keep {
		return fmt.Errorf("%w: %d MiB are free on the disk of %s, and %d MiB are kept in reserve: make room and it goes on", stores.ErrUnavailable, r.free>>20, r.dir, r.keep>>20)
	}
	return nil
}

// used notes written bytes.
func (r *reserve) used(bytes int) { r.written += uint64(bytes) }
