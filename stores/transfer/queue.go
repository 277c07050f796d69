package transfer

import (
	"sync"

	"github.com/eshost/eshost/stores"
)

// What is read ahead of what is stored, at most.
const (
	aheadCommits = 1 << 16
	aheadBytes   = 64 << 20
)

// item is a commit on its way.
type item struct {
	commit stores.Commit
	place  stores.Position // in the source
	size   int
	stored bool
}

// queue holds the commits that are read and not stored. Those of one entity go one
// after the other, those of others at the same time.
type queue struct {
	mu      sync.Mutex
	more    sync.Cond // something is ready, or it ended
	room    sync.Cond // something was stored, or it ended
	streams map[stores.EntityID]*stream
	ready   []*stream       // that have commits, and none in flight; the first of them has waited longest
	order   []*item         // as the source has them, from the first that is not stored
	stored  stores.Position // all up to here is stored
	events  int64           // of what was stored
	bytes   int             // of order
	ended   bool            // nothing more comes
	err     error           // why it broke off
}

// stream is the commits of one entity.
type stream struct{ waiting []*item }

func newQueue(from stores.Position) *queue {
	q := &queue{streams: make(map[stores.EntityID]*stream), stored: from}
	q.more.L, q.room.L = &q.mu, &q.mu
	return q
}

// put adds a commit once there is room. It reports false when the queue broke off.
func (q *queue) put(it *item) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.err == nil && len(q.order) > 0 && (len(q.order) >= aheadCommits || q.bytes+it.size > aheadBytes) {
		q.room.Wait()
	}
	if q.err != nil {
		return false
	}
	q.order = append(q.order, it)
	q.bytes += it.size
	s := q.streams[it.commit.Entity]
	if s == nil {
		s = &stream{}
		q.streams[it.commit.Entity] = s
		q.ready = append(q.ready, s)
		q.more.Signal()
	}
	s.waiting = append(s.waiting, it)
	return true
}

// end says that nothing more comes, with an error if that is why.
func (q *queue) end(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	if q.err == nil {
		q.err = err
	}
	q.more.Broadcast()
	q.room.Broadcast()
}

// take returns commits of different entities, as many as an append takes well, and at least one;
// none when all is stored or it broke off.
func (q *queue) take(commits, bytes int) (taken []*item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.ready) == 0 && q.err == nil && !(q.ended && len(q.order) == 0) {
		q.more.Wait()
	}
	if q.err != nil {
		return nil
	}
	size := 0
	for len(q.ready) > 0 && len(taken) < commits {
		it := q.ready[0].waiting[0]
		if len(taken) > 0 && size+it.size > bytes {
			break
		}
		q.ready[0] = nil
		q.ready = q.ready[1:]
		taken = append(taken, it)
		size += it.size
	}
	return taken
}

// done says that commits that were taken are stored.
func (q *queue) done(taken []*item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, it := range taken {
		it.stored = true
		q.events += int64(len(it.commit.Events))
		id := it.commit.Entity
		s := q.streams[id]
		s.waiting = s.waiting[1:]
		if len(s.waiting) == 0 {
			delete(q.streams, id)
			continue
		}
		q.ready = append(q.ready, s)
		q.more.Signal()
	}
	for len(q.order) > 0 && q.order[0].stored {
		q.stored = q.order[0].place
		q.bytes -= q.order[0].size
		q.order[0] = nil
		q.order = q.order[1:]
	}
	q.room.Signal()
	if q.ended && len(q.order) == 0 {
		q.more.Broadcast()
	}
}

// state says up to where all is stored, and how many events were.
func (q *queue) state() (stored stores.Position, events int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stored, q.events
}

// failure says why it broke off, if it did.
func (q *queue) failure() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.err
}
