package natsstore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/eshost/eshost/stores"
)

// pending is a commit that is on its way into the stream.
type pending struct {
	index    int // in the call's commits
	subject  string
	expected uint64 // stream sequence of the subject's last message; 0: none
	from, to int    // its payload in the call's buffer
}

// appending is one call of Append.
type appending struct {
	s       *Store
	ctx     context.Context
	commits []stores.Commit
	results []stores.Result
	buf     []byte
	all     []pending
}

// keepBuffer is the largest buffer that is kept for the next call.
const keepBuffer = 16 << 20

// Append implements stores.Log. Each commit is one message, under the condition
// that its subject's last message is the one that Commit.Head names.
func (s *Store) Append(ctx context.Context, fence stores.Fence, commits []stores.Commit) []stores.Result {
	a := &appending{s: s, ctx: ctx, commits: commits, results: make([]stores.Result, len(commits))}
	leave, err := s.enter(ctx, UseLog)
	if err == nil {
		defer leave()
		if fence.Epoch != 0 {
			err = fmt.Errorf("%w: a JetStream log knows no fences", stores.ErrUnavailable)
		}
	}
	if err != nil {
		for i := range commits {
			a.set(i, stores.Refused, err)
		}
		return a.results
	}
	buf, _ := s.buffers.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	a.buf = (*buf)[:0]
	a.prepare()
	a.send(a.all)
	if cap(a.buf) <= keepBuffer {
		*buf = a.buf
		s.buffers.Put(buf)
	}
	s.appended(a)
	return a.results
}

// set is the result of a commit that is not in the log by this call.
func (a *appending) set(i int, o stores.Outcome, err error) {
	c := &a.commits[i]
	if err != nil {
		err = &stores.EntityError{Op: "append to", Entity: c.Entity, Seq: c.Expected + 1, Err: err}
	}
	a.results[i] = stores.Result{Outcome: o, Err: err}
}

// in is the result of a commit that is in the log at the stream sequence.
func (a *appending) in(i int, o stores.Outcome, seq uint64) {
	c := &a.commits[i]
	a.results[i] = stores.Result{Outcome: o, Head: a.s.head(seq, c.Seq()), Place: a.s.place(seq, uint32(len(c.Events)-1))}
}

var errTwice = errors.New("two commits of one entity in one append")

// prepare checks and encodes the commits. What it finds wrong has its result.
func (a *appending) prepare() {
	var seen map[stores.EntityID]struct{}
	if len(a.commits) > 1 {
		seen = make(map[stores.EntityID]struct{}, len(a.commits))
	}
	a.all = make([]pending, 0, len(a.commits))
	for i := range a.commits {
		c := &a.commits[i]
		if err := check(c); err != nil {
			a.set(i, stores.Refused, err)
			continue
		}
		if seen != nil {
			n := len(seen)
			if seen[c.Entity] = struct{}{}; len(seen) == n {
				a.set(i, stores.Refused, errTwice)
				continue
			}
		}
		a.encode(i, c)
	}
}

func check(c *stores.Commit) error {
	if n := uint64(len(c.Events)); n == 0 || n > math.MaxUint64-c.Expected {
		return fmt.Errorf("a commit of %d events after number %d", n, c.Expected)
	}
	return c.Entity.Validate()
}

// encode puts a commit among those that can be sent.
func (a *appending) encode(i int, c *stores.Commit) {
	s := a.s
	p := pending{index: i, from: len(a.buf)}
	if stream, entity, ok := s.parseHead(c.Head); ok && entity == c.Expected {
		p.expected = stream
	} else if c.Expected != 0 || c.Head != "" {
		head, outcome, err := s.locate(a.ctx, c)
		if outcome != stores.Applied {
			a.decided(i, outcome, head, err)
			return
		}
		p.expected = head
	}
	plugin, err := s.plugins.number(a.ctx, s, c.Plugin)
	if err != nil {
		a.unsent(i, err)
		return
	}
	a.buf = appendPayload(a.buf, c, plugin)
	p.to = len(a.buf)
	if n := p.to - p.from; n > s.info.MaxCommit {
		a.buf = a.buf[:p.from]
		a.set(i, stores.TooLarge, fmt.Errorf("%w: a record of %d bytes, at most %d: the servers' max_payload, and max_msg_size of stream %s, decide", stores.ErrTooLarge, n, s.info.MaxCommit, s.o.Stream))
		return
	}
	if err := s.kinds.note(a.ctx, s, c); err != nil {
		a.buf = a.buf[:p.from]
		a.unsent(i, err)
		return
	}
	p.subject = s.subjects.record(c.Entity)
	a.all = append(a.all, p)
}

// decided is the result of a commit that was looked up.
func (a *appending) decided(i int, o stores.Outcome, seq uint64, err error) {
	if o == stores.Duplicate {
		a.in(i, o, seq)
	} else {
		a.set(i, o, err)
	}
}

// unsent is the result of a commit that was not sent by this call, for the reason.
func (a *appending) unsent(i int, err error) {
	if codeOf(err) != 0 || errors.Is(err, errUnsent) || errors.Is(err, errNobodyListens) {
		err = fmt.Errorf("%w: %w", stores.ErrUnavailable, err)
	}
	a.set(i, stores.Refused, err)
}

// send publishes commits and waits for all answers. What the context ends
// before is not sent.
func (a *appending) send(all []pending) {
	for len(all) > 0 {
		n := a.s.strategy.batch(len(all))
		if n == 0 {
			a.sendEach(all)
			return
		}
		a.sendBatch(all[:n])
		all = all[n:]
	}
}

// checkEvery is after how many messages the context is looked at.
const checkEvery = 32

// sendEach publishes each commit for itself.
func (a *appending) sendEach(all []pending) {
	begin := time.Now()
	p := a.s.newPublication(all)
	var stop error
	for i := range all {
		if i%checkEvery == 0 && stop == nil {
			stop = a.ctx.Err()
		}
		err := stop
		if err == nil {
			err = p.send(i, all[i].subject, all[i].expected, a.buf[all[i].from:all[i].to])
		}
		if err != nil {
			p.unsent(i, err)
		}
	}
	werr := a.s.wait(a.ctx, p.call, false)
	a.s.answers.end(p.call)
	took, applied := time.Since(begin), 0
	var refused []pending // whose reason must be looked into
	for i, c := range all {
		ack := &p.acks[i]
		a.s.checkAck(ack)
		switch {
		case ack.done && ack.err == nil:
			a.in(c.index, stores.Applied, ack.seq)
			applied++
		case a.undecided(c.index, ack, werr):
		default:
			a.results[c.index].Err = ack.err
			refused = append(refused, c)
		}
	}
	if applied == len(all) {
		a.s.strategy.took(false, applied, took)
	}
	a.settle(refused)
}

// undecided gives a commit its result where the stream has not said what it is.
func (a *appending) undecided(i int, ack *ack, werr error) bool {
	switch {
	case !ack.done:
		a.set(i, stores.Unknown, werr)
	case errors.Is(ack.err, errReplaced):
		a.set(i, stores.Unknown, ack.err) // it is in the stream, and not in the log
	case errors.Is(ack.err, errUnsent):
		a.notSent(i, ack.err)
	case errors.Is(ack.err, errNobodyListens):
		a.set(i, stores.Refused, fmt.Errorf("%w: %w", stores.ErrUnavailable, ack.err))
	default:
		return false
	}
	return true
}

func (a *appending) notSent(i int, err error) {
	switch {
	case errors.Is(err, nats.ErrMaxPayload):
		a.set(i, stores.TooLarge, fmt.Errorf("%w: %w", stores.ErrTooLarge, err))
	case a.s.isClosing():
		a.set(i, stores.Refused, stores.ErrClosed)
	case a.ctx.Err() != nil && errors.Is(err, a.ctx.Err()):
		a.set(i, stores.Refused, err)
	default:
		a.set(i, stores.Refused, fmt.Errorf("%w: %w", stores.ErrUnavailable, err))
	}
}

// settling is how many refused commits are looked into at once.
const settling = 16

// settle finds out what became of commits that the stream refused. The
// reason is in their results' Err.
func (a *appending) settle(refused []pending) {
	if len(refused) == 0 {
		return
	}
	var workers sync.WaitGroup
	work := make(chan pending)
	for range min(settling, len(refused)) {
		workers.Go(func() {
			for c := range work {
				a.settleOne(c)
			}
		})
	}
	for _, c := range refused {
		work <- c
	}
	close(work)
	workers.Wait()
}

// settleOne looks for the commit in the log: an earlier try may have put it there,
// whatever this one was refused for.
func (a *appending) settleOne(p pending) {
	s, c, reason := a.s, &a.commits[p.index], a.results[p.index].Err
	for pause := time.Millisecond; isInDoubt(reason); pause = min(2*pause, 100*time.Millisecond) {
		// Another write to the subject is on its way, and it may be an earlier try of
		// this very commit: whether it lands must be known first.
		select {
		case <-time.After(pause):
		case <-a.ctx.Done():
			a.set(p.index, stores.Unknown, fmt.Errorf("another write to it is under way: %w", a.ctx.Err()))
			return
		}
		seq, err := s.publish(a.ctx, p.subject, p.expected, a.buf[p.from:p.to])
		if err == nil {
			a.in(p.index, stores.Applied, seq)
			return
		}
		if codeOf(err) == 0 {
			a.set(p.index, stores.Unknown, err)
			return
		}
		reason = err
	}
	seq, outcome, err := s.after(a.ctx, c, p.expected)
	switch {
	case outcome == stores.Duplicate:
		a.in(p.index, stores.Duplicate, seq)
	case err != nil:
		a.set(p.index, stores.Unknown, fmt.Errorf("%w; whether an earlier try has stored it cannot be read: %w", reason, err))
	case isMismatch(reason):
		a.set(p.index, stores.Conflict, nil)
	case isTooLarge(reason):
		a.set(p.index, stores.TooLarge, fmt.Errorf("%w: %w", stores.ErrTooLarge, reason))
	case isProof(reason):
		a.set(p.index, stores.Refused, fmt.Errorf("%w: stream %s refuses: %w", stores.ErrUnavailable, s.o.Stream, reason))
	default:
		a.set(p.index, stores.Unknown, fmt.Errorf("%w: stream %s fails, and may have stored it: %w", stores.ErrUnavailable, s.o.Stream, reason))
	}
}
