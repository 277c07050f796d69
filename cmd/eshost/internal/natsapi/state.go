package natsapi

import (
	"fmt"

	"github.com/nats-io/nats.go/micro"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// readsAtOnce is how many states are read at once; each may be as large as a state gets.
const readsAtOnce = 256

// state takes up one read of a state.
func (s *Service) state(m micro.Request) {
	r := s.take(stateEndpoint, m)
	defer s.recovered(r)
	if r.tooMany {
		s.refuse(r, s.full())
		return
	}
	parts, p := names(m.Subject(), s.o.Prefix, stateEndpoint, "type", "id")
	if p != nil {
		s.refuse(r, p)
		return
	}
	wanted, p := wire.ReadWanted(stores.EntityID{Type: parts[0], ID: parts[1]}, headers(m))
	if p != nil {
		s.refuse(r, p)
		return
	}
	go s.show(r, wanted)
}

// show answers a read.
func (s *Service) show(r *request, wanted *wire.Wanted) {
	defer s.recovered(r)
	r.within(s.ctx, wanted.Timeout)
	select {
	case s.reads <- struct{}{}:
		defer func() { <-s.reads }()
	case <-r.ctx.Done():
		s.refuse(r, wire.ProblemOf(fmt.Errorf("%s: %w: %d states are being read: %w", wanted.Entity, host.ErrNotStarted, readsAtOnce, r.ctx.Err())))
		return
	}
	state, err := s.host.State(r.ctx, wanted.Entity)
	if err != nil {
		s.refuse(r, wire.ProblemOf(err))
		return
	}
	e, p := wanted.Answer(&state)
	switch {
	case p != nil:
		s.refuse(r, p)
	case e == nil:
		s.answer(r, outcome{name: unchanged, seq: &state.Seq})
	default:
		defer e.Free()
		s.answer(r, outcome{name: found, seq: &state.Seq, mediaType: e.MediaType(), body: e.Bytes})
	}
}
