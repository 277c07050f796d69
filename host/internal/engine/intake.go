package engine

import (
	"sync"
	"time"
)

// intake collects items for one consumer that takes all there are at once.
type intake[T any] struct {
	mu     sync.Mutex
	cond   sync.Cond
	items  []T
	busy   bool // the consumer works on what it took
	closed bool
}

func (q *intake[T]) init() { q.cond.L = &q.mu }

func (q *intake[T]) add(items ...T) {
	q.mu.Lock()
	q.items = append(q.items, items...)
	q.mu.Unlock()
	q.cond.Signal()
}

// take waits for items and returns at most limit of them, in order, in
// buf's memory. It returns none when the intake is closed and empty.
func (q *intake[T]) take(buf []T, limit int) []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy = false
	for len(q.items) == 0 {
		if q.closed {
			return nil
		}
		q.cond.Wait()
	}
	q.busy = true
	n := min(limit, len(q.items))
	buf = append(buf[:0], q.items[:n]...)
	rest := copy(q.items, q.items[n:])
	clear(q.items[rest:])
	q.items = q.items[:rest]
	return buf
}

// drain waits until everything was taken and worked on, at most so long.
func (q *intake[T]) drain(limit time.Duration) {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(time.Millisecond) {
		q.mu.Lock()
		empty := len(q.items) == 0 && !q.busy
		q.mu.Unlock()
		if empty {
			return
		}
	}
}

func (q *intake[T]) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.cond.Broadcast()
}
