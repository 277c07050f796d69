// Package host is the engine of eshost: it deploys plugins and runs the
// entities whose types they declare, durably on a log.
//
// A [Host] is made with [New] and plugins are bound to entity types with
// [Host.Deploy]. [Host.Entity] then gives a cheap reference to any entity of
// those types; commands sent to it are decided by the plugin, one at a time
// in the order they were accepted, and answered when what they changed is durable.
package host

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/eshost/eshost/host/internal/engine"
	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/host/internal/plugin"
	"github.com/eshost/eshost/host/internal/replay"
	"github.com/eshost/eshost/stores"
)

// Host runs entities. All its methods may be called by many goroutines.
type Host struct {
	o       Options
	engine  *engine.Engine
	plugins *plugin.Engine
	replays *replay.Engine
	tracer  *tracer // nil: no spans

	registered []prometheus.Collector

	deployments registry
	loaded      pluginTable

	mu      sync.Mutex
	serves  map[string]*serving // by entity type
	warm    map[string]*loaded  // the plugins to go back to, where they are loaded
	missing map[string]error    // types whose plugin could not be loaded, and that no other serves meanwhile
}

// New starts a host. Where it has Blobs, the plugins that the log says are deployed serve when it returns.
// Close stops it; the stores stay open.
func New(ctx context.Context, o *Options) (*Host, error) {
	if o == nil || o.Log == nil {
		return nil, errors.New("start host: Options.Log is required")
	}
	h := &Host{o: o.withDefaults(), serves: make(map[string]*serving), warm: make(map[string]*loaded), missing: make(map[string]error),
		loaded: pluginTable{m: make(map[stores.Digest]*loaded)}}
	if err := h.o.check(); err != nil {
		return nil, fmt.Errorf("start host: %w", err)
	}
	var err error
	h.plugins, err = plugin.NewEngine(ctx, &plugin.Options{
		CacheDir:         h.o.PluginCacheDir,
		MemoryLimitPages: uint32(h.o.PluginMemoryBytes / 65536),
		MaxModuleBytes:   h.o.PluginModuleBytes,
		MaxFunctions:     h.o.PluginFunctions,
		MaxInstances:     h.o.PluginInstances,
		CompileTimeout:   h.o.PluginCompileTimeout,
		RecycleCalls:     h.o.PluginRecycleCalls,
		RecycleAge:       h.o.PluginRecycleAge,
		Fuel:             h.o.StartFuel,
		MaxLogBytes:      h.o.LogBytesPerCall,
		Logger:           h.o.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("start host: %w", err)
	}
	metrics := engine.NewMetrics()
	h.tracer = newTracer(h.o.Tracing)
	h.engine = engine.New(engine.Config{
		Log: h.o.Log, Snapshots: h.o.Snapshots, Logger: h.o.Logger, Metrics: metrics,
		Workers: h.o.Workers, Recoveries: h.o.Recoveries, IdleTimeout: h.o.IdleTimeout,
		MemoryBytes: h.o.MemoryBytes, AppendTimeout: h.o.AppendTimeout,
	})
	h.replays = &replay.Engine{Log: h.o.Log, Snapshots: h.o.Snapshots, Pace: replay.NewPace(h.o.Workers, h.engine.Busy)}
	if err = h.deployments.start(ctx, h); err == nil {
		err = h.register(metrics)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start host: %w", err), h.Close(ctx))
	}
	return h, nil
}

// Close stops the host gracefully: new commands and those still in a mailbox get ErrClosed,
// batches that were taken are finished, unknown outcomes are resolved until
// ctx ends, and then answered with ErrOutcomeUnknown, which Close reports by ctx's error. It is idempotent.
func (h *Host) Close(ctx context.Context) error {
	h.deployments.stop()
	err := h.engine.Close(ctx)
	h.unregister()
	return errors.Join(err, h.plugins.Close(context.WithoutCancel(ctx)))
}

func (h *Host) sharedType(name string) entity.Type {
	o := h.o.Types[name]
	every := h.o.SnapshotEvery
	if o.SnapshotEvery != nil {
		every = *o.SnapshotEvery
	}
	return entity.Type{
		Name: name, MailboxSize: h.o.MailboxSize, BatchSize: h.o.BatchSize, BatchBytes: h.o.BatchBytes,
		CommandIDs: h.o.CommandIDs, CommandIDAge: h.o.CommandIDAge, SnapshotEvery: every,
		DropPayloads: o.DropPayloads, Confirm: !h.o.LocalReads,
		CommandFuel: h.o.CommandFuel, BatchFuel: h.o.BatchFuel, RecoveryFuel: h.o.RecoveryFuel,
	}
}

// Stats are counters since the host was started.
type Stats = engine.Stats

// Stats returns the host's counters.
func (h *Host) Stats() Stats { return h.engine.Stats() }

// Writable says why commands cannot be stored, as far as the log's answers of the last seconds tell: it is away, full or
// read-only. Nil: they can, or none had to be.
func (h *Host) Writable() error { return h.engine.Writable() }

// Log returns the log the host runs on.
func (h *Host) Log() stores.Log { return h.o.Log }
