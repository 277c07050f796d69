package engine

import (
	"sync"

	"github.com/eshost/eshost/host/internal/entity"
)

// task is something for a worker: an entity's turn, or a chunk to fold.
type task struct {
	entity *entity.Entity
	chunk  *entity.Chunk
}

// runQueue is a queue of tasks, first in, first out. It is unbounded by
// itself; an entity is in it at most once.
type runQueue struct {
	mu     sync.Mutex
	cond   sync.Cond
	ring   []task // length is a power of two
	first  int
	n      int
	idle   int // workers that wait
	closed bool
}

func (q *runQueue) init() {
	q.cond.L = &q.mu
	q.ring = make([]task, 1024)
}

func (q *runQueue) push(tasks ...task) {
	q.mu.Lock()
	for _, t := range tasks {
		if q.n == len(q.ring) {
			q.grow()
		}
		q.ring[(q.first+q.n)&(len(q.ring)-1)] = t
		q.n++
	}
	wake := min(q.idle, len(tasks))
	q.mu.Unlock()
	for range wake {
		q.cond.Signal()
	}
}

func (q *runQueue) grow() {
	ring := make([]task, 2*len(q.ring))
	n := copy(ring, q.ring[q.first:])
	copy(ring[n:], q.ring[:q.first])
	q.ring, q.first = ring, 0
}

// pop waits for tasks and fills buf with this worker's share of them. It
// returns none when the queue is closed.
func (q *runQueue) pop(buf []task, workers int) []task {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n == 0 {
		if q.closed {
			return nil
		}
		q.idle++
		q.cond.Wait()
		q.idle--
	}
	share := min(cap(buf), (q.n+workers-1)/workers)
	buf = buf[:share]
	for i := range buf {
		at := q.first & (len(q.ring) - 1)
		buf[i] = q.ring[at]
		q.ring[at] = task{}
		q.first = (q.first + 1) & (len(q.ring) - 1)
	}
	q.n -= share
	return buf
}

// length is how many tasks wait.
func (q *runQueue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n
}

func (q *runQueue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.cond.Broadcast()
}
