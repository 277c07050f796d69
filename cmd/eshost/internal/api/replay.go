package api

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/host"
)

// module reads a plugin, which is the body. No time limit holds for it, nor for the answer.
func (s *Server) module(w http.ResponseWriter, r *request) ([]byte, *wire.Problem) {
	if _, p := wire.BodyType(r.Header, r.ContentLength == 0, namesOfWasm); p != nil {
		return nil, p
	}
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Time{}) // where the server sets none there is none to lift
	_ = rc.SetWriteDeadline(time.Time{})
	return s.upTo(w, r.Request, s.o.MaxPluginBytes)
}

// replay compares what a plugin, which is the body, makes of recorded history with what the serving one makes of
// it. Each line says how far that is; the last one has all that was found, or is a problem.
func (s *Server) replay(w http.ResponseWriter, r *request) *wire.Problem {
	if _, p := wire.Acceptable(r.Header, wire.NamesOfNDJSON[:1]); p != nil {
		return p
	}
	q, p := r.replayQuery()
	if p != nil {
		return p
	}
	wasm, p := s.module(w, r)
	if p != nil {
		return p
	}
	rc := http.NewResponseController(w)
	var through func([]byte) error // nil: nothing is answered yet
	for report, err := range s.host.Replay(r.Context(), q, wasm) {
		if err != nil && through == nil {
			return wire.ProblemOf(err)
		}
		if through == nil {
			openLines(w)
			through = writeThrough(w, rc.Flush)
		}
		e := wire.NewEncoder(false)
		if err != nil {
			p := wire.ProblemOf(err)
			s.logCause(r.Request, p)
			e.Object(1)
			e.Key("problem")
			e.Object(0)
			p.Members(e)
			e.EndObject()
			e.EndObject()
		} else {
			appendReport(e, report)
		}
		e.Bytes = append(e.Bytes, '\n')
		err = through(e.Bytes)
		e.Free()
		if err != nil {
			return nil // the client is gone
		}
	}
	return nil
}

// replayQuery reads what is to be replayed.
func (r *request) replayQuery() (q host.ReplayQuery, p *wire.Problem) {
	q.Type = r.entity.Type
	if id, given := r.query["id"]; given {
		q.IDs = []string{id}
	}
	if text, given := r.query["sample"]; given {
		share, err := strconv.ParseFloat(text, 64)
		if err != nil || !(share > 0 && share <= 1) {
			return q, wire.Invalid(fmt.Sprintf("sample %.40q: want a share of the entities, above 0 and up to 1", text))
		}
		q.Sample = share
	}
	if _, given := r.query["at"]; given {
		if q.Seq, p = r.seq("at"); p != nil {
			return q, p
		}
	}
	if q.Keep, p = r.flag("keep"); p != nil {
		return q, p
	}
	if q.Decide, p = r.flag("decide"); p != nil {
		return q, p
	}
	if text, given := r.query["examples"]; given {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil || n == 0 || n > maxLimit {
			return q, wire.Invalid(fmt.Sprintf("examples %.40q: want a number from 1 to %d", text, maxLimit))
		}
		q.Examples = int(n)
	}
	return q, nil
}

// appendReport appends how far a replay is; what was found stands in the last one.
func appendReport(e *wire.Encoder, r *host.ReplayReport) {
	e.Object(0)
	e.Key("done")
	e.Bool(r.Done)
	e.Key("until")
	e.Str(r.Until.String())
	for _, n := range []struct {
		key   string
		value int64
		known bool
	}{
		{"entities", r.Entities, true}, {"events", r.Events, true},
		{"total_entities", r.TotalEntities, r.TotalEntities > 0 || r.Done}, {"total_events", r.TotalEvents, r.TotalEvents > 0 || r.Done},
		{"elapsed_ms", r.Elapsed.Milliseconds(), true}, {"events_per_second", int64(r.Rate), true},
	} {
		if n.known {
			e.Key(n.key)
			e.Uint(uint64(n.value))
		}
	}
	if !r.Ends.IsZero() {
		e.Key("ends")
		e.Time(r.Ends)
	}
	e.Key("verdicts")
	e.Object(int(host.Verdicts))
	for v, n := range r.Verdicts {
		e.Key(host.Verdict(v).String())
		e.Uint(uint64(n))
	}
	e.EndObject()
	e.Key("decided")
	e.Object(4)
	appendDecided(e, &r.Decided)
	e.EndObject()
	if r.Done {
		e.Key("findings")
		e.Array(len(r.Findings))
		for _, f := range r.Findings {
			e.Item()
			appendFinding(e, f)
		}
		e.EndArray()
		e.Key("decisions")
		e.Array(len(r.Decisions))
		for _, d := range r.Decisions {
			e.Item()
			appendRedecision(e, d)
		}
		e.EndArray()
	}
	e.EndObject()
}
