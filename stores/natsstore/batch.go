package natsstore

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nuid"

	"github.com/eshost/eshost/stores"
)

// Codes of errors of atomic batches.
const (
	codeBatchDisabled = 10174
	codeBatchTooLarge = 10199
)

// sendBatch publishes the commits as one atomic batch. When the stream refuses
// it, which it does for one conflict, each is published for itself and
// has its own answer.
func (a *appending) sendBatch(all []pending) {
	begin := time.Now()
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
		a.s.strategy.took(true, n, time.Since(begin))
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
