package natsstore

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/nats-io/nuid"

	"github.com/eshost/eshost/stores"
)

// Codes of errors of atomic batches.
const (
	codeBatchDisabled = 10174
	codeBatchTooLarge = 10199
)

// maxBatch is how many messages an atomic batch may have by the server's default.
const maxBatch = 1000

// strategy decides whether commits are published each for itself or in atomic
// batches. A server that syncs each message by itself does so once for a batch.
type strategy struct {
	size atomic.Int64 // of the largest batch; below 2: none
	from int          // commits from which on a batch is made
}

// largeBatch is from where on a batch is no slower than single messages on a
// server that does not sync each of them.
const largeBatch = 100

// choose decides by what is known of the servers. Replicated streams sync what
// they get together at once anyway.
func (s *strategy) choose(replicas int, sync Sync) {
	if replicas > 1 || sync == SyncInterval {
		return
	}
	s.size.Store(maxBatch)
	if s.from = 2; sync == SyncUnknown {
		s.from = largeBatch
	}
}

// batch is how many of n commits go into one atomic batch; 0: none.
func (s *strategy) batch(n int) int {
	if size := int(s.size.Load()); size >= 2 && n >= s.from {
		return min(n, size)
	}
	return 0
}

// refused learns from a batch of n that the stream refused.
func (s *strategy) refused(n int, err error) {
	var api *apiError
	switch {
	case !errors.As(err, &api):
	case api.ErrCode == codeBatchDisabled:
		s.size.Store(0)
	case api.ErrCode == codeBatchTooLarge:
		s.size.Store(int64(n / 2))
	}
}

// sendBatch publishes the commits as one atomic batch. When the stream refuses
// it, which it does for one conflict, each is published for itself and
// has its own answer.
func (a *appending) sendBatch(all []pending) {
	p := a.s.newPublication(1)
	id, n := nuid.Next(), len(all)
	for i := range all {
		if err := p.sendMember(i, n, id, all[i].subject, all[i].expected, a.buf[all[i].from:all[i].to]); err != nil {
			p.unsent(0, fmt.Errorf("%w: %w", errUnsent, err)) // nothing commits what was sent before
			break
		}
	}
	werr := a.s.wait(a.ctx, p.call, false)
	a.s.answers.end(p.call)
	ack := &p.acks[0]
	switch {
	case !ack.done:
		for _, c := range all {
			a.set(c.index, stores.Unknown, werr)
		}
	case ack.err == nil:
		for i, c := range all {
			a.in(c.index, stores.Applied, ack.seq-uint64(n-1-i))
		}
	case errors.Is(ack.err, errUnsent):
		for _, c := range all {
			a.notSent(c.index, ack.err)
		}
	case errors.Is(ack.err, errNobodyListens):
		for _, c := range all {
			a.set(c.index, stores.Refused, fmt.Errorf("%w: %w", stores.ErrUnavailable, ack.err))
		}
	default:
		a.s.strategy.refused(n, ack.err)
		a.sendEach(all)
	}
}
