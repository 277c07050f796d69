// Package build turns paths into plugins: a .wasm file is read, a folder of
// sources is compiled with the toolchain of its language.
package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Options configure a Builder. Nil, or a zero field, means the default.
type Options struct {
	CacheDir string            // where the Go SDK is unpacked, and builds wait for each other; empty: "eshost" in the user's cache folder
	Fetching func(what string) // told before a build downloads what it needs; nil: nobody is told
	Warning  func(text string) // told what a compiler says of sources that compile; nil: nobody is told
	Quick    bool              // a build that is soon there matters more than a plugin that is small and fast
}

// Builder builds plugins. Its methods may be called by many goroutines.
type Builder struct {
	cache    string
	fetching func(string)
	warning  func(string)
	quick    bool
	system   system
	rust     rustSource // for where the active compiler cannot make WebAssembly
}

// New returns a builder.
func New(o *Options) *Builder {
	if o == nil {
		o = new(Options)
	}
	b := &Builder{cache: o.CacheDir, fetching: o.Fetching, warning: o.Warning, quick: o.Quick, system: thisSystem(), rust: debianRust}
	if b.fetching == nil {
		b.fetching = func(string) {}
	}
	if b.warning == nil {
		b.warning = func(string) {}
	}
	return b
}

// cacheDir is where what does not belong to the author is kept.
func (b *Builder) cacheDir() (string, error) {
	if b.cache != "" {
		return filepath.Abs(b.cache)
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder to unpack the SDK in: %w", err)
	}
	return filepath.Join(base, "eshost"), nil
}

// Plugin is a plugin as it was built.
type Plugin struct {
	Path     string
	Wasm     []byte
	Language string // "" for a .wasm file
	Elapsed  time.Duration
}

// CompileError is a source that does not compile.
type CompileError struct {
	Path   string
	Output string // what the compiler said; paths are relative to Path
}

func (e *CompileError) Error() string {
	return fmt.Sprintf("%s does not compile:\n%s", e.Path, e.Output)
}

// Build builds the plugin at the path: a .wasm file, or a folder of sources.
// An author's sources are left as they are; beside them appears only what the
// language's toolchain keeps there: target, Cargo.lock, node_modules.
//
// # Errors
//
//   - [*CompileError]: a source does not compile
//   - [*MissingError]: the toolchain is not there
//   - ctx's error
func (b *Builder) Build(ctx context.Context, path string) (Plugin, error) {
	start := time.Now()
	p := Plugin{Path: path}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, fmt.Errorf("plugin %s: there is no such file or folder", path)
	}
	if err != nil {
		return p, fmt.Errorf("plugin %s: %w", path, err)
	}
	if !info.IsDir() {
		if filepath.Ext(path) != ".wasm" {
			return p, fmt.Errorf("plugin %s: neither a .wasm file nor a folder of sources", path)
		}
		if p.Wasm, err = os.ReadFile(path); err != nil {
			return p, fmt.Errorf("plugin %s: %w", path, err)
		}
		p.Elapsed = time.Since(start)
		return p, nil
	}
	l, err := detect(path)
	if err != nil {
		return p, err
	}
	p.Language = l.name
	p.Wasm, err = l.compile(b, ctx, path)
	p.Elapsed = time.Since(start)
	return p, err
}
