package natsapi

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
)

// The outcomes that are no problems.
const (
	accepted  = "accepted"
	found     = "found"
	unchanged = "unchanged" // the caller has this state already
)

// outcome is what a request is answered with.
type outcome struct {
	name      string
	seq       *uint64
	mediaType string // empty: there is no body
	body      []byte
	problem   *wire.Problem // nil: there is none
}

// message returns the outcome as a message, and its headers.
func (o *outcome) message(to string) *nats.Msg {
	h := nats.Header{headerOutcome: {o.name}}
	if o.mediaType != "" {
		h["Content-Type"] = []string{o.mediaType}
	}
	if o.seq != nil {
		h["ETag"] = []string{wire.ETag(*o.seq)}
	}
	if p := o.problem; p != nil {
		h[micro.ErrorHeader] = []string{p.Title}
		h[micro.ErrorCodeHeader] = []string{strconv.Itoa(p.Status)}
		if p.Retry > 0 {
			h["Retry-After"] = []string{strconv.Itoa(int(p.Retry / time.Second))}
		}
	}
	return &nats.Msg{Subject: to, Header: h, Data: o.body}
}

// refuse answers a request with a problem.
func (s *Service) refuse(r *request, p *wire.Problem) {
	if p.Cause != nil {
		s.o.Logger.Error("request over NATS failed", "subject", r.subject, "problem", p.Name, "error", p.Cause)
	}
	if r.reply == "" && s.unheard.Allow() {
		s.o.Logger.Warn("a request over NATS without a reply subject failed", "subject", r.subject, "problem", p.Name, "detail", p.Detail)
	}
	s.answer(r, failure(p))
}

// failure is a problem as an outcome.
func failure(p *wire.Problem) outcome {
	e := wire.NewEncoder(false)
	defer e.Free()
	wire.AppendProblem(e, p)
	return outcome{name: p.Name, seq: p.Seq, mediaType: wire.MediaProblem, body: append([]byte(nil), e.Bytes...), problem: p}
}

// answer answers a request, if its sender wants to know, and ends it.
func (s *Service) answer(r *request, o outcome) {
	r.answered = true
	defer s.leave(r)
	s.stats.count(r, o.name) // before its sender can look
	if r.reply != "" {
		err := s.nc.PublishMsg(o.message(r.reply))
		if errors.Is(err, nats.ErrMaxPayload) {
			was := o.name
			o = failure(s.shorter(&o))
			s.stats.correct(r, was, o.name)
			err = s.nc.PublishMsg(o.message(r.reply))
		}
		if err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
			s.o.Logger.Error("answer over NATS", "subject", r.subject, "outcome", o.name, "error", err)
		}
	}
}

// leave ends a request.
func (s *Service) leave(r *request) {
	if r.cancel != nil {
		r.cancel()
	}
	if !r.tooMany {
		s.inFlight.done(r.size)
	}
}

// recovered answers a request whose serving panicked, if it was not answered. It is deferred.
func (s *Service) recovered(r *request) {
	v := recover()
	if v == nil {
		return
	}
	s.o.Logger.Error("serving a request over NATS panicked", "subject", r.subject, "panic", v, "stack", string(debug.Stack()))
	if !r.answered {
		s.refuse(r, &wire.Problem{Kind: wire.Internal, Detail: "the log of the host says more"})
	}
}

// shorter is the problem in the place of an answer that the server does not take. A problem stays what it is.
func (s *Service) shorter(o *outcome) *wire.Problem {
	if o.problem == nil {
		return s.tooLong(o)
	}
	p := *o.problem
	p.Payload = nil
	p.Detail = fmt.Sprintf("%s (cut, and without the payload: the whole has %d bytes, of which the NATS server takes %d (max_payload))",
		strings.ToValidUTF8(p.Detail[:min(len(p.Detail), detailKept)], ""), len(o.body), s.nc.MaxPayload())
	return &p
}

// detailKept is how much of a problem's detail is sent when the whole is too large.
const detailKept = 200

// tooLong is the problem of an answer that the server does not take. That of a
// command is nothing the caller may take for a refusal.
func (s *Service) tooLong(o *outcome) *wire.Problem {
	p := &wire.Problem{Kind: wire.TooLarge, Detail: fmt.Sprintf(
		"the answer has %d bytes, of which the NATS server takes %d (max_payload): read it over HTTP", len(o.body), s.nc.MaxPayload())}
	if o.name == accepted {
		p.Kind = wire.Internal
		p.Detail = fmt.Sprintf("the command was accepted, but its answer has %d bytes, of which the NATS server takes %d (max_payload); with its id it can be sent again over HTTP to learn the answer",
			len(o.body), s.nc.MaxPayload())
	}
	p.Seq = o.seq
	return p
}
