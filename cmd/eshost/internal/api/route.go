package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/stores"
)

// route is one operation of the API. A path takes the methods of its
// routes, and HEAD where that is GET.
type route struct {
	method string
	path   string   // as the OpenAPI document names it
	query  []string // the parameters it takes
	open   bool     // a probe: served to everybody
	admin  bool     // changes what serves, or runs a plugin that is sent: takes the admin token, where there is one
	serve  func(http.ResponseWriter, *request) *wire.Problem

	segments []string // of path
}

// request is a request that was matched with a route.
type request struct {
	*http.Request
	entity  stores.EntityID // {type} and {id}
	command string          // {command}
	plugin  string          // {plugin}
	query   map[string]string
}

func (s *Server) table() []route {
	page := []string{"after", "limit"}
	routes := []route{
		{method: http.MethodPost, path: "/v1/entities/{type}/{id}/commands/{command}", serve: s.command},
		{method: http.MethodPost, path: "/v1/commands", serve: s.stream},
		{method: http.MethodPost, path: "/v1/entities/{type}/{id}/commands/{command}/dry-run", serve: s.dryRun},
		{method: http.MethodGet, path: "/v1/entities/{type}/{id}", query: []string{"at"}, serve: s.state},
		{method: http.MethodPost, path: "/v1/entities/{type}/{id}/state", query: []string{"at"}, admin: true, serve: s.stateBy},
		{method: http.MethodGet, path: "/v1/entities/{type}/{id}/verification", serve: s.verify},
		{method: http.MethodGet, path: "/v1/entities/{type}/{id}/events", query: page, serve: s.events},
		{method: http.MethodGet, path: "/v1/entities/{type}", query: page, serve: s.entities},
		{method: http.MethodGet, path: "/v1/types", serve: s.types},
		{method: http.MethodPost, path: "/v1/types/{type}/replay", query: []string{"id", "sample", "at", "keep", "decide", "examples"}, admin: true, serve: s.replay},
		{method: http.MethodPost, path: "/v1/types/{type}/rollback", query: []string{"states", "force", "by"}, admin: true, serve: s.rollback},
		{method: http.MethodGet, path: "/v1/plugins", serve: s.plugins},
		{method: http.MethodGet, path: "/v1/plugins/{plugin}", serve: s.showPlugin},
		{method: http.MethodGet, path: "/v1/deployments", query: page, serve: s.history},
		{method: http.MethodPost, path: "/v1/deployments", query: []string{"plan", "plan_token", "states", "force", "by"}, admin: true, serve: s.deploy},
		{method: http.MethodGet, path: "/v1/quarantine", serve: s.quarantine},
		{method: http.MethodGet, path: "/v1/audits", serve: s.audits},
		{method: http.MethodGet, path: "/v1/store", serve: s.store},
		{method: http.MethodGet, path: "/v1/store/backup", serve: s.backup},
		{method: http.MethodGet, path: "/v1/openapi.json", serve: s.openapi},
		{method: http.MethodGet, path: "/healthz", open: true, serve: s.health},
		{method: http.MethodGet, path: "/readyz", open: true, serve: s.ready},
	}
	if s.metrics != nil {
		routes = append(routes, route{method: http.MethodGet, path: "/metrics", serve: s.showMetrics})
	}
	for i := range routes {
		routes[i].segments = strings.Split(routes[i].path[1:], "/")
	}
	return routes
}

// matches reports whether the path is the route's, and takes its parameters.
func (t *route) matches(path []string, r *request) bool {
	if len(path) != len(t.segments) {
		return false
	}
	for i, want := range t.segments {
		if want != path[i] && want[0] != '{' {
			return false
		}
	}
	for i, name := range t.segments {
		switch name {
		case "{type}":
			r.entity.Type = path[i]
		case "{id}":
			r.entity.ID = path[i]
		case "{plugin}":
			r.plugin = path[i]
		case "{command}":
			r.command = path[i]
		}
	}
	return true
}

// serve finds the request's route and serves it, or returns why it did not.
func (s *Server) serve(w http.ResponseWriter, hr *http.Request) *wire.Problem {
	path, err := segments(rawPath(hr.URL))
	if err != nil {
		return wire.Invalid("path: " + err.Error())
	}
	r := &request{Request: hr}
	i := s.find(path, hr.Method, r)
	if i < 0 || !s.routes[i].open {
		if p := s.guard.admit(hr, i >= 0 && s.routes[i].admin && hr.Method == s.routes[i].method); p != nil {
			return p
		}
	}
	if i < 0 {
		return &wire.Problem{Kind: wire.NotFound, Detail: fmt.Sprintf("%.200q is not a path of this API; /v1/openapi.json lists them", rawPath(hr.URL))}
	}
	t := &s.routes[i]
	if !t.takes(hr.Method) {
		allow := s.allowed(t.path)
		return &wire.Problem{Kind: wire.MethodNotAllowed, Detail: fmt.Sprintf("%.40q: the path takes %s", hr.Method, allow), Allow: allow}
	}
	if hr.URL.RawQuery != "" && strings.HasPrefix(t.path, "/v1/") {
		var p *wire.Problem
		if r.query, p = t.parameters(hr.URL.RawQuery); p != nil {
			return p
		}
	}
	return t.serve(w, r)
}

// takes reports whether the route is for the method.
func (t *route) takes(method string) bool {
	return method == t.method || t.method == http.MethodGet && method == http.MethodHead
}

// find finds the route of a path and a method: where none takes the method, one of that path; -1: there is none.
func (s *Server) find(path []string, method string, r *request) int {
	found := -1
	for i := range s.routes {
		if !s.routes[i].matches(path, r) {
			continue
		}
		if s.routes[i].takes(method) {
			return i
		}
		found = i
	}
	return found
}

// allowed lists the methods that a path takes.
func (s *Server) allowed(path string) string {
	var all []string
	for i := range s.routes {
		switch t := &s.routes[i]; {
		case t.path != path:
		case t.method == http.MethodGet:
			all = append(all, "GET, HEAD")
		default:
			all = append(all, t.method)
		}
	}
	return strings.Join(all, ", ")
}

// parameters parses a query strictly: a parameter that is not known, or given
// twice, would be taken for something it is not.
func (t *route) parameters(raw string) (map[string]string, *wire.Problem) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, wire.Invalid("query: " + err.Error())
	}
	query := make(map[string]string, len(values))
	for name, v := range values {
		if !slices.Contains(t.query, name) {
			return nil, wire.Invalid(fmt.Sprintf("query: unknown parameter %.80q", name))
		}
		if len(v) > 1 {
			return nil, wire.Invalid(fmt.Sprintf("query: %s is given more than once", name))
		}
		query[name] = v[0]
	}
	return query, nil
}

// The length of a page.
const (
	defaultLimit = 100
	maxLimit     = 1000
)

// limit reads the parameter of that name. What is above the maximum is taken as the maximum.
func (r *request) limit() (int, *wire.Problem) {
	text, given := r.query["limit"]
	if !given {
		return defaultLimit, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		return 0, wire.Invalid(fmt.Sprintf("limit %.40q: want a number from 1 to %d", text, maxLimit))
	}
	return int(min(n, maxLimit)), nil
}

// after reads the parameter of that name as a sequence number; 0 when it is not given.
func (r *request) after() (uint64, *wire.Problem) {
	text, given := r.query["after"]
	if !given {
		return 0, nil
	}
	n, ok := wire.ParseSeq(text)
	if !ok {
		return 0, wire.Invalid(fmt.Sprintf("after %.40q: want a sequence number", text))
	}
	return n, nil
}
