package natsstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/eshost/eshost/stores"
)

// publication is messages that are published to one stream and waited for
// together, an answer for each, or for all of them one.
type publication struct {
	s     *Store
	call  *call
	sent  []pending // whose answers are waited for
	acks  []ack
	left  int
	floor uint64 // what is stored from now on has a later stream sequence
}

// ack is a stream's answer to a message.
type ack struct {
	done bool // it has come, or the message was not sent
	seq  uint64
	err  error // *apiError, errNobodyListens, errReplaced, or what wraps errUnsent
}

// newPublication expects an answer to each of the commits. The caller must end
// its call.
func (s *Store) newPublication(sent []pending) *publication {
	p := &publication{s: s, sent: sent, acks: make([]ack, len(sent)), left: len(sent), floor: s.changes.known()}
	p.call = s.answers.begin(&call{answer: p.answer, denied: p.denied})
	return p
}

func (p *publication) answer(i int, m *nats.Msg) (complete bool) {
	if i < 0 || i >= len(p.acks) || p.acks[i].done {
		return false
	}
	a := ack{done: true}
	if status(m) == statusNoResponders {
		a.err = errNobodyListens
	} else {
		a.seq, a.err = parseAck(m.Data)
		if a.err == nil && a.seq <= p.floor {
			a.err = errReplaced
		}
	}
	p.acks[i] = a
	p.left--
	return p.left == 0
}

// denied answers for messages that a server does not take for want of a permission.
func (p *publication) denied(subject string, err error) (complete bool) {
	for i := range p.sent {
		if p.sent[i].subject == subject && !p.acks[i].done {
			p.acks[i] = ack{done: true, err: fmt.Errorf("%w: %w: give the store's user the permission", errUnsent, err)}
			p.left--
		}
	}
	return p.left == 0
}

// checkAck fails the log when the stream stored a message where another was.
func (s *Store) checkAck(a *ack) {
	if a.done && errors.Is(a.err, errReplaced) {
		s.fail(a.err)
	}
}

// errUnsent marks what no stream has got.
var errUnsent = errors.New("it was not sent")

// unsent answers for a message that was not sent.
func (p *publication) unsent(i int, err error) {
	p.call.mu.Lock()
	if !p.acks[i].done {
		p.acks[i] = ack{done: true, err: fmt.Errorf("%w: %w", errUnsent, err)}
		p.left--
	}
	complete := p.left == 0
	p.call.mu.Unlock()
	if complete {
		p.call.finish(nil)
	}
}

// parseAck reads a stream's answer to a message. Nearly all are short and have a
// sequence number.
func parseAck(data []byte) (seq uint64, err error) {
	const name = `"seq":`
	if i := bytes.Index(data, []byte(name)); i >= 0 && !bytes.Contains(data, []byte(`"error"`)) {
		digits := bytes.TrimLeft(data[i+len(name):], " ")
		n := 0
		for n < len(digits) && digits[n] >= '0' && digits[n] <= '9' {
			seq = seq*10 + uint64(digits[n]-'0')
			n++
		}
		if n > 0 && seq > 0 {
			return seq, nil
		}
	}
	var r struct {
		Error *apiError `json:"error"`
	}
	if err := json.Unmarshal(data, &r); err != nil || r.Error == nil {
		return 0, fmt.Errorf("%w: an answer that is not one: %.100q", stores.ErrUnavailable, data)
	}
	return 0, r.Error
}

// send publishes the i-th message under the condition that the subject's last
// message is the expected one, 0: that there is none.
func (p *publication) send(i int, subject string, expected uint64, data []byte) error {
	return p.s.nc.PublishMsg(&nats.Msg{Subject: subject, Reply: p.call.reply(i), Data: data,
		Header: nats.Header{jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(expected, 10)}}})
}

// Headers of a message in an atomic batch.
const (
	headerBatchID       = "Nats-Batch-Id"
	headerBatchSequence = "Nats-Batch-Sequence"
	headerBatchCommit   = "Nats-Batch-Commit"
)

// sendMember publishes the i-th of n messages of an atomic batch. The last one
// commits it, and has the answer to all.
func (p *publication) sendMember(i, n int, batch, subject string, expected uint64, data []byte) error {
	m := &nats.Msg{Subject: subject, Data: data, Header: nats.Header{
		jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(expected, 10)},
		headerBatchID:                       {batch},
		headerBatchSequence:                 {strconv.Itoa(i + 1)},
	}}
	if i == n-1 {
		m.Header[headerBatchCommit] = []string{"1"}
		m.Reply = p.call.reply(0)
	}
	return p.s.nc.PublishMsg(m)
}
