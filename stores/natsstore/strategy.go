package natsstore

import (
	"math/bits"
	"sync"
	"time"
)

// maxBatch is how many messages an atomic batch may have by the server's default.
const maxBatch = 1000

// strategy decides whether commits are published each for itself or in atomic
// batches. A server that syncs each message by itself does so once for a batch,
// and a batch has a cost of its own. Where sync_interval is not said, both are tried
// and the faster one is taken, for each size by itself.
type strategy struct {
	mu    sync.Mutex
	size  int // of the largest batch; below 2: none
	known bool
	ways  [11]struct { // by the size's number of bits
		calls int
		cost  [2]time.Duration // of a commit, each for itself and in a batch; 0: not tried yet
	}
}

const (
	// measured is the least number of commits for which batches are tried.
	measured = 16
	// tryAgain is after how many calls the slower way is tried again: a server may be
	// another one by then.
	tryAgain = 100
)

// choose decides what is known of the servers. Replicated streams sync at once what
// they get together.
func (s *strategy) choose(replicas int, sync Sync) {
	if replicas == 1 && sync != SyncInterval {
		s.size, s.known = maxBatch, sync == SyncAlways
	}
}

// batch is how many of n commits go into one atomic batch; 0: none.
func (s *strategy) batch(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size < 2 || n < 2 {
		return 0
	}
	n = min(n, s.size)
	if s.known {
		return n
	}
	if n < measured {
		return 0
	}
	w := &s.ways[min(bits.Len(uint(n)), len(s.ways)-1)]
	batches := w.cost[0] != 0 && w.cost[1] < w.cost[0] // also when they were not tried yet
	if w.calls++; w.calls%tryAgain == 0 && w.cost[1] != 0 {
		batches = !batches
	}
	if batches {
		return n
	}
	return 0
}

// took learns what n commits that were all applied took.
func (s *strategy) took(batch bool, n int, d time.Duration) {
	if n < measured {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	way := 0
	if batch {
		way = 1
	}
	w := &s.ways[min(bits.Len(uint(n)), len(s.ways)-1)]
	cost := max(d/time.Duration(n), 1)
	if w.cost[way] != 0 {
		cost = (7*w.cost[way] + cost) / 8
	}
	w.cost[way] = cost
}

// refused learns from a batch of n that the stream refused.
func (s *strategy) refused(n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch codeOf(err) {
	case codeBatchDisabled:
		s.size = 0
	case codeBatchTooLarge:
		s.size = n / 2
	}
}
