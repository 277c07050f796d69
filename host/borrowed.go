package host

import (
	"context"
	"fmt"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/host/internal/replay"
	"github.com/eshost/eshost/stores"
)

// replayServing returns the plugin that serves a type, to be replayed, and what to call when that is done.
func (h *Host) replayServing(typ string) (*replay.Plugin, func(), error) {
	t := h.engine.Type(typ)
	if t == nil {
		return nil, nil, fmt.Errorf("%w: %q", ErrUnknownType, typ)
	}
	for {
		if b := t.Binding(); b.Acquire() {
			return &replay.Plugin{Type: replay.TypeOf(h.sharedType(typ)), Bind: b}, b.Release, nil
		}
	}
}

// replayLoaded loads a plugin that serves nothing, to be replayed as the type.
func (h *Host) replayLoaded(ctx context.Context, typ string, wasm []byte) (*replay.Plugin, func(), error) {
	p, err := h.plugins.Load(ctx, wasm)
	if err != nil {
		return nil, nil, err
	}
	t := p.Manifest().Type(typ)
	if t == nil {
		p.Retire()
		return nil, nil, fmt.Errorf("%w: plugin %.12s does not declare the type %q", ErrIncompatible, stores.Digest(p.Digest()), typ)
	}
	d := &loaded{digest: p.Digest(), manifest: p.Manifest(), plugin: p, auditor: &auditor{plugin: p, share: -1, logger: h.o.Logger}}
	b := entity.NewBinding(d.digest, t.StateSchema, newGuest(d, t, &h.o), p.Retire)
	return &replay.Plugin{Type: replay.TypeOf(h.sharedType(typ)), Bind: b}, b.Release, nil
}

// replayed returns the plugin of these bytes; of none: that which serves the type.
func (h *Host) replayed(ctx context.Context, typ string, wasm []byte) (*replay.Plugin, func(), error) {
	if wasm == nil {
		return h.replayServing(typ)
	}
	return h.replayLoaded(ctx, typ, wasm)
}

// replayOf returns the plugin of that digest: one that serves the type, or else one that was kept.
func (h *Host) replayOf(typ string) replay.Open {
	return func(ctx context.Context, digest stores.Digest) (*replay.Plugin, func(), error) {
		if p, release, err := h.replayServing(typ); err == nil {
			if p.Bind.Plugin == digest {
				return p, release, nil
			}
			release()
		}
		if h.o.Blobs == nil {
			return nil, nil, fmt.Errorf("plugin %.12s: %w: it does not serve the type, and this host keeps no others", digest, stores.ErrNotFound)
		}
		wasm, err := h.o.Blobs.Blob(ctx, digest)
		if err != nil {
			return nil, nil, fmt.Errorf("read plugin %.12s: %w", digest, err)
		}
		return h.replayLoaded(ctx, typ, wasm)
	}
}
