package api

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"sync"

	"go.yaml.in/yaml/v3"
)

// health says that the process answers.
func (s *Server) health(w http.ResponseWriter, _ *request) *problem {
	return s.say(w, "ok")
}

// ready says whether the host takes commands.
func (s *Server) ready(w http.ResponseWriter, r *request) *problem {
	if s.draining.Err() != nil {
		return &problem{kind: kindShuttingDown, detail: "the host takes no new work"}
	}
	if s.o.Ready != nil {
		if err := s.o.Ready(r.Context()); err != nil {
			return &problem{kind: kindNotReady, detail: err.Error()}
		}
	}
	return s.say(w, "ready")
}

func (s *Server) say(w http.ResponseWriter, status string) *problem {
	e := newEncoder(false)
	defer e.free()
	e.object(2)
	e.key("status")
	e.str(status)
	e.key("version")
	e.str(s.o.Version)
	e.endObject()
	e.send(w)
	return nil
}

func (s *Server) showMetrics(w http.ResponseWriter, r *request) *problem {
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
func (s *Server) openapi(w http.ResponseWriter, _ *request) *problem {
	b, err := specificationJSON()
	if err != nil {
		return problemOf(err)
	}
	e := newEncoder(false)
	defer e.free()
	e.b = append(e.b, b...)
	e.respond(w, http.StatusOK, mediaJSON)
	return nil
}
