package plugin

import (
	"context"
	"sync"
	"sync/atomic"

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

	mu      sync.Mutex
	free    []*Instance // the last one released is the first one acquired: it is warm
	out     int         // instances acquired or being made
	retired bool
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

// Acquire borrows an instance, making one if none is free. It must be given
// back with Release.
//
// # Errors
//
//   - [ErrRetired]
//   - [*CallError]: the start of a new instance failed
//   - ctx's error, if ctx had ended before an instance was made
func (p *Plugin) Acquire(ctx context.Context) (*Instance, error) {
	p.mu.Lock()
	if p.retired {
		p.mu.Unlock()
		return nil, ErrRetired
	}
	p.out++
	if last := len(p.free) - 1; last >= 0 {
		in := p.free[last]
		p.free[last] = nil
		p.free = p.free[:last]
		p.mu.Unlock()
		in.free = false
		return in, nil
	}
	p.mu.Unlock()
	in, err := p.create(ctx)
	if err != nil {
		p.returned(nil)
		return nil, err
	}
	return in, nil
}

// create makes an instance. The caller has counted it as being out.
func (p *Plugin) create(ctx context.Context) (*Instance, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return newInstance(p)
}

// Release gives an instance back. It is closed instead of kept if it is
// broken, if its memory grew beyond Options.MaxInstanceBytes, or if the plugin
// is retired. Every acquired instance is released exactly once, and not used
// after; a second time panics.
func (p *Plugin) Release(in *Instance) {
	if in.plugin != p || in.free {
		panic("plugin: an instance is released that was not acquired")
	}
	in.free = true
	if in.broken || in.memory > int64(p.engine.opts.MaxInstanceBytes) {
		in.close(true)
		in = nil
	} else {
		in.trim()
	}
	p.returned(in)
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
	p.mu.Unlock()
	if in != nil {
		in.close(false)
	}
	if last {
		p.close()
	}
}

// Warm makes instances until there are n, free or not, so that the first calls
// need not wait for them. It has the errors of Acquire.
func (p *Plugin) Warm(ctx context.Context, n int) error {
	for {
		p.mu.Lock()
		switch {
		case p.retired:
			p.mu.Unlock()
			return ErrRetired
		case len(p.free)+p.out >= n:
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
	for _, in := range free {
		in.close(false)
	}
	if last {
		p.close()
	}
}

// close frees the compiled code. It is called once, without instances.
func (p *Plugin) close() {
	if err := p.compiled.Close(context.Background()); err != nil {
		p.engine.opts.Logger.Warn("plugin not freed", "plugin", shortDigest(p.digest), "error", err)
	}
	p.engine.remove(p)
	close(p.gone)
}
