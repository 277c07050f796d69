package natsapi

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/micro"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// command takes up one command. It never blocks, and is called for one message after the
// other, so that commands reach their entities in the order they came.
func (s *Service) command(m micro.Request) {
	c := &command{request: s.take(commandEndpoint, m)}
	defer s.recovered(c.request)
	if c.tooMany {
		s.refuse(c.request, s.full())
		return
	}
	var p *wire.Problem
	if c.Asked, p = s.read(m); p != nil {
		s.refuse(c.request, p)
		return
	}
	c.within(s.ctx, c.Timeout)
	s.begin(c)
}

// command is a command while it is in flight.
type command struct {
	*request
	*wire.Asked
}

// read reads a command.
func (s *Service) read(m micro.Request) (*wire.Asked, *wire.Problem) {
	parts, p := names(m.Subject(), s.o.Prefix, commandEndpoint, "type", "id", "command")
	if p != nil {
		return nil, p
	}
	h := headers(m)
	if len(h["Content-Type"]) == 0 {
		h["Content-Type"] = []string{wire.MediaJSON} // what is typed by hand has none
	}
	body := m.Data()
	a, p := wire.ReadHeaders(stores.EntityID{Type: parts[0], ID: parts[1]}, parts[2], h, len(body) == 0)
	if p != nil {
		return nil, p
	}
	if a.Command.Wait, p = waits(h, m.Reply() == ""); p != nil {
		return nil, p
	}
	if len(body) > s.o.MaxBodyBytes {
		return nil, &wire.Problem{Kind: wire.TooLarge, Detail: fmt.Sprintf("the body is larger than %d bytes", s.o.MaxBodyBytes)}
	}
	if headerSize(m) > len(body) {
		body = bytes.Clone(body) // which would keep the headers in memory, as long as it is
	}
	return a, a.ReadPayload(body)
}

// begin hands a command to its entity, or puts it in the line of those that wait for room in the entity's mailbox.
func (s *Service) begin(c *command) {
	if queued, p := s.lines.join(s, c); p != nil {
		s.end(c, host.Reply{}, p)
		return
	} else if queued {
		return
	}
	now := c.Command
	now.Wait = false
	p, err := s.host.Begin(c.ctx, c.Entity, now)
	switch {
	case err == nil:
		go s.await(c, p)
	case c.Command.Wait && errors.Is(err, host.ErrMailboxFull):
		s.lines.open(s, c)
	default:
		s.end(c, host.Reply{}, wire.ProblemOf(err))
	}
}

// await answers a command that its entity has.
func (s *Service) await(c *command, p pending) {
	defer s.recovered(c.request)
	reply, err := p.Answer(c.ctx)
	if err != nil {
		s.end(c, host.Reply{}, wire.ProblemOf(err))
		return
	}
	s.end(c, reply, nil)
}

// end answers a command.
func (s *Service) end(c *command, reply host.Reply, p *wire.Problem) {
	if p != nil {
		s.refuse(c.request, p)
		return
	}
	e := c.Asked.Answer(&reply)
	defer e.Free()
	s.answer(c.request, outcome{name: accepted, seq: &reply.Seq, mediaType: e.MediaType(), body: e.Bytes})
}
