package api

import (
	"fmt"
	"net"
	"net/http"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/host"
)

const mediaWasm = "application/wasm"

var namesOfWasm = []string{mediaWasm, "application/octet-stream"}

// deploy deploys a plugin, or plans to. Its progress is streamed where that is accepted.
func (s *Server) deploy(w http.ResponseWriter, r *request) *wire.Problem {
	chosen, p := wire.Acceptable(r.Header, wire.NamesOfJSON, wire.NamesOfNDJSON[:1])
	if p != nil {
		return p
	}
	d := deploying{}
	if d.plan, p = r.flag("plan"); p != nil {
		return p
	}
	if d.o.Force, p = r.flag("force"); p != nil {
		return p
	}
	if d.o.States, p = r.states(); p != nil {
		return p
	}
	d.o.PlanToken, d.o.By, d.o.From = r.query["plan_token"], r.query["by"], r.from()
	if d.wasm, p = s.module(w, r); p != nil {
		return p
	}
	if chosen == 1 {
		s.streamDeployment(w, r, http.NewResponseController(w), &d)
		return nil
	}
	e := wire.NewEncoder(false)
	defer e.Free()
	if err := d.run(r, s.host); err != nil {
		return deployProblem(err)
	}
	d.append(e)
	send(w, e)
	return nil
}

// deploying is a deployment that is asked for, and what comes of it.
type deploying struct {
	wasm    []byte
	plan    bool // no more than that
	o       host.DeployOptions
	planned *host.Plan
	done    *host.Deployment
}

func (d *deploying) run(r *request, h backend) (err error) {
	if d.plan {
		d.planned, err = h.Plan(r.Context(), d.wasm, &d.o)
		return err
	}
	tell := d.o.Progress
	d.o.Progress = func(p host.Progress) {
		d.planned = p.Plan
		if tell != nil {
			tell(p)
		}
	}
	done, err := h.DeployWith(r.Context(), d.wasm, &d.o)
	if err == nil {
		d.done = &done
	}
	return err
}

// append appends what came of it.
func (d *deploying) append(e *wire.Encoder) {
	e.Object(count(d.planned != nil) + count(d.done != nil))
	if d.planned != nil {
		e.Key("plan")
		appendPlan(e, d.planned)
	}
	if d.done != nil {
		e.Key("deployed")
		appendDeployed(e, d.done)
	}
	e.EndObject()
}

// openLines begins an answer of lines, each of which is sent when it is written.
func openLines(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", wire.MediaNDJSON)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
}

// streamDeployment tells each step in a line of its own; the last line is the
// answer, or a problem.
func (s *Server) streamDeployment(w http.ResponseWriter, r *request, rc *http.ResponseController, d *deploying) {
	openLines(w)
	through := writeThrough(w, rc.Flush)
	line := func(content func(*wire.Encoder)) {
		e := wire.NewEncoder(false)
		defer e.Free()
		content(e)
		e.Bytes = append(e.Bytes, '\n')
		_ = through(e.Bytes) // a client that is gone ends the request's context
	}
	d.o.Progress = func(p host.Progress) {
		line(func(e *wire.Encoder) {
			e.Object(1)
			e.Key("step")
			e.Str(p.Step)
			e.EndObject()
		})
	}
	if err := d.run(r, s.host); err != nil {
		p := deployProblem(err)
		s.logCause(r.Request, p)
		line(func(e *wire.Encoder) {
			e.Object(1 + count(d.planned != nil))
			if d.planned != nil {
				e.Key("plan")
				appendPlan(e, d.planned)
			}
			e.Key("problem")
			e.Object(0)
			p.Members(e)
			e.EndObject()
			e.EndObject()
		})
		return
	}
	line(d.append)
}

// rollback has a type served by its former plugin again.
func (s *Server) rollback(w http.ResponseWriter, r *request) *wire.Problem {
	force, p := r.flag("force")
	if p != nil {
		return p
	}
	states, p := r.states()
	if p != nil {
		return p
	}
	msgpack, p := format(r)
	if p != nil {
		return p
	}
	d, err := s.host.Rollback(r.Context(), r.entity.Type, &host.RollbackOptions{By: r.query["by"], From: r.from(), States: states, Force: force})
	if err != nil {
		return deployProblem(err)
	}
	e := wire.NewEncoder(msgpack)
	defer e.Free()
	e.Object(1)
	e.Key("deployed")
	appendDeployed(e, &d)
	e.EndObject()
	send(w, e)
	return nil
}

// deployProblem is problemOf for what has no command id.
func deployProblem(err error) *wire.Problem {
	p := wire.ProblemOf(err)
	if p.Kind == wire.OutcomeUnknown {
		p.Detail = err.Error()
	}
	return p
}

// states reads what becomes of states.
func (r *request) states() (host.States, *wire.Problem) {
	switch s := host.States(r.query["states"]); s {
	case "", host.KeepStates, host.RefoldStates:
		return s, nil
	default:
		return "", wire.Invalid(fmt.Sprintf("states %.40q: want %s or %s", s, host.KeepStates, host.RefoldStates))
	}
}

// flag reads a parameter that is true or false, which it is where it is not given.
func (r *request) flag(name string) (bool, *wire.Problem) {
	switch text := r.query[name]; text {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	default:
		return false, wire.Invalid(fmt.Sprintf("%s %.40q: want true or false", name, text))
	}
}

// from is the address that the request came from.
func (r *request) from() string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
