package api

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
)

// outflow is what a stream has to say to its client. Goroutines add to it
// while one writes what is there: what comes during a write is the next one,
// so that an idle stream is flushed at once and a busy one in large pieces. A
// client that does not read makes add wait.
type outflow struct {
	mu     sync.Mutex
	room   sync.Cond // there is room again, or err is set
	buf    []byte
	closed bool
	err    error
	filled chan struct{} // something was added, or closed
}

// flowBytes is how much may wait to be written before add waits.
const flowBytes = 64 << 10

var errFlowEnded = errors.New("stream has ended")

func newOutflow() *outflow {
	o := &outflow{filled: make(chan struct{}, 1)}
	o.room.L = &o.mu
	return o
}

// add copies b. It waits while too much waits to be written, and returns an
// error when nothing is written any more.
func (o *outflow) add(b []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.buf) >= flowBytes && o.err == nil {
		o.room.Wait()
	}
	if o.err != nil {
		return o.err
	}
	o.buf = append(o.buf, b...)
	o.signal()
	return nil
}

// close says that nothing more is added.
func (o *outflow) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.signal()
}

func (o *outflow) signal() {
	select {
	case o.filled <- struct{}{}:
	default:
	}
}

// take gives what waits to be written, and spare to be filled next.
func (o *outflow) take(spare []byte) (b []byte, closed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	b, o.buf = o.buf, spare[:0]
	o.room.Broadcast()
	return b, o.closed
}

// fail ends the waiting of those who add.
func (o *outflow) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
	o.room.Broadcast()
}

// run calls write with what is added until that fails or, after close,
// everything is written. When there was nothing for so long as beat it
// writes heartbeat; beat 0: never.
func (o *outflow) run(write func([]byte) error, beat time.Duration, heartbeat string) error {
	defer o.fail(errFlowEnded)
	var beats <-chan time.Time
	if beat > 0 {
		ticker := time.NewTicker(beat)
		defer ticker.Stop()
		beats = ticker.C
	}
	var spare []byte
	quiet := true
	for {
		b, closed := o.take(spare)
		if len(b) > 0 {
			if err := write(b); err != nil {
				return err
			}
			quiet = false
			spare = b
			if cap(spare) > wire.KeepBytes {
				spare = nil
			}
			continue
		}
		spare = b
		if closed {
			return nil
		}
		select {
		case <-o.filled:
		case <-beats:
			if quiet {
				if err := write([]byte(heartbeat)); err != nil {
					return err
				}
			}
			quiet = true
		}
	}
}

// writeThrough writes and flushes at once.
func writeThrough(w io.Writer, flush func() error) func([]byte) error {
	return func(b []byte) error {
		if _, err := w.Write(b); err != nil {
			return err
		}
		return flush()
	}
}

// onEnd calls f when ctx ends, unless the function it returns was called
// before. That function waits for f if it runs.
func onEnd(ctx context.Context, f func()) (forget func()) {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		f()
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}
