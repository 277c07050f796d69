package natsstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/eshost/eshost/stores"
)

// Read implements stores.Log.
func (s *Store) Read(ctx context.Context, id stores.EntityID, after uint64) iter.Seq2[*stores.Record, error] {
	return func(yield func(*stores.Record, error) bool) {
		r := reading{s: s, ctx: ctx, id: id, after: after, d: decoder{s: s}}
		if err := r.read(yield); err != nil {
			var place *stores.EntityError
			if !errors.As(err, &place) {
				err = &stores.EntityError{Op: "read", Entity: id, Seq: max(r.seq, after) + 1, Err: err}
			}
			yield(nil, err)
		}
	}
}

// reading is one read of an entity's records.
type reading struct {
	s     *Store
	ctx   context.Context
	id    stores.EntityID
	after uint64
	d     decoder
	seq   uint64 // the entity's number after the record before
}

func (r *reading) read(yield func(*stores.Record, error) bool) error {
	s := r.s
	if err := r.id.Validate(); err != nil {
		return err
	}
	leave, err := s.enter(r.ctx, UseLog)
	if err != nil {
		return err
	}
	defer leave()
	head, m, err := s.lastRecord(r.ctx, r.id)
	if err != nil || head == nil || head.Seq() <= r.after {
		return err
	}
	if head.Expected == r.after || head.Expected < r.after {
		yield(head, nil) // one record, and it is here
		return nil
	}
	tail := r.back(head, m)
	if first := &tail[len(tail)-1]; first.expected > r.after {
		more, err := r.forward(first, yield)
		if err != nil || !more {
			return err
		}
		tail = tail[:len(tail)-1]
	} else {
		r.seq = first.expected
	}
	for _, one := range slices.Backward(tail) {
		if more, err := r.next(one.seq, one.data, yield); err != nil || !more {
			return err
		}
	}
	return nil
}

// forward yields the records up to this one, many of which are asked for at once.
func (r *reading) forward(last *far, yield func(*stores.Record, error) bool) (more bool, err error) {
	from, err := r.start(last.expected, last.seq)
	if err != nil {
		return false, err
	}
	err = r.s.each(r.ctx, get{Next: r.s.subjects.record(r.id), Seq: from}, last.seq, func(m *nats.Msg) (bool, error) {
		more, err = r.next(sequence(m), m.Data, yield)
		return more, err
	})
	return more, err
}

// next yields the entity's next record, if it holds events that are to be read.
func (r *reading) next(seq uint64, data []byte, yield func(*stores.Record, error) bool) (more bool, err error) {
	if err := r.s.stop(r.ctx); err != nil {
		return false, err
	}
	rec, err := r.d.record(r.ctx, r.id, seq, data)
	if err != nil {
		var place *stores.EntityError
		if errors.As(err, &place) {
			return false, err
		}
		return false, &stores.EntityError{Op: "read", Entity: r.id, Seq: r.seq + 1, Err: err}
	}
	if rec.Expected != r.seq {
		return false, &stores.EntityError{Op: "read", Entity: r.id, Seq: r.seq + 1, Err: fmt.Errorf("%w: the record is missing, the next one begins at %d", stores.ErrCorrupt, rec.Expected+1)}
	}
	r.seq = rec.Seq()
	if r.seq <= r.after {
		return true, nil
	}
	return yield(rec, nil), nil
}

// near is how many events before the first one asked for a read may begin:
// looking for a better place takes longer than reading them.
const near = 200

// start finds a record at or before the first one to read, and returns its
// stream sequence. There is no index by the entity's numbers: both numbers grow
// together, so it guesses the place from those on both sides of it.
func (r *reading) start(expected, end uint64) (from uint64, err error) {
	low, high := uint64(0), end // stream sequences
	lowSeq, highSeq := uint64(0), expected
	for round := 0; r.after-lowSeq > near && high-low > 1; round++ {
		guess := low + (high-low)/2
		if round%2 == 0 { // else half: a bound on the rounds whatever the entity's past
			guess = low + uint64(float64(high-low)*float64(r.after-lowSeq-near/2)/float64(highSeq-lowSeq+1))
		}
		guess = min(max(guess, low+1), high-1)
		m, err := r.s.fromLeader(r.ctx, r.s.o.Stream, get{Next: r.s.subjects.record(r.id), Seq: guess})
		if err != nil {
			return 0, err
		}
		rec, err := r.d.record(r.ctx, r.id, m.Seq, m.Data)
		if err != nil {
			return 0, err
		}
		if rec.Expected <= r.after && m.Seq < high {
			low, lowSeq = m.Seq, rec.Expected
		} else {
			high, highSeq = guess, max(min(highSeq, rec.Expected), lowSeq)
		}
	}
	r.seq = lowSeq
	return max(low, 1), nil
}

// each calls f with the messages of the log that the request asks for, in order,
// up to the one at the stream sequence end, which is there. It ends when f wants no
// more.
func (s *Store) each(ctx context.Context, g get, end uint64, f func(*nats.Msg) (more bool, err error)) error {
	g.Batch, g.MaxBytes = fetchMessages, fetchBytes
	for progress := time.Now(); ; {
		var part *fetched
		err := s.retry(ctx, func() (err error) {
			part, err = s.fetch(ctx, s.o.Stream, g)
			return err
		})
		if err != nil {
			return err
		}
		for _, m := range part.messages {
			seq := sequence(m)
			if seq < g.Seq || seq > end {
				return fmt.Errorf("%w: message %d of stream %s is missing: the next one is %d", stores.ErrCorrupt, end, s.o.Stream, seq)
			}
			more, err := f(m)
			if err != nil || !more || seq == end {
				return err
			}
			g.Seq = seq + 1
			progress = time.Now()
		}
		if part.pending > 0 && len(part.messages) > 0 {
			continue
		}
		// A replica that has not got this far yet.
		if time.Since(progress) > s.o.AnswerTimeout {
			return fmt.Errorf("%w: stream %s: the replicas do not show message %d, which its leader has", stores.ErrUnavailable, s.o.Stream, end)
		}
		if err := s.pause(ctx, retryPause); err != nil {
			return err
		}
	}
}

// stop says why a read must not go on.
func (s *Store) stop(ctx context.Context) error {
	if s.isClosing() {
		return stores.ErrClosed
	}
	if err := s.failed(); err != nil {
		return err
	}
	return ctx.Err()
}

// locate finds out what can become of a commit whose Head does not fit its
// number. Applied: it can be appended, and the stream sequence is that of the
// entity's last record. Duplicate: it is the sequence of the commit's record.
func (s *Store) locate(ctx context.Context, c *stores.Commit) (seq uint64, o stores.Outcome, err error) {
	head, _, err := s.lastRecord(ctx, c.Entity)
	switch {
	case err != nil:
		return 0, stores.Refused, err
	case head == nil && c.Expected == 0:
		return 0, stores.Applied, nil
	case head == nil || head.Seq() < c.Expected:
		return 0, stores.Conflict, nil
	case head.Seq() == c.Expected:
		seq, _, _ = s.parseHead(head.Head)
		return seq, stores.Applied, nil
	}
	for rec, err := range s.Read(ctx, c.Entity, c.Expected) {
		if err != nil {
			return 0, stores.Unknown, err // it may be there, from an earlier try
		}
		seq, o = s.same(rec, c)
		break
	}
	return seq, o, nil
}

// after looks for the commit where it must be if it is in the log: right after
// the record at the stream sequence.
func (s *Store) after(ctx context.Context, c *stores.Commit, seq uint64) (at uint64, o stores.Outcome, err error) {
	m, err := s.fromLeader(ctx, s.o.Stream, get{Next: s.subjects.record(c.Entity), Seq: seq + 1})
	if errors.Is(err, errNoMessage) {
		return 0, stores.Conflict, nil
	}
	if err != nil {
		return 0, stores.Unknown, err
	}
	d := decoder{s: s}
	rec, err := d.record(ctx, c.Entity, m.Seq, m.Data)
	if err != nil {
		return 0, stores.Unknown, err
	}
	at, o = s.same(rec, c)
	return at, o, nil
}

// same tells a duplicate from a conflict.
func (s *Store) same(rec *stores.Record, c *stores.Commit) (seq uint64, o stores.Outcome) {
	if rec.Expected != c.Expected || rec.ID != c.ID {
		return 0, stores.Conflict
	}
	seq, _, _ = s.parseHead(rec.Head)
	return seq, stores.Duplicate
}
