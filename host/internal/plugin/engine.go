// Package plugin compiles plugins, checks them against the ABI, limits what
// they may take, and calls them. It knows neither storage nor entities, and it
// is the only package that knows the WebAssembly engine.
//
// An [Engine] loads a [Plugin] from the bytes of a .wasm file. Calls go to an
// [Instance] of it, which one goroutine at a time borrows with Acquire and
// gives back with Release. Instances are interchangeable.
package plugin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/meter"
)

// Engine compiles and runs plugins. A process needs one. All methods may be
// called from many goroutines.
type Engine struct {
	opts    Options
	runtime wazero.Runtime
	cache   wazero.CompilationCache

	loading chan struct{} // holds one token while a module is loaded; compilation takes a processor and much memory

	mu      sync.Mutex
	closed  bool
	plugins map[*Plugin]struct{} // not yet closed

	teardown    sync.Once
	teardownErr error

	count    counters
	compiled atomic.Uint64 // modules
	cached   atomic.Uint64 // of these, those that an earlier start had compiled
	nanos    atomic.Int64  // that took
}

// counters are kept for the engine as a whole and for each plugin.
type counters struct {
	live, memory       atomic.Int64
	created, discarded atomic.Uint64
}

// Stats says what instances there are and have been.
type Stats struct {
	Live        int64  // instances that exist now
	MemoryBytes int64  // their linear memory, as of the end of the last call into each
	Created     uint64 // instances made so far
	Discarded   uint64 // of these, closed because they failed, grew too far or had served long enough
}

func (c *counters) stats() Stats {
	return Stats{Live: c.live.Load(), MemoryBytes: c.memory.Load(), Created: c.created.Load(), Discarded: c.discarded.Load()}
}

// NewEngine returns an engine; o may be nil. It must be closed.
func NewEngine(ctx context.Context, o *Options) (*Engine, error) {
	opts, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Engine{opts: opts, loading: make(chan struct{}, 1), plugins: make(map[*Plugin]struct{})}
	if opts.CacheDir == "" {
		e.cache = wazero.NewCompilationCache()
	} else if e.cache, err = openCache(opts.CacheDir); err != nil {
		return nil, err
	}
	e.runtime = wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2).
		WithMemoryLimitPages(opts.MemoryLimitPages).
		WithMemoryCapacityFromMax(false).
		WithDebugInfoEnabled(false).
		WithCompilationCache(e.cache))
	for module, funcs := range served {
		err = errors.Join(err, e.serve(ctx, module, funcs))
	}
	if err = errors.Join(err, e.serve(ctx, meter.ImportModule, meterFuncs)); err != nil {
		return nil, errors.Join(fmt.Errorf("start the plugin engine: %w", err), e.runtime.Close(ctx), e.cache.Close(ctx))
	}
	return e, nil
}

// serve makes functions available to guests.
func (e *Engine) serve(ctx context.Context, module string, funcs []hostFunc) error {
	builder := e.runtime.NewHostModuleBuilder(module)
	for i := range funcs {
		f := &funcs[i]
		builder.NewFunctionBuilder().WithGoModuleFunction(f.serve(), f.params, f.results).Export(f.name)
	}
	_, err := builder.Instantiate(ctx)
	return err
}

// served are the modules that plugins may import from.
var served = map[string][]hostFunc{abi.ImportModule: ownFuncs, abi.ImportWASI: wasiFuncs}

// openCache opens the folder of compiled plugins, whose content is executed.
func openCache(dir string) (wazero.CompilationCache, error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return nil, fmt.Errorf("create the folder for compiled plugins: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create the folder for compiled plugins: %w", err)
	}
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return nil, fmt.Errorf("open the folder for compiled plugins: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("open the folder for compiled plugins: %s is not a folder", dir)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("open the folder for compiled plugins: %s has mode %#o, and others could put code there that eshost would run: chmod 700 %[1]s, or name another folder",
			dir, info.Mode().Perm())
	}
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder for compiled plugins: %w", err)
	}
	return cache, nil
}

// Stats counts the instances of all plugins.
func (e *Engine) Stats() Stats { return e.count.stats() }

// Compilations counts the modules that were loaded.
type Compilations struct {
	Compiled uint64        // anew
	Cached   uint64        // that lay in Options.CacheDir
	Time     time.Duration // that both took
}

// Compilations counts the modules that were loaded so far.
func (e *Engine) Compilations() Compilations {
	cached := e.cached.Load()
	return Compilations{Compiled: e.compiled.Load() - cached, Cached: cached, Time: time.Duration(e.nanos.Load())}
}

// Close retires all plugins, waits until their instances are released, and
// frees everything. If ctx ends before, it returns ctx's error; the engine
// then takes no new work, and Close may be called again to wait on. Close is
// idempotent.
func (e *Engine) Close(ctx context.Context) error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	select {
	case e.loading <- struct{}{}: // what is being loaded is finished
		defer func() { <-e.loading }()
	case <-ctx.Done():
		return fmt.Errorf("close the plugin engine: a plugin is still being loaded: %w", ctx.Err())
	}
	e.mu.Lock()
	plugins := make([]*Plugin, 0, len(e.plugins))
	for p := range e.plugins {
		plugins = append(plugins, p)
	}
	e.mu.Unlock()
	for _, p := range plugins {
		p.Retire()
	}
	for _, p := range plugins {
		select {
		case <-p.gone:
		case <-ctx.Done():
			return fmt.Errorf("close the plugin engine: plugin %s is still in use: %w", shortDigest(p.digest), ctx.Err())
		}
	}
	e.teardown.Do(func() {
		e.teardownErr = errors.Join(e.runtime.Close(ctx), e.cache.Close(ctx))
	})
	return e.teardownErr
}

// add takes a plugin into account, unless the engine was closed meanwhile.
func (e *Engine) add(p *Plugin) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return ErrClosed
	}
	e.plugins[p] = struct{}{}
	return nil
}

func (e *Engine) remove(p *Plugin) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.plugins, p)
}
