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
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/eshost/eshost/abi"
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

	deploying sync.Mutex // one after the other; a plugin may take long to load
	mu        sync.Mutex
	serves    map[string]*deployment
}

// deployment is a plugin in service for at least one type.
type deployment struct {
	Deployment
	plugin  *plugin.Plugin
	auditor *auditor
	speech  *speech
}

// Deployment is a plugin bound to entity types from a moment on.
type Deployment struct {
	Plugin   stores.Digest // SHA-256 of its bytes
	Manifest *abi.Manifest // not to be changed
	Size     int           // of the .wasm file, in bytes
	Time     time.Time
}

// New starts a host. Close stops it; the log and the snapshot store stay open.
func New(ctx context.Context, o *Options) (*Host, error) {
	if o == nil || o.Log == nil {
		return nil, errors.New("start host: Options.Log is required")
	}
	h := &Host{o: o.withDefaults(), serves: make(map[string]*deployment)}
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
	if err := h.register(metrics); err != nil {
		return nil, errors.Join(fmt.Errorf("start host: %w", err), h.Close(ctx))
	}
	return h, nil
}

// Close stops the host gracefully: new commands and those still in a mailbox get ErrClosed,
// batches that were taken are finished, unknown outcomes are resolved until
// ctx ends, and then answered with ErrOutcomeUnknown, which Close reports by ctx's error. It is idempotent.
func (h *Host) Close(ctx context.Context) error {
	err := h.engine.Close(ctx)
	h.unregister()
	return errors.Join(err, h.plugins.Close(context.WithoutCancel(ctx)))
}

// Check loads a plugin as Deploy would, and returns its manifest, which says
// what Deploy would bind. Nothing changes. A plugin that cannot be loaded is a *LoadError.
func (h *Host) Check(ctx context.Context, wasm []byte) (*abi.Manifest, error) {
	p, err := h.plugins.Load(ctx, wasm)
	if err != nil {
		return nil, err
	}
	defer p.Retire()
	return p.Manifest(), nil
}

// Deploy checks and compiles a plugin and binds it to the entity types it
// declares. A type that another plugin served is swapped: each of its
// entities goes over between two batches, its events are folded again by the
// new plugin, and no command fails. When Deploy returns an error, what served before serves
// on; a plugin that cannot be loaded is a *LoadError.
func (h *Host) Deploy(ctx context.Context, wasm []byte) (Deployment, error) {
	h.deploying.Lock()
	defer h.deploying.Unlock()
	p, err := h.plugins.Load(ctx, wasm)
	if err != nil {
		return Deployment{}, err
	}
	if err := p.Warm(ctx, h.o.Workers); err != nil {
		p.Retire()
		return Deployment{}, fmt.Errorf("start instances of plugin %s: %w", stores.Digest(p.Digest()), err)
	}
	m := p.Manifest()
	d := &deployment{Deployment{Plugin: p.Digest(), Manifest: m, Size: len(wasm), Time: time.Now()}, p, &auditor{plugin: p, share: h.o.AuditShare, logger: h.o.Logger}, newSpeech(p.Digest(), &h.o)}
	left := &users{n: len(m.Types), last: p.Retire}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range m.Types {
		t := &m.Types[i]
		h.engine.Bind(h.sharedType(t.Name), entity.NewBinding(d.Plugin, t.StateSchema, newGuest(d, t, &h.o), left.done))
		h.serves[t.Name] = d
	}
	return d.Deployment, nil
}

// users counts the bindings of a plugin that are still in use.
type users struct {
	mu   sync.Mutex
	n    int
	last func()
}

func (u *users) done() {
	u.mu.Lock()
	u.n--
	n := u.n
	u.mu.Unlock()
	if n == 0 {
		u.last()
	}
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

// Log returns the log the host runs on.
func (h *Host) Log() stores.Log { return h.o.Log }
