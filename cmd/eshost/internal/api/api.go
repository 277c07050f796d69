// Package api serves a host over HTTP: commands, states, events and types, as
// JSON or msgpack; one command a request, or many in one stream.
//
// openapi.yaml in this folder is the specification, and served itself. Failures
// are problems (RFC 9457) of the kinds that are listed there.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/host"
)

// Options configure a Server. Nil, or a zero field, means the default that
// its comment names.
type Options struct {
	// Token that every request but the probes must carry. Empty: none is asked for,
	// and then Loopback holds whether it is set or not.
	Token string
	// AdminToken that requests must carry which change what serves; it opens everything else as well. Empty: Token is enough.
	AdminToken string
	// Loopback refuses requests whose Host or Origin is not this machine.
	Loopback bool
	// AllowedHosts are names, with or without a port, that Host and Origin may
	// be besides this machine's.
	AllowedHosts []string

	MaxBodyBytes   int64 // of one command's body, and of one line of a bulk stream; 0: 2 MiB
	MaxPluginBytes int64 // of one plugin; 0: 64 MiB
	StreamWindow   int   // commands of one bulk stream that are in flight; 0: 1024
	StreamBytes    int   // bytes of such commands, roughly; 0: 16 MiB

	Heartbeat time.Duration // of live streams; 0: 15 seconds

	Logger  *slog.Logger                // nil: discards
	Metrics prometheus.Gatherer         // what /metrics shows; nil: there is no /metrics
	Version string                      // of the program; empty: "unknown"
	Store   *Store                      // what /v1/store shows; nil: an unnamed one
	Ready   func(context.Context) error // nil, or an error that says why the host is not ready; must not block for long
}

// Server answers the HTTP API. It is an http.Handler to be mounted at the
// root: it does its own routing, never redirects, and is used by many goroutines at once.
type Server struct {
	o       Options
	host    backend
	guard   *guard
	routes  []route
	metrics http.Handler // nil: none

	backingUp sync.Mutex // held while a backup is made and sent

	draining context.Context // ends with Drain
	drain    context.CancelFunc
}

// New returns a server of the host.
//
// The http.Server it is used in should set ReadHeaderTimeout; ReadTimeout and
// WriteTimeout are lifted for streams. Its Protocols may include unencrypted HTTP/2.
func New(h *host.Host, o *Options) *Server { return newServer(live{h}, o) }

func newServer(h backend, o *Options) *Server {
	if o == nil {
		o = &Options{}
	}
	s := &Server{o: *o, host: h, guard: newGuard(o)}
	if s.o.MaxBodyBytes == 0 {
		s.o.MaxBodyBytes = 2 << 20
	}
	if s.o.MaxPluginBytes == 0 {
		s.o.MaxPluginBytes = 64 << 20
	}
	if s.o.StreamWindow == 0 {
		s.o.StreamWindow = 1024
	}
	if s.o.StreamBytes == 0 {
		s.o.StreamBytes = 16 << 20
	}
	if s.o.Heartbeat == 0 {
		s.o.Heartbeat = 15 * time.Second
	}
	if s.o.Logger == nil {
		s.o.Logger = slog.New(slog.DiscardHandler)
	}
	if s.o.Version == "" {
		s.o.Version = "unknown"
	}
	if s.o.Store == nil {
		s.o.Store = &Store{}
	}
	if o.Metrics != nil {
		s.metrics = promhttp.HandlerFor(o.Metrics, promhttp.HandlerOpts{})
	}
	s.draining, s.drain = context.WithCancel(context.Background())
	s.routes = s.table()
	return s
}

// Drain prepares the end: live streams end, bulk streams take no further line and
// end when what they took is answered, and /readyz says so. Other requests are
// served as before. It returns at once, and is what http.Server.RegisterOnShutdown
// wants. Streams also end, without waiting for answers, with the server's base context.
func (s *Server) Drain() { s.drain() }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w}
	start := time.Now()
	defer func() {
		if v := recover(); v != nil {
			s.panicked(rec, r, v)
		}
		s.access(rec, r, start)
	}()
	if p := s.serve(rec, r); p != nil {
		s.fail(rec, r, p)
	}
}

// fail answers with a problem, and logs its cause where there is one.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, p *wire.Problem) {
	s.logCause(r, p)
	if r.ContentLength < 0 && r.ProtoMajor == 1 {
		// The answer would else wait for a body that may be as long as its sender
		// likes, and that sender for the answer.
		_ = http.NewResponseController(w).EnableFullDuplex() // if it cannot be, the answer comes later
		w.Header().Set("Connection", "close")
	}
	refuse(w, p)
}

func (s *Server) logCause(r *http.Request, p *wire.Problem) {
	if p.Cause != nil {
		s.o.Logger.Error("request failed", "method", r.Method, "path", rawPath(r.URL), "problem", p.Name, "error", p.Cause)
	}
}

// panicked answers a request whose handler panicked, if it was not answered.
func (s *Server) panicked(rec *recorder, r *http.Request, v any) {
	if v == http.ErrAbortHandler {
		panic(v)
	}
	s.o.Logger.Error("handler panicked", "method", r.Method, "path", rawPath(r.URL), "panic", v, "stack", string(debug.Stack()))
	if rec.status != 0 {
		panic(http.ErrAbortHandler) // so that the client sees that the answer is not whole
	}
	refuse(rec, &wire.Problem{Kind: wire.Internal, Detail: "the log of the host says more"})
}

// access logs a request that was answered.
func (s *Server) access(rec *recorder, r *http.Request, start time.Time) {
	if !s.o.Logger.Enabled(r.Context(), slog.LevelDebug) {
		return
	}
	s.o.Logger.LogAttrs(r.Context(), slog.LevelDebug, "request",
		slog.String("method", r.Method), slog.String("path", rawPath(r.URL)), slog.Int("status", rec.status),
		slog.Int64("bytes", rec.bytes), slog.Duration("duration", time.Since(start)),
		slog.String("remote", r.RemoteAddr), slog.Bool("client_gone", r.Context().Err() != nil))
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int // 0: nothing yet
	bytes  int64
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}
