// Package deploy brings plugins from where their authors have them onto a host.
package deploy

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/build"
	"github.com/eshost/eshost/host"
)

// Set is the plugins of one host, each known by the path it came from. It is
// used by one goroutine at a time.
type Set struct {
	host    *host.Host
	builder *build.Builder
	owners  map[string]string // the path that an entity type came from
	serving map[string]host.Deployment
	kept    string // the folder of what was deployed last; "": nothing is kept
}

// NewSet returns the set of a host that has no plugins yet.
func NewSet(h *host.Host, b *build.Builder) *Set {
	return &Set{host: h, builder: b, owners: make(map[string]string), serving: make(map[string]host.Deployment)}
}

// Result is a plugin that was brought onto the host.
type Result struct {
	Plugin     build.Plugin
	Deployment host.Deployment
	Unchanged  bool // the same bytes serve already; nothing was done
}

// Types are the entity types that the plugin declares.
func (r *Result) Types() []string { return typesOf(r.Deployment.Manifest) }

func typesOf(m *abi.Manifest) []string {
	names := make([]string, len(m.Types))
	for i := range m.Types {
		names[i] = m.Types[i].Name
	}
	return names
}

// ConflictError says that two plugins declare one entity type.
type ConflictError struct{ Type, Path, Owner string }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("plugin %s declares entity type %q, which plugin %s serves already: serve only one of them, or rename the type", e.Path, e.Type, e.Owner)
}

// Deploy builds the plugin at the path and deploys it. When it fails, what
// served before serves on.
//
// # Errors
//
//   - *build.CompileError: the compiler says no
//   - *host.LoadError: it is no plugin, or not one that may be served
//   - *ConflictError: another path's plugin declares the same type
func (s *Set) Deploy(ctx context.Context, path string) (*Result, error) {
	built, err := s.builder.Build(ctx, path)
	if err != nil {
		return nil, err
	}
	r, err := s.deploy(ctx, path, built)
	if err == nil {
		_ = s.keep(path, &built) // it serves, kept or not
	}
	return r, err
}

// deploy deploys what was built of the path.
func (s *Set) deploy(ctx context.Context, path string, built build.Plugin) (*Result, error) {
	key := identity(path)
	if d, ok := s.serving[key]; ok && d.Plugin == sha256.Sum256(built.Wasm) {
		return &Result{Plugin: built, Deployment: d, Unchanged: true}, nil
	}
	manifest, err := s.host.Check(ctx, built.Wasm)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, name := range typesOf(manifest) {
		if owner, ok := s.owners[name]; ok && identity(owner) != key {
			return nil, &ConflictError{name, path, owner}
		}
	}
	d, err := s.host.Deploy(ctx, built.Wasm)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, name := range typesOf(d.Manifest) {
		s.owners[name] = path
	}
	s.serving[key] = d
	return &Result{Plugin: built, Deployment: d}, nil
}

// identity is a path by which the same plugin is known again.
func identity(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path
}
