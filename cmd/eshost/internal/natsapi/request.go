package natsapi

import (
	"context"
	"fmt"
	"net/http"
	"net/textproto"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/micro"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
)

// Header names that HTTP has not. The others are those of the HTTP API.
const (
	headerWait    = "Eshost-Wait"    // of a command: whether it waits for room in the mailbox
	headerOutcome = "Eshost-Outcome" // of an answer: accepted, found, unchanged, or the name of a problem
)

// request is a message while it is in flight.
type request struct {
	endpoint string
	subject  string
	reply    string // empty: nobody is told the outcome
	size     int64
	taken    time.Time
	tooMany  bool // it is not in flight: there is no room
	answered bool
	ctx      context.Context // of what is done for it; nil until within
	cancel   context.CancelFunc
}

// within gives the request its time.
func (r *request) within(ctx context.Context, timeout time.Duration) {
	r.ctx, r.cancel = context.WithTimeout(ctx, timeout)
}

// take takes a message up. It is answered exactly once.
func (s *Service) take(endpoint string, m micro.Request) *request {
	r := &request{endpoint: endpoint, subject: m.Subject(), reply: m.Reply(), size: size(m), taken: time.Now()}
	r.tooMany = !s.inFlight.add(r.size, s.o.InFlight, s.o.InFlightBytes)
	return r
}

// size is about what a message takes in memory.
func size(m micro.Request) int64 {
	return int64(len(m.Subject()) + len(m.Reply()) + headerSize(m) + len(m.Data()))
}

func headerSize(m micro.Request) (n int) {
	for name, values := range m.Headers() {
		for _, value := range values {
			n += len(name) + len(value)
		}
	}
	return n
}

// full is why a request that found no room is refused.
func (s *Service) full() *wire.Problem {
	return &wire.Problem{Kind: wire.MailboxFull, Detail: fmt.Sprintf(
		"the host has %d requests over NATS in flight, of %d or %d bytes at most: nothing was done, send it again later", s.inFlight.count(), s.o.InFlight, s.o.InFlightBytes)}
}

// headers returns a message's headers as HTTP's: there they are the same in upper and lower case.
func headers(m micro.Request) http.Header {
	h := make(http.Header, len(m.Headers()))
	for name, values := range m.Headers() {
		name = textproto.CanonicalMIMEHeaderKey(name)
		h[name] = append(h[name], values...)
	}
	return h
}

// waits reads whether a command waits for room in its entity's mailbox. One whose sender
// would not learn that it was refused does, if nothing else is said.
func waits(h http.Header, unheard bool) (bool, *wire.Problem) {
	text, given, p := wire.One(h, headerWait)
	switch {
	case p != nil:
		return false, p
	case !given:
		return unheard, nil
	case text == "false":
		return false, nil
	case text == "true":
		return true, nil
	}
	return false, wire.Invalid(fmt.Sprintf("%s %.40q: want true or false", headerWait, text))
}

// load counts what is in flight.
type load struct{ n, bytes atomic.Int64 }

// add returns false, and adds nothing, if there would be more than there may be. One alone always fits.
func (l *load) add(size int64, most int, mostBytes int64) bool {
	n, bytes := l.n.Add(1), l.bytes.Add(size)
	if n > int64(most) || bytes > mostBytes && n > 1 {
		l.done(size)
		return false
	}
	return true
}

func (l *load) done(size int64) {
	l.bytes.Add(-size)
	l.n.Add(-1)
}

func (l *load) count() int64 { return l.n.Load() }
