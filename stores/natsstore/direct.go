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

// fetch asks some replica for many messages. It may lag behind the leader.
func (s *Store) fetch(ctx context.Context, stream string, g get) (*fetched, error) {
	body, err := json.Marshal(g)
	if err != nil {
		return nil, err
	}
	f := &fetched{}
	var failed error
	c := s.answers.begin(func(_ int, m *nats.Msg) bool {
		switch code := status(m); code {
		case "":
			if last := headerNumber(m, headerLast); len(f.messages) > 0 && last != sequence(f.messages[len(f.messages)-1]) {
				failed = fmt.Errorf("%w: an answer was lost on its way", stores.ErrUnavailable)
				return true
			}
			f.messages = append(f.messages, m)
			return false
		case statusEnd:
			f.pending, f.upTo = headerNumber(m, headerPending), headerNumber(m, headerUpTo)
			if n := len(f.messages); n > 0 && headerNumber(m, headerLast) != sequence(f.messages[n-1]) {
				failed = fmt.Errorf("%w: an answer was lost on its way", stores.ErrUnavailable)
			}
		case statusNotFound:
		case statusNoResponders:
			failed = fmt.Errorf("%w: %w", stores.ErrUnavailable, errNobodyListens)
		default:
			failed = fmt.Errorf("%w: %s answers %s %s", stores.ErrUnavailable, s.server(), code, m.Header.Get("Description"))
		}
		return true
	})
	defer s.answers.end(c)
	if err := s.nc.PublishRequest(s.api+"DIRECT.GET."+stream, c.reply(0), body); err != nil {
		return nil, fmt.Errorf("%w: %w", stores.ErrUnavailable, err)
	}
	if err := s.wait(ctx, c, true); err != nil {
		return nil, err
	}
	return f, failed
}

// lastSeq is the sequence of the stream's last message, from its leader; 0: none.
func (s *Store) lastSeq(ctx context.Context, stream string) (uint64, error) {
	m, err := s.last(ctx, stream)
	if m == nil || err != nil {
		return 0, err
	}
	return m.Seq, nil
}

// last is the stream's last message, from its leader; nil: none.
func (s *Store) last(ctx context.Context, stream string) (*message, error) {
	m, err := s.fromLeader(ctx, stream, get{Last: ">"})
	if errors.Is(err, errNoMessage) {
		return nil, nil
	}
	return m, err
}
