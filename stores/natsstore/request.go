package natsstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/eshost/eshost/stores"
)

// errNoMessage: there is no such message.
var errNoMessage = errors.New("there is no such message")

// errNobodyListens: no server serves the subject now.
var errNobodyListens = errors.New("no server of JetStream answers for this now: is it running, and has the stream a leader?")

const (
	statusNoResponders = "503"
	statusNotFound     = "404"
	statusEnd          = "204"
)

// status is the status line's code of an answer without content; empty for others.
func status(m *nats.Msg) string {
	if len(m.Data) > 0 || m.Header == nil {
		return ""
	}
	return m.Header.Get("Status")
}

// wait waits for the call, for as long as an answer may take after the one
// before. It returns nil when the call is complete, else why it
// is not: an error that wraps ErrUnavailable unless the context has ended or the
// store is closing and reads end.
func (s *Store) wait(ctx context.Context, c *call, reading bool) error {
	timer := time.NewTimer(s.o.AnswerTimeout)
	defer timer.Stop()
	var closing <-chan struct{}
	if reading {
		closing = s.closing
	}
	for {
		select {
		case <-c.done:
			if c.err != nil {
				return fmt.Errorf("%w: %w", stores.ErrUnavailable, c.err)
			}
			return nil
		case <-c.progress:
			timer.Reset(s.o.AnswerTimeout)
		case <-ctx.Done():
			return ctx.Err()
		case <-closing:
			return stores.ErrClosed
		case <-timer.C:
			return fmt.Errorf("%w: no answer from %s within %s", stores.ErrUnavailable, s.server(), s.o.AnswerTimeout)
		}
	}
}

// server names the server that is connected, for messages.
func (s *Store) server() string {
	if name := s.nc.ConnectedServerName(); name != "" {
		return "server " + name
	}
	return "any server"
}

// retryPause is the time between two tries of a read.
const retryPause = 20 * time.Millisecond

// retry tries a read until it has an answer, for as long as an answer may take:
// a leader that is being elected, a connection that is being made again, a replica
// that lags behind.
func (s *Store) retry(ctx context.Context, read func() error) error {
	for start := time.Now(); ; {
		err := read()
		if err == nil || !errors.Is(err, stores.ErrUnavailable) || ctx.Err() != nil || time.Since(start) > s.o.AnswerTimeout {
			return err
		}
		if err := s.pause(ctx, retryPause); err != nil {
			return err
		}
	}
}

// pause waits, unless the context ends or the store closes first.
func (s *Store) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return stores.ErrClosed
	}
}

// ask sends one request and waits for its one answer.
func (s *Store) ask(ctx context.Context, subject string, request any) (*nats.Msg, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	var answer *nats.Msg
	c := s.answers.begin(&call{subject: subject, answer: func(_ int, m *nats.Msg) bool { answer = m; return true }})
	defer s.answers.end(c)
	if err := s.nc.PublishRequest(subject, c.reply(0), body); err != nil {
		return nil, fmt.Errorf("%w: %w", stores.ErrUnavailable, err)
	}
	if err := s.wait(ctx, c, true); err != nil {
		return nil, err
	}
	if status(answer) == statusNoResponders {
		return nil, fmt.Errorf("%w: %w", stores.ErrUnavailable, errNobodyListens)
	}
	return answer, nil
}

// get is a request for one message, or for several from a replica.
type get struct {
	Seq       uint64   `json:"seq,omitempty"`
	Last      string   `json:"last_by_subj,omitempty"`
	Next      string   `json:"next_by_subj,omitempty"`
	MultiLast []string `json:"multi_last,omitempty"`
	Batch     int      `json:"batch,omitempty"`
	MaxBytes  int      `json:"max_bytes,omitempty"`
}

// message is one that a stream holds.
type message struct {
	Subject string `json:"subject"`
	Seq     uint64 `json:"seq"`
	Data    []byte `json:"data"`
	Header  []byte `json:"hdrs"`
}

// fromLeader asks the stream's leader for one message: what it answers holds all
// that was acknowledged before. errNoMessage: there is none.
func (s *Store) fromLeader(ctx context.Context, stream string, g get) (*message, error) {
	var found *message
	err := s.retry(ctx, func() error {
		m, err := s.ask(ctx, s.api+"STREAM.MSG.GET."+stream, g)
		if err != nil {
			return err
		}
		var r struct {
			Message *message  `json:"message"`
			Error   *apiError `json:"error"`
		}
		if err := json.Unmarshal(m.Data, &r); err != nil {
			return fmt.Errorf("%w: an answer that is not one: %w", stores.ErrUnavailable, err)
		}
		switch {
		case r.Error != nil && r.Error.ErrCode == codeNoMessage:
			return errNoMessage
		case r.Error != nil:
			return fmt.Errorf("%w: stream %s: %w", stores.ErrUnavailable, stream, r.Error)
		case r.Message == nil:
			return fmt.Errorf("%w: stream %s: an answer without a message", stores.ErrUnavailable, stream)
		}
		found = r.Message
		return nil
	})
	return found, err
}

// publish publishes one message and waits until the stream has it.
func (s *Store) publish(ctx context.Context, subject string, expected uint64, data []byte) (seq uint64, err error) {
	p := s.newPublication([]pending{{subject: subject}})
	defer s.answers.end(p.call)
	if err := p.send(0, subject, expected, data); err != nil {
		return 0, fmt.Errorf("%w: %w", stores.ErrUnavailable, err)
	}
	if err := s.wait(ctx, p.call, true); err != nil {
		return 0, err
	}
	s.checkAck(&p.acks[0])
	return p.acks[0].seq, p.acks[0].err
}

// classify makes a store's error of one of the jetstream package.
func (s *Store) classify(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.Is(err, stores.ErrUnavailable), errors.Is(err, stores.ErrClosed), errors.Is(err, stores.ErrCorrupt), errors.Is(err, stores.ErrNotFound):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case s.isClosing():
		return stores.ErrClosed
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return fmt.Errorf("%w: %w: start nats-server with JetStream, and enable it for this account", stores.ErrUnavailable, err)
	default:
		return fmt.Errorf("%w: %w", stores.ErrUnavailable, err)
	}
}
