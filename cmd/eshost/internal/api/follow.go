package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// streamWriteTimeout is how long a live stream waits for its client to read.
// A client that comes back goes on where it was, and until then nothing is held for it.
const streamWriteTimeout = 30 * time.Second

// follow serves an entity's events as server-sent events: those there are and
// new ones as they come. The sequence number is the event's id.
func (s *Server) follow(w http.ResponseWriter, r *request, after uint64) *problem {
	if _, given := r.query["limit"]; given {
		return invalid("limit: a live stream has no pages")
	}
	// A client that reconnects repeats its first request, with this added.
	if last, given, p := one(r.Header, "Last-Event-Id"); p != nil {
		return p
	} else if given && last != "" {
		var ok bool
		if after, ok = parseSeq(last); !ok {
			return invalid(fmt.Sprintf("Last-Event-ID %.40q: want a sequence number", last))
		}
	}
	if err := r.entity.Validate(); err != nil {
		return problemOf(err)
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	if p := s.serves(r.entity.Type); p != nil {
		found, err := s.hasEvents(ctx, r)
		if err != nil {
			return problemOf(err)
		}
		if !found {
			return p
		}
	}
	defer onEnd(s.draining, cancel)()

	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Time{}) // where the server sets none there is none to lift
	h := w.Header()
	h.Set("Content-Type", mediaEvents)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}

	out := newOutflow()
	through := writeThrough(w, rc.Flush)
	write := func(b []byte) error {
		_ = rc.SetWriteDeadline(time.Now().Add(streamWriteTimeout))
		return through(b)
	}
	written := s.start(r, cancel, func() error { return out.run(write, s.o.Heartbeat, ": still here\n\n") })
	s.feed(ctx, r, after, out)
	out.close()
	<-written
	_ = rc.SetWriteDeadline(time.Time{})
	return nil
}

// hasEvents reports whether the entity has any.
func (s *Server) hasEvents(ctx context.Context, r *request) (bool, error) {
	for _, err := range s.host.Events(ctx, r.entity, 0) {
		return err == nil, err
	}
	return false, nil
}

// feed adds the events to out until ctx or out ends.
func (s *Server) feed(ctx context.Context, r *request, after uint64, out *outflow) {
	e := newEncoder(false)
	defer e.free()
	if out.add([]byte("retry: 1000\n\n")) != nil {
		return
	}
	for ev, err := range s.host.Follow(ctx, r.entity, after) {
		e.b = e.b[:0]
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			p := problemOf(err)
			s.logCause(r.Request, p)
			e.b = append(e.b, "event: problem\ndata: "...)
			e.object(0)
			p.members(e)
			e.endObject()
		default:
			e.b = append(e.b, "id: "...)
			e.b = strconv.AppendUint(e.b, ev.Seq, 10)
			e.b = append(e.b, "\ndata: "...)
			appendEvent(e, &ev)
		}
		e.b = append(e.b, "\n\n"...)
		if out.add(e.b) != nil || err != nil {
			return
		}
	}
}
