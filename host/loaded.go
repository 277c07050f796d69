package host

import (
	"context"
	"fmt"
	"sync"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/plugin"
	"github.com/eshost/eshost/stores"
)

// loaded is a plugin that is ready to serve here. It is counted: every binding has a use, everyone who
// keeps it warm, and who is about to bind it; with the last one it is closed.
type loaded struct {
	digest   stores.Digest
	manifest *abi.Manifest
	size     int
	plugin   *plugin.Plugin
	auditor  *auditor
	speech   *speech

	uses int // guarded by the table's lock
}

// pluginTable is the plugins that are loaded, by digest.
type pluginTable struct {
	mu sync.Mutex
	m  map[stores.Digest]*loaded
}

// get returns a plugin with a use that the caller releases; nil: it is not loaded.
func (t *pluginTable) get(d stores.Digest) *loaded {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.m[d]
	if l != nil {
		l.uses++
	}
	return l
}

// add adds a plugin, or returns the one that is there already, with a use that the caller releases.
func (t *pluginTable) add(l *loaded) *loaded {
	t.mu.Lock()
	there := t.m[l.digest]
	if there == nil {
		there = l
		t.m[l.digest] = l
	}
	there.uses++
	t.mu.Unlock()
	if there != l {
		l.plugin.Retire()
	}
	return there
}

// release gives a use back; nil has none.
func (t *pluginTable) release(l *loaded) {
	if l == nil {
		return
	}
	t.mu.Lock()
	l.uses--
	last := l.uses == 0
	if last {
		delete(t.m, l.digest)
	}
	t.mu.Unlock()
	if last {
		l.plugin.Retire()
	}
}

// load checks, compiles and warms a plugin, unless that was done. The caller releases it.
func (h *Host) load(ctx context.Context, wasm []byte, digest stores.Digest) (*loaded, error) {
	if l := h.loaded.get(digest); l != nil {
		return l, nil
	}
	p, err := h.plugins.Load(ctx, wasm)
	if err != nil {
		return nil, err
	}
	if err := p.Warm(ctx, h.o.Workers); err != nil {
		p.Retire()
		return nil, fmt.Errorf("start instances of plugin %s: %w", digest, err)
	}
	return h.loaded.add(&loaded{digest: digest, manifest: p.Manifest(), size: len(wasm), plugin: p,
		auditor: &auditor{plugin: p, share: h.o.AuditShare, logger: h.o.Logger}, speech: newSpeech(digest, &h.o)}), nil
}

// obtain returns the plugin of that digest, from the blobs if it is not loaded. The caller releases it.
func (h *Host) obtain(ctx context.Context, digest stores.Digest) (*loaded, error) {
	if l := h.loaded.get(digest); l != nil {
		return l, nil
	}
	if h.o.Blobs == nil {
		return nil, fmt.Errorf("plugin %s: %w: this host keeps no plugins that it does not serve", digest, stores.ErrNotFound)
	}
	wasm, err := h.o.Blobs.Blob(ctx, digest)
	if err != nil {
		return nil, fmt.Errorf("read plugin %s: %w", digest, err)
	}
	return h.load(ctx, wasm, digest)
}
