package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
)

// streamWriteTimeout is how long a live stream waits for its client to read.
// A client that comes back goes on where it was, and until then nothing is held for it.
const streamWriteTimeout = 30 * time.Second

// follow serves an entity's events as server-sent events: those there are and
// new ones as they come. The sequence number is the event's id.
func (s *Server) follow(w http.ResponseWriter, r *request, after uint64) *wire.Problem {
	if _, given := r.query["limit"]; given {
		return wire.Invalid("limit: a live stream has no pages")
	}
	// A client that reconnects repeats its first request, with this added.
	if last, given, p := wire.One(r.Header, "Last-Event-Id"); p != nil {
		return p
	} else if given && last != "" {
		var ok bool
		if after, ok = wire.ParseSeq(last); !ok {
			return wire.Invalid(fmt.Sprintf("Last-Event-ID %.40q: want a sequence number", last))
		}
	}
	if err := r.entity.Validate(); err != nil {
		return wire.ProblemOf(err)
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	if p := s.serves(r.entity.Type); p != nil {
		found, err := s.hasEvents(ctx, r)
		if err != nil {
			return wire.ProblemOf(err)
		}
		if !found {
			return p
		}
	}
	defer onEnd(s.draining, cancel)()

	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Time{}) // where the server sets none there is none to lift
	h := w.Header()
	h.Set("Content-Type", wire.MediaEvents)
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
	e := wire.NewEncoder(false)
	defer e.Free()
	if out.add([]byte("retry: 1000\n\n")) != nil {
		return
	}
	for ev, err := range s.host.Follow(ctx, r.entity, after) {
		e.Bytes = e.Bytes[:0]
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			p := wire.ProblemOf(err)
			s.logCause(r.Request, p)
			e.Bytes = append(e.Bytes, "event: problem\ndata: "...)
			e.Object(0)
			p.Members(e)
			e.EndObject()
		default:
			e.Bytes = append(e.Bytes, "id: "...)
			e.Bytes = strconv.AppendUint(e.Bytes, ev.Seq, 10)
			e.Bytes = append(e.Bytes, "\ndata: "...)
			appendEvent(e, &ev)
		}
		e.Bytes = append(e.Bytes, "\n\n"...)
		if out.add(e.Bytes) != nil || err != nil {
			return
		}
	}
}
