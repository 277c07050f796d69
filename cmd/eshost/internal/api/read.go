package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// format chooses the format of an answer without a request body.
func format(r *request) (msgpack bool, p *wire.Problem) {
	i, p := wire.Acceptable(r.Header, wire.NamesOfJSON, wire.NamesOfMsgpack)
	return i == 1, p
}

// state serves an entity's state, or one that it had.
func (s *Server) state(w http.ResponseWriter, r *request) *wire.Problem {
	if _, given := r.query["at"]; given {
		return s.stateAt(w, r, nil)
	}
	return s.answerState(w, r, func(ctx context.Context) (host.State, error) { return s.host.State(ctx, r.entity) })
}

// answerState serves a state.
func (s *Server) answerState(w http.ResponseWriter, r *request, read func(context.Context) (host.State, error)) *wire.Problem {
	wanted, p := wire.ReadWanted(r.entity, r.Header)
	if p != nil {
		return p
	}
	ctx, cancel := context.WithTimeout(r.Context(), wanted.Timeout)
	defer cancel()
	state, err := read(ctx)
	if err != nil {
		return wire.ProblemOf(err)
	}
	e, p := wanted.Answer(&state)
	if p != nil {
		return p
	}
	w.Header().Set("ETag", wire.ETag(state.Seq))
	if e == nil {
		w.Header().Set("Vary", "Accept")
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	defer e.Free()
	send(w, e)
	return nil
}

// pageBytes is how many bytes of answer end a page early.
const pageBytes = 4 << 20

// events serves a page of an entity's events, or all of them live.
func (s *Server) events(w http.ResponseWriter, r *request) *wire.Problem {
	chosen, p := wire.Acceptable(r.Header, wire.NamesOfJSON, wire.NamesOfMsgpack, []string{wire.MediaEvents})
	if p != nil {
		return p
	}
	after, p := r.after()
	if p != nil {
		return p
	}
	if chosen == 2 {
		return s.follow(w, r, after)
	}
	limit, p := r.limit()
	if p != nil {
		return p
	}
	d, p := wire.Timeout(r.Header)
	if p != nil {
		return p
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	defer cancel()

	e := wire.NewEncoder(chosen == 1)
	defer e.Free()
	var all []host.Event
	size, more := 0, false
	for ev, err := range s.host.Events(ctx, r.entity, after) {
		if err != nil {
			return wire.ProblemOf(err)
		}
		if len(all) == limit || size > pageBytes {
			more = true
			break
		}
		all = append(all, ev)
		size += len(ev.Payload) + len(ev.Name) + 128
	}
	if len(all) == 0 && after == 0 {
		if p := s.serves(r.entity.Type); p != nil {
			return p
		}
	}
	e.Object(1 + count(more))
	e.Key("events")
	e.Array(len(all))
	for i := range all {
		e.Item()
		appendEvent(e, &all[i])
	}
	e.EndArray()
	if more {
		e.Key("next")
		e.Uint(all[len(all)-1].Seq)
	}
	e.EndObject()
	send(w, e)
	return nil
}

func appendEvent(e *wire.Encoder, ev *host.Event) {
	e.Object(7)
	e.Key("seq")
	e.Uint(ev.Seq)
	e.Key("name")
	e.Str(ev.Name)
	e.Key("version")
	e.Uint(uint64(ev.Version))
	e.Key("payload")
	e.Payload(ev.Payload)
	e.Key("time")
	e.Time(ev.Time)
	e.Key("plugin")
	e.Str(ev.Plugin.String())
	e.Key("position")
	e.Str(ev.Position.String())
	e.EndObject()
}

// entities serves a page of the ids of a type.
func (s *Server) entities(w http.ResponseWriter, r *request) *wire.Problem {
	msgpack, p := format(r)
	if p != nil {
		return p
	}
	limit, p := r.limit()
	if p != nil {
		return p
	}
	d, p := wire.Timeout(r.Header)
	if p != nil {
		return p
	}
	after := r.query["after"]
	// A type is checked with an id beside it: any will do where none is given.
	probe := stores.EntityID{Type: r.entity.Type, ID: after}
	if after == "" {
		probe.ID = "-"
	}
	if err := probe.Validate(); err != nil {
		return wire.ProblemOf(err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	defer cancel()

	var all []string
	more := false
	for id, err := range s.host.Entities(ctx, r.entity.Type, after) {
		if err != nil {
			return wire.ProblemOf(err)
		}
		if len(all) == limit {
			more = true
			break
		}
		all = append(all, id.ID)
	}
	if len(all) == 0 && after == "" {
		if p := s.serves(r.entity.Type); p != nil {
			return p
		}
	}
	e := wire.NewEncoder(msgpack)
	defer e.Free()
	e.Object(1 + count(more))
	e.Key("entities")
	e.Array(len(all))
	for _, id := range all {
		e.Item()
		e.Str(id)
	}
	e.EndArray()
	if more {
		e.Key("next")
		e.Str(all[len(all)-1])
	}
	e.EndObject()
	send(w, e)
	return nil
}

// serves returns nil if a plugin serves the type. What a type has left behind
// can be read without one, but where there is nothing the name may be wrong.
func (s *Server) serves(typ string) *wire.Problem {
	for _, t := range s.host.Types() {
		if t.Name == typ {
			return nil
		}
	}
	return wire.ProblemOf(fmt.Errorf("%w: %q", host.ErrUnknownType, typ))
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
