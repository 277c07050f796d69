// Package transfer copies a store into another one of any kind, counts what is in
// a store, and looks it through for damage.
//
// A copy holds the same commits, byte for byte, with their ids, times, plugins and
// commands, under the log id of its own store, and the same blobs. Snapshots
// and checkpoints are not copied: they belong to the log they were made of.
package transfer

import (
	"errors"
	"sync"
	"time"

	"github.com/eshost/eshost/stores"
)

// Errors, for errors.Is.
var (
	// ErrNotACopy: the target holds what no copy of this source has put there. Nothing was written.
	ErrNotACopy = errors.New("the target is not empty, and not what an earlier copy of this source has left")
	// ErrWritten: the source, or what is verified, is being written to.
	ErrWritten = errors.New("the log is being written to")
	// ErrUnfinished: the store is the target of a copy that has not ended.
	ErrUnfinished = errors.New("it is a copy that is not finished: copy again from the same source, which goes on where it has ended; if that is gone, copy what is there to another store")
	// ErrDiffers: the target is not the same as the source.
	ErrDiffers = errors.New("the copy differs from its source")
)

// Store is a store, as far as transfers know it.
type Store struct {
	Log         stores.Log
	Blobs       stores.BlobStore       // nil: there are none
	Checkpoints stores.CheckpointStore // of the target of a copy, which keeps there how far it is; else nil
}

// Options of a transfer. Nil, or a zero field, means the default.
type Options struct {
	// Progress is called now and then, by one goroutine at a time. Nil: nobody is told.
	Progress func(Progress)
	// Patience is how long a target that is away is waited for; 0: one minute.
	Patience time.Duration

	telling *sync.Mutex
}

// tell calls Progress.
func (o *Options) tell(p Progress) {
	o.telling.Lock()
	defer o.telling.Unlock()
	o.Progress(p)
}

// Progress says how far a transfer is.
type Progress struct {
	Phase string
	Unit  string // of what is counted, such as "events"
	Done  int64
	Total int64 // 0: not known
}

func (o *Options) withDefaults() *Options {
	d := Options{}
	if o != nil {
		d = *o
	}
	if d.Progress == nil {
		d.Progress = func(Progress) {}
	}
	if d.Patience == 0 {
		d.Patience = time.Minute
	}
	d.telling = new(sync.Mutex)
	return &d
}

// tellEvery is how many records go by between two looks at how far it is.
const tellEvery = 1 << 12
