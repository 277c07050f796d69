// Package sandbox runs the functions of a plugin alone, without entities and
// storage: for tools that look at a .wasm file, and for tests and benchmarks.
// The plugin is checked and limited just as in a host.
//
//	p, err := sandbox.Open(ctx, wasm, nil)
//	in, err := p.Instance(ctx)
//	answer, err := in.HandleCommand(abi.AppendCommandRequest(nil, &request))
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/plugin"
)

// Errors with content, for errors.As.
type (
	// LoadError lists all that is wrong with a plugin that was refused.
	LoadError = plugin.LoadError
	// CallError is a guest call that failed, after which the instance is broken.
	CallError = plugin.CallError
)

// Causes of a [CallError], for errors.Is.
var (
	ErrTrapped   = plugin.ErrTrapped   // the guest trapped
	ErrMalformed = plugin.ErrMalformed // what it returned lies outside of its memory
	ErrOverLimit = plugin.ErrOverLimit // it refused memory for the request, or the answer is too large
	ErrOutOfFuel = plugin.ErrOutOfFuel // it used all its fuel
	ErrStopped   = plugin.ErrStopped   // it was stopped: see ErrTimeout
	ErrBroken    = plugin.ErrBroken    // an earlier call into the instance failed
)

// ErrTimeout says that a call took longer than Options.CallTimeout. It comes with ErrStopped.
var ErrTimeout = errors.New("it has not returned in time")

// ErrClosed says that what was called had been closed, which is no fault of
// the plugin's.
var ErrClosed = errors.New("is closed")

// LogLine is one line that a guest logged.
type LogLine = plugin.LogLine

// Options configure a Plugin. A nil *Options and every zero field mean the
// default that the field's comment names.
type Options struct {
	CacheDir    string        // compiled plugins are kept here, 0700; empty: in memory only
	MemoryBytes int           // linear memory of one instance at most, rounded down to pages of 64 KiB, at least one; 0: 256 MiB
	ModuleBytes int           // size of a .wasm file at most; 0: 64 MiB
	Fuel        int64         // of one command or event call, in instructions; 0: 5,000,000,000, which is what a start always has
	CallTimeout time.Duration // a command or event call that takes longer is stopped; 0: none is
	Vary        bool          // every instance has a time and random bytes of its own, upon which no answer may depend; false: all have the same, as in a host
	Logger      *slog.Logger  // told of what went wrong without failing a caller; nil: discards
}

// Sizes of a linear memory: a page, and all that can be addressed.
const (
	pageBytes  = 64 << 10
	mostMemory = 4 << 30
)

// Plugin is a .wasm file that was checked and compiled. Its methods may be
// called from many goroutines. It must be closed.
type Plugin struct {
	engine  *plugin.Engine
	plugin  *plugin.Plugin
	fuel    int64         // of calls; 0: the default
	timeout time.Duration // of calls; 0: none
}

// Open checks and compiles a plugin and asks it for its manifest; o may be
// nil. wasm is not kept.
//
// # Errors
//
//   - [*LoadError]: the plugin cannot be served; all reasons that were found
//   - ctx's error
//   - one that says which of the options makes no sense
func Open(ctx context.Context, wasm []byte, o *Options) (*Plugin, error) {
	if o == nil {
		o = new(Options)
	}
	if size := int64(o.MemoryBytes); size != 0 && (size < pageBytes || size > mostMemory) {
		return nil, fmt.Errorf("open a plugin with MemoryBytes %d: want %d (one page) to %d, or 0 for the default", size, pageBytes, int64(mostMemory))
	}
	engine, err := plugin.NewEngine(ctx, &plugin.Options{
		CacheDir:         o.CacheDir,
		MemoryLimitPages: uint32(o.MemoryBytes / pageBytes),
		MaxModuleBytes:   o.ModuleBytes,
		Vary:             o.Vary,
		Logger:           o.Logger,
	})
	if err != nil {
		return nil, err
	}
	loaded, err := engine.Load(ctx, wasm)
	if err != nil {
		_ = engine.Close(context.WithoutCancel(ctx)) // nothing is in use; the caller wants to know why it does not load
		return nil, err
	}
	return &Plugin{engine: engine, plugin: loaded, fuel: o.Fuel, timeout: o.CallTimeout}, nil
}

// Manifest is what the plugin says about itself, checked. It is shared: do not
// change it.
func (p *Plugin) Manifest() *abi.Manifest { return p.plugin.Manifest() }

// Digest is the SHA-256 of the plugin's bytes.
func (p *Plugin) Digest() [32]byte { return p.plugin.Digest() }

// Close frees the plugin. It waits until all its instances are closed, or
// returns ctx's error if that ends before. It is idempotent.
func (p *Plugin) Close(ctx context.Context) error { return p.engine.Close(ctx) }
