package api

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
)

// health says that the process answers.
func (s *Server) health(w http.ResponseWriter, _ *request) *wire.Problem {
	return s.say(w, "ok")
}

// ready says whether the host takes commands.
func (s *Server) ready(w http.ResponseWriter, r *request) *wire.Problem {
	if s.draining.Err() != nil {
		return &wire.Problem{Kind: wire.ShuttingDown, Detail: "the host takes no new work"}
	}
	if s.o.Ready != nil {
		if err := s.o.Ready(r.Context()); err != nil {
			return &wire.Problem{Kind: wire.NotReady, Detail: err.Error()}
		}
	}
	return s.say(w, "ready")
}

func (s *Server) say(w http.ResponseWriter, status string) *wire.Problem {
	e := wire.NewEncoder(false)
	defer e.Free()
	e.Object(2)
	e.Key("status")
	e.Str(status)
	e.Key("version")
	e.Str(s.o.Version)
	e.EndObject()
	send(w, e)
	return nil
}

func (s *Server) showMetrics(w http.ResponseWriter, r *request) *wire.Problem {
	s.metrics.ServeHTTP(w, r.Request)
	return nil
}

//go:embed openapi.yaml
var specification []byte

// specificationJSON is the OpenAPI document as JSON.
var specificationJSON = sync.OnceValues(func() ([]byte, error) {
	var document map[string]any
	if err := yaml.Unmarshal(specification, &document); err != nil {
		return nil, err
	}
	return json.Marshal(document)
})

// openapi serves the specification of what is served.
func (s *Server) openapi(w http.ResponseWriter, _ *request) *wire.Problem {
	b, err := specificationJSON()
	if err != nil {
		return wire.ProblemOf(err)
	}
	e := wire.NewEncoder(false)
	defer e.Free()
	e.Bytes = append(e.Bytes, b...)
	respond(w, e, http.StatusOK, wire.MediaJSON)
	return nil
}
