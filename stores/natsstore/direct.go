package natsstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/eshost/eshost/stores"
)

// What one request for many messages brings at most.
const (
	fetchMessages = 1000
	fetchBytes    = 4 << 20
)

// fetched is what a replica, or the leader, answers a request for many messages.
type fetched struct {
	messages []*nats.Msg
	pending  uint64 // messages that would follow
	upTo     uint64 // of a request for last messages: how far the replica was
}

func headerNumber(m *nats.Msg, name string) uint64 {
	n, _ := strconv.ParseUint(m.Header.Get(name), 10, 64)
	return n
}

func sequence(m *nats.Msg) uint64 { return headerNumber(m, jetstream.SequenceHeader) }

// Headers of what ends the answers to a request for many messages.
const (
	headerPending = "Nats-Num-Pending"
	headerLast    = "Nats-Last-Sequence"
	headerUpTo    = "Nats-UpTo-Sequence"
)

// errLost: of many answers one is missing.
var errLost = fmt.Errorf("%w: an answer was lost on its way", stores.ErrUnavailable)

// fetch asks some replica for many messages. It may lag behind the leader.
func (s *Store) fetch(ctx context.Context, stream string, g get) (*fetched, error) {
	body, err := json.Marshal(g)
	if err != nil {
		return nil, err
	}
	f := &fetched{}
	var failed error
	last := uint64(0) // each answer names the one before
	subject := s.api + "DIRECT.GET." + stream
	c := s.answers.begin(&call{subject: subject, answer: func(_ int, m *nats.Msg) bool {
		switch code := status(m); code {
		case "":
			if headerNumber(m, headerLast) != last {
				failed = errLost
				return true
			}
			last = sequence(m)
			f.messages = append(f.messages, m)
			return false
		case statusEnd:
			f.pending, f.upTo = headerNumber(m, headerPending), headerNumber(m, headerUpTo)
			if headerNumber(m, headerLast) != last {
				failed = errLost
			}
		case statusNotFound:
			if last != 0 {
				failed = fmt.Errorf("%w: %s cannot read a message that it has", stores.ErrUnavailable, s.server())
			}
		case statusNoResponders:
			failed = fmt.Errorf("%w: %w", stores.ErrUnavailable, errNobodyListens)
		default:
			failed = fmt.Errorf("%w: %s answers %s %s", stores.ErrUnavailable, s.server(), code, m.Header.Get("Description"))
		}
		return true
	}})
	defer s.answers.end(c)
	if err := s.nc.PublishRequest(subject, c.reply(0), body); err != nil {
		return nil, fmt.Errorf("%w: %w", stores.ErrUnavailable, err)
	}
	if err := s.wait(ctx, c, true); err != nil {
		return nil, err
	}
	return f, failed
}

// last is the stream's last message, from its leader; nil: the stream is empty.
func (s *Store) last(ctx context.Context, stream string) (*message, error) {
	m, err := s.fromLeader(ctx, stream, get{Last: ">"})
	if !errors.Is(err, errNoMessage) {
		return m, err
	}
	// So does a stream answer whose last message was deleted.
	ctx, cancel := s.until(ctx)
	defer cancel()
	handle, err := s.js.Stream(ctx, stream)
	if err != nil {
		return nil, s.classify(ctx, err)
	}
	info := handle.CachedInfo() // the first number may be configured
	if seq := info.State.LastSeq; seq >= max(1, info.Config.FirstSeq) {
		// Unless it has come in between.
		if m, err = s.fromLeader(ctx, stream, get{Last: ">"}); errors.Is(err, errNoMessage) {
			err = fmt.Errorf("%w: the last message of stream %s, number %d, is missing", stores.ErrCorrupt, stream, seq)
		}
		return m, err
	}
	return nil, nil
}

// seqOf is the message's sequence; 0 for none.
func seqOf(m *message) uint64 {
	if m == nil {
		return 0
	}
	return m.Seq
}

// errBehind: a leader that was deposed and does not know it yet may answer with
// less than is there.
var errBehind = fmt.Errorf("%w: the stream's leader does not show what was acknowledged before", stores.ErrUnavailable)

// lastOfLog is the last message of the log's stream, from its leader; nil: none. A
// leader that is behind the sequence or behind what is known is asked again.
func (s *Store) lastOfLog(ctx context.Context, at uint64) (m *message, err error) {
	known := s.changes.known()
	err = s.retry(ctx, func() error {
		if m, err = s.last(ctx, s.o.Stream); err == nil && seqOf(m) < max(at, known) {
			if err = s.verify(ctx); err == nil {
				err = errBehind
			}
		}
		return err
	})
	if errors.Is(err, errBehind) && ctx.Err() == nil && seqOf(m) >= known {
		return m, nil // it is the sequence given that is wrong
	}
	return m, err
}
