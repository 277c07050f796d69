package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/deployment"
	"github.com/eshost/eshost/stores"
)

// Deployment is a plugin bound to entity types from a moment on.
type Deployment struct {
	Plugin   stores.Digest // SHA-256 of its bytes
	Manifest *abi.Manifest // not to be changed
	Size     int           // of the .wasm file, in bytes
	Seq      uint64        // of the registry of deployments, from which on it serves
	Time     time.Time     // when that was
	By, From string        // who did it, and from where, as he says; may be empty
	Types    []string      // that it serves by this deployment, sorted: some that it declares may be served by another one since
}

// Names of what the registry records.
type (
	// DeploymentEntry is an entry of the history.
	DeploymentEntry = deployment.Entry
	// DeployedType is an entity type that an entry concerns.
	DeployedType = deployment.Type
	// States says what becomes of the states that the plugins before have made.
	States = deployment.States
)

// What becomes of states.
const (
	// RefoldStates folds every entity again from its events.
	RefoldStates = deployment.Refold
	// KeepStates uses the states as they are: they are those that the new plugin would make. Their layouts must have the same name.
	KeepStates = deployment.Keep
)

// serving is what serves one entity type.
type serving struct {
	*loaded
	entry  *deployment.Entry
	former stores.Digest // zero: none
}

// bound is the number of the deployment that serves the type; 0: none does.
func (h *Host) bound(typ string) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.serves[typ]; s != nil {
		return s.entry.Seq
	}
	return 0
}

// unserved notes why a type is not served, if it is not.
func (h *Host) unserved(typ string, why error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.serves[typ] == nil {
		h.missing[typ] = why
	}
}

// unknown says why a type is not served.
func (h *Host) unknown(typ string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.missing[typ]; err != nil {
		return fmt.Errorf("type %q: %w: %w", typ, ErrUnavailable, err)
	}
	return fmt.Errorf("%w: %q", ErrUnknownType, typ)
}

// Deployments returns the deployments that serve a type, the oldest first.
func (h *Host) Deployments() []Deployment {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []Deployment
	at := make(map[uint64]int)
	for typ, s := range h.serves {
		i, there := at[s.entry.Seq]
		if !there {
			i = len(all)
			at[s.entry.Seq] = i
			all = append(all, Deployment{Plugin: s.digest, Manifest: s.manifest, Size: s.size, Seq: s.entry.Seq, Time: s.entry.Time, By: s.entry.By, From: s.entry.From})
		}
		all[i].Types = append(all[i].Types, typ)
	}
	for i := range all {
		slices.Sort(all[i].Types)
	}
	slices.SortFunc(all, func(a, b Deployment) int { return cmp.Compare(a.Seq, b.Seq) })
	return all
}

// running returns the plugins in service, each once, the oldest first.
func (h *Host) running() []*loaded {
	h.mu.Lock()
	defer h.mu.Unlock()
	since := make(map[*loaded]uint64)
	for _, s := range h.serves {
		if seq, there := since[s.loaded]; !there || s.entry.Seq < seq {
			since[s.loaded] = s.entry.Seq
		}
	}
	return slices.SortedFunc(maps.Keys(since), func(a, b *loaded) int { return cmp.Compare(since[a], since[b]) })
}

// DeploymentHistory returns all deployments there have been, the oldest first; what others did since
// is there when this host has read it.
func (h *Host) DeploymentHistory() []DeploymentEntry {
	return slices.Clone(h.deployments.state.Load().Entries)
}

// Deployed reports whether a plugin of these bytes was ever deployed, whatever serves now.
func (h *Host) Deployed(plugin stores.Digest) bool {
	return h.deployments.state.Load().Deployed(plugin) != nil
}

// PluginInfo is what is known of a plugin that was deployed.
type PluginInfo struct {
	Plugin   stores.Digest
	Bytes    int
	Manifest *abi.Manifest     // not to be changed
	Serves   []string          // types
	FormerOf []string          // types that would go back to it
	Entries  []DeploymentEntry // by which it came to serve, the oldest first
}

// pluginInfo gathers what the registry says of a plugin.
func pluginInfo(state *deployment.Registry, d stores.Digest) PluginInfo {
	p := PluginInfo{Plugin: d}
	for typ, s := range state.Serving {
		switch d {
		case s.Plugin:
			p.Serves = append(p.Serves, typ)
		case s.Former:
			p.FormerOf = append(p.FormerOf, typ)
		}
	}
	slices.Sort(p.Serves)
	slices.Sort(p.FormerOf)
	for i := range state.Entries {
		if e := &state.Entries[i]; e.Plugin == d {
			p.Entries = append(p.Entries, *e)
			p.Bytes = max(p.Bytes, e.Bytes)
		}
	}
	return p
}

// Plugin returns what is known of the plugin whose digest begins so, in hexadecimal.
//
// # Errors
//
//   - ErrUnknownPlugin, ErrAmbiguousPlugin
//   - stores.ErrNotFound: it was deployed, but this host keeps no plugins
func (h *Host) Plugin(ctx context.Context, digest string) (PluginInfo, error) {
	state := h.deployments.state.Load()
	var found *stores.Digest
	for i := range state.Entries {
		d := &state.Entries[i].Plugin
		if digest == "" || len(digest) > len(d.String()) || d.String()[:len(digest)] != digest || found != nil && *found == *d {
			continue
		}
		if found != nil {
			return PluginInfo{}, fmt.Errorf("%w: %.64q: give more of it", ErrAmbiguousPlugin, digest)
		}
		found = d
	}
	if found == nil {
		return PluginInfo{}, fmt.Errorf("%w: %.64q", ErrUnknownPlugin, digest)
	}
	p := pluginInfo(state, *found)
	var err error
	p.Manifest, err = h.manifest(ctx, state, *found)
	return p, err
}

// manifest returns that of a plugin that was deployed: of the one that is loaded, or else from the blobs.
func (h *Host) manifest(ctx context.Context, state *deployment.Registry, plugin stores.Digest) (*abi.Manifest, error) {
	if l := h.loaded.get(plugin); l != nil {
		defer h.loaded.release(l)
		return l.manifest, nil
	}
	e := state.Deployed(plugin)
	if e == nil || h.o.Blobs == nil {
		return nil, fmt.Errorf("manifest of plugin %.12s: %w: this host keeps no plugins that it does not serve", plugin, stores.ErrNotFound)
	}
	b, err := h.o.Blobs.Blob(ctx, e.Manifest)
	if err != nil {
		return nil, fmt.Errorf("manifest of plugin %.12s: %w", plugin, err)
	}
	m, err := abi.DecodeManifest(b)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("manifest of plugin %.12s: %w", plugin, stores.ErrCorrupt), err)
	}
	return m, nil
}
