// Package server runs a host on its stores behind its HTTP API, and over NATS,
// as the configuration says.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/eshost/eshost/cmd/eshost/internal/api"
	"github.com/eshost/eshost/cmd/eshost/internal/config"
	"github.com/eshost/eshost/cmd/eshost/internal/natsapi"
	"github.com/eshost/eshost/cmd/eshost/internal/storage"
	"github.com/eshost/eshost/host"
)

// Server is a host that is served, from Serve to Close.
type Server struct {
	config  *config.Config
	logger  *slog.Logger
	version string

	stores  *storage.Stores
	host    *host.Host
	tracing *sdktrace.TracerProvider // nil: no spans
	api     *api.Server
	http    *http.Server

	nats     *nats.Conn       // nil: commands do not come over NATS
	service  *natsapi.Service // nil: before Serve
	listener net.Listener
	serving  bool
	failed   chan error // the listener's end, when nobody asked for it, and what NATS refuses

	closing sync.Once
	closed  error
}

// Open takes the address, opens the stores and starts the host. Who connects
// waits until Serve, so that nobody meets a host whose plugins are still being loaded.
// The caller closes the server.
func Open(ctx context.Context, c *config.Config, logger *slog.Logger, version string) (*Server, error) {
	s := &Server{config: c, logger: logger, version: version, failed: make(chan error, 2)}
	if err := s.listen(ctx); err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.release(ctx))
	}
	return s, nil
}

// Serve begins to answer requests, and returns at once.
func (s *Server) Serve() {
	s.serving = true
	s.serveNATS()
	go func() {
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("serve %s: %w", s.URL(), err)
		}
	}()
}

// listen takes the address, before anything else is touched.
func (s *Server) listen(ctx context.Context) error {
	h := &s.config.HTTP
	if h.Token == "" && !h.Loopback() {
		return fmt.Errorf("refusing to listen on %s without a token, since others could then send commands: set http.token (ESHOST__HTTP__TOKEN), or listen on 127.0.0.1", h.Listen)
	}
	var err error
	s.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", h.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("listen on %s: another program has the port: stop it, or choose another port with --listen", h.Listen)
	}
	if err != nil {
		return fmt.Errorf("listen on %s: %w", h.Listen, err)
	}
	return nil
}

func (s *Server) start(ctx context.Context) error {
	c := s.config
	var err error
	if s.stores, err = storage.Open(ctx, &c.Store, &storage.Options{Logger: s.logger}); err != nil {
		return err
	}
	if err := s.stores.Finished(ctx); err != nil {
		return err
	}
	s.stores.Tell(s.logger)
	if err := s.connectNATS(); err != nil {
		return err
	}
	if s.tracing, err = newTracing(ctx, &c.Tracing); err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	o := s.hostOptions()
	o.Metrics = registry
	if s.host, err = host.New(ctx, o); err != nil {
		return err
	}
	s.api = api.New(s.host, &api.Options{
		Token: c.HTTP.Token, AdminToken: c.HTTP.AdminToken, MaxPluginBytes: int64(c.Host.PluginModuleBytes), Loopback: c.HTTP.Loopback(), AllowedHosts: c.HTTP.AllowedHosts,
		MaxBodyBytes: c.HTTP.MaxBodyBytes, StreamWindow: c.HTTP.StreamWindow,
		Logger: s.logger, Metrics: registry, Version: s.version, Ready: s.ready, Store: s.stores.Describe(),
	})
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	s.http = &http.Server{Handler: s.api, Protocols: &protocols, ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug)}
	s.http.RegisterOnShutdown(s.api.Drain)
	return nil
}

func (s *Server) hostOptions() *host.Options {
	c := &s.config.Host
	o := &host.Options{
		Log: s.stores.Log, Snapshots: s.stores.Snapshots, Blobs: s.stores.Blobs, Logger: s.logger,
		Workers: c.Workers, MailboxSize: c.MailboxSize, BatchSize: c.BatchSize, BatchBytes: c.BatchBytes,
		EventsPerCommand: c.EventsPerCommand, StateBytes: c.StateBytes, PayloadBytes: c.PayloadBytes,
		SnapshotEvery: c.SnapshotEvery, IdleTimeout: c.IdleTimeout, MemoryBytes: c.MemoryBytes,
		Recoveries: c.Recoveries, CommandIDs: c.CommandIDs, CommandIDAge: c.CommandIDAge,
		AppendTimeout: c.AppendTimeout, Types: make(map[string]host.TypeOptions),
		PluginCacheDir: s.pluginCache(), PluginMemoryBytes: c.PluginMemoryBytes,
		PluginModuleBytes: c.PluginModuleBytes, PluginFunctions: c.PluginFunctions, PluginInstances: c.PluginInstances,
		PluginCompileTimeout: c.PluginCompileTimeout, PluginRecycleCalls: c.PluginRecycleCalls, PluginRecycleAge: c.PluginRecycleAge,
		LocalReads: c.LocalReads, StartFuel: c.StartFuel, AuditShare: share(c.AuditShare),
		LogBytesPerCall: c.LogBytesPerCall, LogBytesPerSecond: c.LogBytesPerSecond,
		CommandFuel: c.CommandFuel, BatchFuel: c.BatchFuel, RecoveryFuel: c.RecoveryFuel,
	}
	if s.tracing != nil {
		o.Tracing = s.tracing
	}
	for name, t := range s.config.Types {
		o.Types[name] = host.TypeOptions{SnapshotEvery: t.SnapshotEvery, DropPayloads: t.DropPayloads}
	}
	return o
}

// share is an option's way to say a share of which 0 means none.
func share(s float64) float64 {
	if s == 0 {
		return -1
	}
	return s
}

// pluginCache is where compiled plugins are kept; "" where there is no place for them.
func (s *Server) pluginCache() string {
	if dir := s.config.Host.PluginCacheDir; dir != "" {
		return dir
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(base, "eshost", "compiled")
}

// URL is the address of the API.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Stores are what the host runs on.
func (s *Server) Stores() *storage.Stores { return s.stores }

// Host is the host that is served.
func (s *Server) Host() *host.Host { return s.host }

// Failed yields the error by which the listener ended, if it ends by itself.
func (s *Server) Failed() <-chan error { return s.failed }

// Close stops gracefully: requests under way are answered, batches finish, the store closes. What is not done
// when ctx ends is cut off; nothing that was acknowledged is lost. It is idempotent.
func (s *Server) Close(ctx context.Context) error {
	s.closing.Do(func() {
		drained := make(chan error, 1)
		go func() { drained <- s.drainNATS(ctx) }()
		err := s.http.Shutdown(ctx)
		if err != nil {
			err = errors.Join(fmt.Errorf("requests were cut off: %w", err), s.http.Close())
		}
		s.closed = errors.Join(err, <-drained, s.release(ctx))
	})
	return s.closed
}

// release closes what was opened.
func (s *Server) release(ctx context.Context) error {
	var errs []error
	if !s.serving { // else the http.Server closed it
		errs = append(errs, s.listener.Close())
	}
	if s.nats != nil {
		s.nats.Close()
	}
	if s.host != nil {
		errs = append(errs, s.host.Close(ctx))
	}
	if s.tracing != nil {
		errs = append(errs, s.tracing.Shutdown(ctx))
	}
	if s.stores != nil {
		errs = append(errs, s.stores.Close())
	}
	return errors.Join(errs...)
}

// ready says why commands cannot be taken at the moment.
func (s *Server) ready(ctx context.Context) error {
	if err := s.stores.Ready(ctx); err != nil {
		return err
	}
	if err := s.host.Writable(); err != nil {
		return fmt.Errorf("the store %s takes no appends %w", s.stores, err)
	}
	return nil
}
