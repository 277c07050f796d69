package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// format chooses the format of an answer without a request body.
func format(r *request) (msgpack bool, p *problem) {
	i, p := acceptable(r.Request, namesOfJSON, namesOfMsgpack)
	return i == 1, p
}

// state serves an entity's state.
func (s *Server) state(w http.ResponseWriter, r *request) *problem {
	msgpack, p := format(r)
	if p != nil {
		return p
	}
	match, hasMatch, p := one(r.Header, "If-Match")
	if p != nil {
		return p
	}
	d, p := timeout(r.Header)
	if p != nil {
		return p
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	defer cancel()
	state, err := s.host.State(ctx, r.entity)
	if err != nil {
		return problemOf(err)
	}
	tag := etag(state.Seq)
	if hasMatch && !listed(match, tag, false) {
		return &problem{kind: kindExpectedSeq, detail: fmt.Sprintf("%s is at %d", r.entity, state.Seq), seq: &state.Seq}
	}
	w.Header().Set("ETag", tag)
	if listed(strings.Join(r.Header.Values("If-None-Match"), ","), tag, true) {
		w.Header().Set("Vary", "Accept")
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	e := newEncoder(msgpack)
	defer e.free()
	e.object(7)
	e.key("type")
	e.str(r.entity.Type)
	e.key("id")
	e.str(r.entity.ID)
	e.key("seq")
	e.uint(state.Seq)
	e.key("state")
	e.payload(state.Payload)
	e.key("plugin")
	e.str(state.Plugin.String())
	e.key("state_schema")
	e.str(state.StateSchema)
	e.key("time")
	e.time(state.Time)
	e.endObject()
	e.send(w)
	return nil
}

// listed reports whether a header's list of entity tags covers the tag.
func listed(header, tag string, weak bool) bool {
	for element := range strings.SplitSeq(header, ",") {
		element = strings.TrimSpace(element)
		if weak {
			element = strings.TrimPrefix(element, "W/")
		}
		if element == tag || element == "*" {
			return true
		}
	}
	return false
}

// pageBytes is how many bytes of answer end a page early.
const pageBytes = 4 << 20

// events serves a page of an entity's events, or all of them live.
func (s *Server) events(w http.ResponseWriter, r *request) *problem {
	chosen, p := acceptable(r.Request, namesOfJSON, namesOfMsgpack, []string{mediaEvents})
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
	d, p := timeout(r.Header)
	if p != nil {
		return p
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	defer cancel()

	e := newEncoder(chosen == 1)
	defer e.free()
	var all []host.Event
	size, more := 0, false
	for ev, err := range s.host.Events(ctx, r.entity, after) {
		if err != nil {
			return problemOf(err)
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
	e.object(1 + count(more))
	e.key("events")
	e.array(len(all))
	for i := range all {
		e.item()
		appendEvent(e, &all[i])
	}
	e.endArray()
	if more {
		e.key("next")
		e.uint(all[len(all)-1].Seq)
	}
	e.endObject()
	e.send(w)
	return nil
}

func appendEvent(e *encoder, ev *host.Event) {
	e.object(7)
	e.key("seq")
	e.uint(ev.Seq)
	e.key("name")
	e.str(ev.Name)
	e.key("version")
	e.uint(uint64(ev.Version))
	e.key("payload")
	e.payload(ev.Payload)
	e.key("time")
	e.time(ev.Time)
	e.key("plugin")
	e.str(ev.Plugin.String())
	e.key("position")
	e.str(ev.Position.String())
	e.endObject()
}

// entities serves a page of the ids of a type.
func (s *Server) entities(w http.ResponseWriter, r *request) *problem {
	msgpack, p := format(r)
	if p != nil {
		return p
	}
	limit, p := r.limit()
	if p != nil {
		return p
	}
	d, p := timeout(r.Header)
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
		return problemOf(err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	defer cancel()

	var all []string
	more := false
	for id, err := range s.host.Entities(ctx, r.entity.Type, after) {
		if err != nil {
			return problemOf(err)
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
	e := newEncoder(msgpack)
	defer e.free()
	e.object(1 + count(more))
	e.key("entities")
	e.array(len(all))
	for _, id := range all {
		e.item()
		e.str(id)
	}
	e.endArray()
	if more {
		e.key("next")
		e.str(all[len(all)-1])
	}
	e.endObject()
	e.send(w)
	return nil
}

// serves returns nil if a plugin serves the type. What a type has left behind
// can be read without one, but where there is nothing the name may be wrong.
func (s *Server) serves(typ string) *problem {
	for _, t := range s.host.Types() {
		if t.Name == typ {
			return nil
		}
	}
	return problemOf(fmt.Errorf("%w: %q", host.ErrUnknownType, typ))
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
