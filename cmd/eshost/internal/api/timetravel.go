package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/host"
)

// stateBy serves the state that a plugin, which is the body, makes of an entity's events.
func (s *Server) stateBy(w http.ResponseWriter, r *request) *wire.Problem {
	wasm, p := s.module(w, r)
	if p != nil {
		return p
	}
	return s.stateAt(w, r, wasm)
}

// stateAt serves the state that an entity had after the event that the query names, as the plugin of these bytes, or else that
// which serves, makes it.
func (s *Server) stateAt(w http.ResponseWriter, r *request, wasm []byte) *wire.Problem {
	seq, p := r.seq("at")
	if p != nil {
		return p
	}
	return s.answerState(w, r, func(ctx context.Context) (host.State, error) { return s.host.StateAt(ctx, r.entity, seq, wasm) })
}

// seq reads a parameter that names an event.
func (r *request) seq(name string) (uint64, *wire.Problem) {
	n, ok := wire.ParseSeq(r.query[name])
	if !ok || n == 0 {
		return 0, wire.Invalid(fmt.Sprintf("%s %.40q: want the sequence number of an event, from 1 on", name, r.query[name]))
	}
	return n, nil
}

// dryRun shows what a command would do.
func (s *Server) dryRun(w http.ResponseWriter, r *request) *wire.Problem {
	if _, given := r.Header["Idempotency-Key"]; given {
		return wire.Invalid("Idempotency-Key: a dry run does nothing that it could do twice, and does not look at which were used: leave it out")
	}
	a, p := s.asked(w, r)
	if p != nil {
		return p
	}
	ctx, cancel := context.WithTimeout(r.Context(), a.Timeout)
	defer cancel()
	d, err := s.host.DryRun(ctx, a.Entity, a.Command)
	if err != nil {
		return wire.ProblemOf(err)
	}
	e := a.Encoder()
	defer e.Free()
	e.Object(6 + count(d.Rejection != nil))
	e.Key("seq")
	e.Uint(d.Seq)
	e.Key("plugin")
	e.Str(d.Plugin.String())
	e.Key("time")
	e.Time(d.Time)
	e.Key("events")
	e.Array(len(d.Events))
	for i := range d.Events {
		ev := &d.Events[i]
		e.Item()
		e.Object(4)
		e.Key("seq")
		e.Uint(ev.Seq)
		appendNamed(e, ev.Name, ev.Version, ev.Payload)
		e.EndObject()
	}
	e.EndArray()
	e.Key("reply")
	e.Payload(d.Reply)
	if d.Rejection != nil {
		e.Key("rejection")
		e.Object(2)
		e.Key("code")
		e.Str(d.Rejection.Code)
		e.Key("payload")
		e.Payload(d.Rejection.Payload)
		e.EndObject()
	}
	e.Key("state")
	e.Payload(d.State)
	e.EndObject()
	send(w, e)
	return nil
}

// verify has an entity's recorded commands decided again by the plugins that decided them.
func (s *Server) verify(w http.ResponseWriter, r *request) *wire.Problem {
	msgpack, p := format(r)
	if p != nil {
		return p
	}
	d, p := wire.Timeout(r.Header)
	if p != nil {
		return p
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	defer cancel()
	v, err := s.host.VerifyEntity(ctx, r.entity)
	if err != nil {
		return wire.ProblemOf(err)
	}
	e := wire.NewEncoder(msgpack)
	defer e.Free()
	e.Object(7)
	e.Key("seq")
	e.Uint(v.Seq)
	appendDecided(e, &v.Decided)
	e.Key("plugins")
	e.Array(len(v.Plugins))
	for i := range v.Plugins {
		p := &v.Plugins[i]
		e.Item()
		e.Object(5 + count(p.Err != nil))
		e.Key("plugin")
		e.Str(p.Plugin.String())
		appendDecided(e, &p.Decided)
		if p.Err != nil {
			e.Key("error")
			e.Str(p.Err.Error())
		}
		e.EndObject()
	}
	e.EndArray()
	e.Key("decisions")
	e.Array(len(v.Decisions))
	for _, d := range v.Decisions {
		e.Item()
		appendRedecision(e, d)
	}
	e.EndArray()
	e.EndObject()
	send(w, e)
	return nil
}
