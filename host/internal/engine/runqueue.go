package engine

import (
	"sync"

	"github.com/eshost/eshost/host/internal/entity"
)

// task is something for a worker: an entity's turn, or a chunk to fold.
type task struct {
	typ    *Type
	entity *entity.Entity
	chunk  *entity.Chunk
	pace   entity.Pace
}

// runQueue is a queue of tasks. Those of one type are first in, first out, and
// the types take turns: a worker gets tasks of one type, since going over to
// another plugin costs more than a command does (its code and memory are no
// longer in the processor's caches). What is quicker comes first. It is unbounded by itself; an entity is in
// it at most once.
type runQueue struct {
	mu     sync.Mutex
	cond   sync.Cond
	lanes  [entity.Paces]ring[*lane] // that have tasks, each once
	n      int                       // tasks in all lanes
	pops   int
	idle   int // workers that wait
	closed bool
}

// lane are the tasks of one type and pace; guarded by the queue's lock.
type lane struct{ tasks ring[task] }

// patient is how often what is very slow comes before what is only slow: that could come without end.
const patient = 8

func (q *runQueue) init() { q.cond.L = &q.mu }

func (q *runQueue) push(tasks ...task) {
	if len(tasks) == 0 {
		return
	}
	q.mu.Lock()
	for _, t := range tasks {
		l := &t.typ.lanes[t.pace]
		if l.tasks.n == 0 {
			q.lanes[t.pace].push(l)
		}
		l.tasks.push(t)
	}
	q.n += len(tasks)
	wake := min(q.idle, len(tasks))
	q.mu.Unlock()
	for range wake {
		q.cond.Signal()
	}
}

// pop waits for tasks and fills buf with tasks of one type. It returns none
// when the queue is closed.
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
	// The workers share the tasks of all types; a type's own are only split
	// when there are not enough of the others.
	share := min(cap(buf), (q.n+workers-1)/workers)
	lanes := q.next()
	l := lanes.pop()
	buf = buf[:min(share, l.tasks.n)]
	for i := range buf {
		buf[i] = l.tasks.pop()
	}
	q.n -= len(buf)
	if l.tasks.n > 0 {
		lanes.push(l)
	}
	return buf
}

// next returns the lanes whose turn it is. There must be a task.
func (q *runQueue) next() *ring[*lane] {
	q.pops++
	if very := &q.lanes[entity.VerySlow]; very.n > 0 && q.pops%patient == 0 {
		return very
	}
	for i := range q.lanes {
		if q.lanes[i].n > 0 {
			return &q.lanes[i]
		}
	}
	panic("engine: the run queue counts tasks that it does not have")
}

// waits reports whether anything waits that is no slower than p.
func (q *runQueue) waits(p entity.Pace) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.lanes[:p+1] {
		if q.lanes[i].n > 0 {
			return true
		}
	}
	return false
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

// ring is a queue that grows.
type ring[T any] struct {
	items []T // length is a power of two, or 0
	first int
	n     int
}

func (r *ring[T]) push(item T) {
	if r.n == len(r.items) {
		grown := make([]T, max(16, 2*len(r.items)))
		n := copy(grown, r.items[r.first:])
		copy(grown[n:], r.items[:r.first])
		r.items, r.first = grown, 0
	}
	r.items[(r.first+r.n)&(len(r.items)-1)] = item
	r.n++
}

// pop takes the first item; there must be one.
func (r *ring[T]) pop() (item T) {
	var none T
	item, r.items[r.first] = r.items[r.first], none
	r.first = (r.first + 1) & (len(r.items) - 1)
	r.n--
	return item
}
