package host

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/host/internal/replay"
	"github.com/eshost/eshost/stores"
)

// replayServing returns the plugin that serves a type, to be replayed, and what to call when that is done.
func (h *Host) replayServing(typ string) (*replay.Plugin, func(), error) {
	t := h.engine.Type(typ)
	if t == nil {
		return nil, nil, h.unknown(typ)
	}
	for {
		if b := t.Binding(); b.Acquire() {
			return &replay.Plugin{Type: replay.TypeOf(h.sharedType(typ)), Bind: b}, b.Release, nil
		}
	}
}

// replayLoaded loads a plugin, which need not serve anything, to be replayed as the type.
func (h *Host) replayLoaded(ctx context.Context, typ string, wasm []byte) (*replay.Plugin, func(), error) {
	l, err := h.load(ctx, wasm, sha256.Sum256(wasm))
	if err != nil {
		return nil, nil, err
	}
	return h.replayAs(typ, l)
}

// replayAs is a plugin to be replayed as the type; its use is released with that.
func (h *Host) replayAs(typ string, l *loaded) (*replay.Plugin, func(), error) {
	t := l.manifest.Type(typ)
	if t == nil {
		h.loaded.release(l)
		return nil, nil, fmt.Errorf("%w: plugin %.12s does not declare the type %q", ErrIncompatible, l.digest, typ)
	}
	b := entity.NewBinding(l.digest, t.StateSchema, newGuest(l, t, &h.o), func() { h.loaded.release(l) })
	return &replay.Plugin{Type: replay.TypeOf(h.sharedType(typ)), Bind: b}, b.Release, nil
}

// replayed returns the plugin of these bytes; of none: that which serves the type.
func (h *Host) replayed(ctx context.Context, typ string, wasm []byte) (*replay.Plugin, func(), error) {
	if wasm == nil {
		return h.replayServing(typ)
	}
	return h.replayLoaded(ctx, typ, wasm)
}

// replayOf returns the plugin of that digest: one that serves, or else one that was kept.
func (h *Host) replayOf(typ string) replay.Open {
	return func(ctx context.Context, digest stores.Digest) (*replay.Plugin, func(), error) {
		l, err := h.obtain(ctx, digest)
		if err != nil {
			return nil, nil, err
		}
		return h.replayAs(typ, l)
	}
}
