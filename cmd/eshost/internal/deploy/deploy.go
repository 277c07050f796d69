// Package deploy brings plugins from where their authors have them onto a host.
package deploy

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"

	"github.com/eshost/eshost/cmd/eshost/internal/build"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// Set is the plugins that a host is given by paths. It is used by one goroutine at a time.
type Set struct {
	host    *host.Host
	builder *build.Builder
	options host.DeployOptions
	owners  map[string]string // the path that an entity type came from
}

// NewSet returns the set of a host, on which plugins are deployed with the options.
func NewSet(h *host.Host, b *build.Builder, o host.DeployOptions) *Set {
	return &Set{host: h, builder: b, options: o, owners: make(map[string]string)}
}

// Result is what came of a path.
type Result struct {
	Plugin     build.Plugin
	Deployment host.Deployment          // of the plugin; where it was kept back, without a number
	Types      []string                 // that the plugin declares
	Before     map[string]stores.Digest // what served them; types that nothing served are missing
	KeptBack   bool                     // it was deployed once, and what was deployed after it serves on
}

// Unchanged reports whether the plugin served all its types before.
func (r *Result) Unchanged() bool {
	for _, t := range r.Types {
		if r.Before[t] != r.Deployment.Plugin {
			return false
		}
	}
	return true
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
//   - otherwise as of host.Host.DeployWith
func (s *Set) Deploy(ctx context.Context, path string) (*Result, error) {
	r, err := s.build(ctx, path)
	if err == nil {
		err = s.deploy(ctx, path, r)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// startTries is how often a deployment at the start is tried when other hosts deploy at the same time.
const startTries = 10

// Start builds the plugin at the path, and deploys it if that was never done: otherwise what the history says
// serves on, be it this plugin or one that was deployed after it. It has the errors of Deploy.
func (s *Set) Start(ctx context.Context, path string) (*Result, error) {
	r, err := s.build(ctx, path)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		if s.host.Deployed(r.Deployment.Plugin) {
			r.KeptBack = !r.Unchanged()
			return r, nil
		}
		err := s.deploy(ctx, path, r)
		if err == nil {
			return r, nil
		}
		if !errors.Is(err, host.ErrDeploymentRace) || try == startTries {
			return nil, err
		}
		r.Before = s.serving(r.Types)
	}
}

// build builds the plugin at the path and finds out what it is.
func (s *Set) build(ctx context.Context, path string) (*Result, error) {
	built, err := s.builder.Build(ctx, path)
	if err != nil {
		return nil, err
	}
	manifest, err := s.host.Check(ctx, built.Wasm)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r := &Result{Plugin: built, Deployment: host.Deployment{Plugin: sha256.Sum256(built.Wasm), Manifest: manifest, Size: len(built.Wasm)}}
	for i := range manifest.Types {
		name := manifest.Types[i].Name
		if owner, ok := s.owners[name]; ok && identity(owner) != identity(path) {
			return nil, &ConflictError{name, path, owner}
		}
		r.Types = append(r.Types, name)
	}
	for _, name := range r.Types {
		s.owners[name] = path
	}
	r.Before = s.serving(r.Types)
	return r, nil
}

// serving is what serves the types.
func (s *Set) serving(types []string) map[string]stores.Digest {
	all := make(map[string]stores.Digest)
	for _, t := range s.host.Types() {
		all[t.Name] = t.Plugin
	}
	before := make(map[string]stores.Digest)
	for _, name := range types {
		if d, ok := all[name]; ok {
			before[name] = d
		}
	}
	return before
}

func (s *Set) deploy(ctx context.Context, path string, r *Result) error {
	o := s.options
	d, err := s.host.DeployWith(ctx, r.Plugin.Wasm, &o)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	r.Deployment = d
	return nil
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

// Who names this user of this machine, for the history.
func Who() string {
	name := "unknown"
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	machine, err := os.Hostname()
	if err != nil {
		return name
	}
	return name + "@" + machine
}
