package plugin

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/eshost/eshost/abi"
)

// Plugin is one loaded .wasm file. Loading the same bytes twice gives two
// plugins that know nothing of each other. All methods may be called from many
// goroutines.
type Plugin struct {
	engine   *Engine
	digest   [32]byte
	manifest *abi.Manifest
	name     atomic.Pointer[string] // for people
	compiled wazero.CompiledModule

	// Limits of the engine's, or lower ones of the manifest's.
	memoryBytes  uint64
	maxInstances int

	startFuel atomic.Int64 // that the first start took; 0: there was none

	mu      sync.Mutex
	free    []*Instance // the last one released is the first one acquired: it is warm
	out     int         // instances acquired or being made
	waiting int         // who wait for an instance
	retired bool
	room    chan struct{} // holds a token when one that waits for an instance should look again
	gone    chan struct{} // closed when everything is freed

	count counters
}

// Digest is the SHA-256 of the plugin's bytes.
func (p *Plugin) Digest() [32]byte { return p.digest }

// Manifest is what the plugin says about itself, checked. It is shared: do not
// change it.
func (p *Plugin) Manifest() *abi.Manifest { return p.manifest }

// Stats counts the plugin's instances.
func (p *Plugin) Stats() Stats { return p.count.stats() }

// Acquire borrows an instance, making one if none is free, or waiting for one
// while there are as many as there may be. It must be given back with Release.
//
// # Errors
//
//   - [ErrRetired]
//   - [*CallError]: the start of a new instance failed
//   - ctx's error, if ctx ended before an instance was made
func (p *Plugin) Acquire(ctx context.Context) (*Instance, error) {
	return p.acquire(ctx, true)
}

// TryAcquire is Acquire that does not wait for an instance: where all are in
// use it returns [ErrFull].
func (p *Plugin) TryAcquire(ctx context.Context) (*Instance, error) {
	return p.acquire(ctx, false)
}

func (p *Plugin) acquire(ctx context.Context, wait bool) (*Instance, error) {
	in, err := p.take(ctx, false, wait)
	if in != nil || err != nil {
		return in, err
	}
	in, err = p.create(ctx)
	if err != nil {
		p.returned(nil)
		return nil, err
	}
	return in, nil
}

// pass wakes another one that waits while there is still room: two that ended at the same time left one
// token. The caller holds the lock.
func (p *Plugin) pass() {
	if p.waiting > 0 && (len(p.free) > 0 || p.out+len(p.free) < p.maxInstances) {
		p.wake()
	}
}

// ErrFull: there are as many instances as there may be, and all of them are in use.
var ErrFull = errors.New("all instances of the plugin are in use")

// take takes a free instance, or the right to make one, which it prefers if
// fresh is set. When there is neither it waits, or if it must not returns ErrFull.
func (p *Plugin) take(ctx context.Context, fresh, wait bool) (*Instance, error) {
	for {
		p.mu.Lock()
		last := len(p.free) - 1
		full := p.out+len(p.free) >= p.maxInstances
		switch {
		case p.retired:
			p.mu.Unlock()
			p.wake()
			return nil, ErrRetired
		case last >= 0 && (full || !fresh):
			p.out++
			in := p.free[last]
			p.free[last] = nil
			p.free = p.free[:last]
			p.pass()
			p.mu.Unlock()
			in.free = false
			return in, nil
		case !full:
			p.out++
			p.pass()
			p.mu.Unlock()
			return nil, nil
		case !wait:
			p.mu.Unlock()
			return nil, ErrFull
		}
		p.waiting++
		p.mu.Unlock()
		var err error
		select {
		case <-p.room:
		case <-ctx.Done():
			err = fmt.Errorf("wait for one of the %d instances of plugin %s: %w", p.maxInstances, shortDigest(p.digest), ctx.Err())
		}
		p.mu.Lock()
		p.waiting--
		p.mu.Unlock()
		if err != nil {
			p.wake() // in case the token was meant for this one
			return nil, err
		}
	}
}

// wake lets one that waits for an instance look again.
func (p *Plugin) wake() {
	select {
	case p.room <- struct{}{}:
	default:
	}
}

// create makes an instance. The caller has counted it as being out.
func (p *Plugin) create(ctx context.Context) (*Instance, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return newInstance(p)
}

// Release gives an instance back. It is closed instead of kept if it is
// broken or worn, or if the plugin is retired. Every acquired instance is released exactly once, and not used
// after; a second time panics.
func (p *Plugin) Release(in *Instance) {
	if in.plugin != p || in.free {
		panic("plugin: an instance is released that was not acquired")
	}
	in.free = true
	if in.broken || in.worn() {
		in.close(true)
		in = nil
	} else {
		in.trim()
	}
	p.returned(in)
}

// worn reports whether an instance has served long enough or grew too far.
func (in *Instance) worn() bool {
	o := &in.plugin.engine.opts
	const sometimes = 256 // calls between two looks at the clock, which costs as much as a small call
	return in.memory > int64(o.MaxInstanceBytes) || in.calls >= o.RecycleCalls ||
		in.calls%sometimes == 0 && time.Since(in.born) > o.RecycleAge
}

// returned ends the use of an instance; nil: it is closed already.
func (p *Plugin) returned(in *Instance) {
	p.mu.Lock()
	p.out--
	if in != nil && !p.retired {
		p.free = append(p.free, in)
		in = nil
	}
	last := p.retired && p.out == 0
	waiting := p.waiting > 0
	p.mu.Unlock()
	if waiting {
		p.wake()
	}
	if in != nil {
		in.close(false)
	}
	if last {
		p.close()
	}
}

// Warm makes instances until there are n, free or not, or as many as there may
// be, so that the first calls need not wait for them. It has the errors of Acquire.
func (p *Plugin) Warm(ctx context.Context, n int) error {
	for {
		p.mu.Lock()
		switch {
		case p.retired:
			p.mu.Unlock()
			return ErrRetired
		case len(p.free)+p.out >= min(n, p.maxInstances):
			p.mu.Unlock()
			return nil
		}
		p.out++
		p.mu.Unlock()
		in, err := p.create(ctx)
		if in != nil {
			in.free = true
		}
		p.returned(in)
		if err != nil {
			return err
		}
	}
}

// Retire ends the plugin: Acquire fails from now on, free instances are closed
// before Retire returns, and with the last instance that is released the
// compiled code is freed too. Retire is idempotent and does not wait.
func (p *Plugin) Retire() {
	p.mu.Lock()
	if p.retired {
		p.mu.Unlock()
		return
	}
	p.retired = true
	free := p.free
	p.free = nil
	last := p.out == 0
	p.mu.Unlock()
	p.wake()
	for _, in := range free {
		in.close(false)
	}
	if last {
		p.close()
	}
}

// close frees the compiled code, also for those who still hold the plugin. It is called once, without instances.
func (p *Plugin) close() {
	if err := p.compiled.Close(context.Background()); err != nil {
		p.engine.opts.Logger.Warn("plugin not freed", "plugin", shortDigest(p.digest), "error", err)
	}
	p.compiled = nil
	p.engine.remove(p)
	close(p.gone)
}
