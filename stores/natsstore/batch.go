package natsstore

import (
	"errors"
	"time"

	"github.com/nats-io/nuid"

	"github.com/eshost/eshost/stores"
)

// fewest is how many commits of a batch that was refused are published each for
// itself.
const fewest = 16

// sendBatch publishes the commits as one atomic batch. When the stream refuses
// it, which it does for one conflict, its halves are tried, and of few commits
// each is published for itself and has its own answer.
func (a *appending) sendBatch(all []pending) {
	if a.ctx.Err() != nil {
		a.sendEach(all)
		return
	}
	begin := time.Now()
	n := len(all)
	p := a.s.newPublication(all[n-1:])
	p.floor += uint64(n - 1)
	id := nuid.Next()
	for i := range all {
		if err := p.sendMember(i, n, id, all[i].subject, all[i].expected, a.buf[all[i].from:all[i].to]); err != nil {
			p.unsent(0, err) // nothing commits what was sent before
			break
		}
	}
	werr := a.s.wait(a.ctx, p.call, false)
	a.s.answers.end(p.call)
	ack := &p.acks[0]
	a.s.checkAck(ack)
	switch {
	case ack.done && ack.err == nil:
		a.s.strategy.took(true, n, time.Since(begin))
		for i, c := range all {
			a.in(c.index, stores.Applied, ack.seq-uint64(n-1-i))
		}
	case errors.Is(ack.err, errUnsent):
		a.sendEach(all) // one is too large for the server, or forbidden
	case a.undecided(all[n-1].index, ack, werr):
		for _, c := range all[:n-1] {
			a.undecided(c.index, ack, werr)
		}
	default:
		a.s.strategy.refused(n, ack.err)
		if n > fewest && (isMismatch(ack.err) || codeOf(ack.err) == codeBatchTooLarge) {
			a.sendBatch(all[:n/2])
			a.sendBatch(all[n/2:])
		} else {
			a.sendEach(all)
		}
	}
}
