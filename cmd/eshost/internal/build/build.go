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
	"strings"
	"time"
)

// Options configure a Builder. Nil, or a zero field, means the default.
type Options struct {
	CacheDir string // where the SDK is unpacked; empty: "eshost" in the user's cache folder
}

// Builder builds plugins. Its methods may be called by many goroutines.
type Builder struct{ cache string }

// New returns a builder.
func New(o *Options) *Builder {
	b := &Builder{}
	if o != nil {
		b.cache = o.CacheDir
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

// language is a language that plugins are written in.
type language struct {
	name    string
	marker  string // a folder that holds a file of this pattern is written in it
	compile func(b *Builder, ctx context.Context, dir string) ([]byte, error)
}

// languages are looked for in this order.
var languages = []language{
	{"go", "*.go", (*Builder).compileGo},
}

// Build builds the plugin at the path: a .wasm file, or a folder of sources.
// The author's folder is left as it is. A source that does not compile is a *CompileError.
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

func detect(dir string) (*language, error) {
	var markers []string
	for i := range languages {
		l := &languages[i]
		if found, err := filepath.Glob(filepath.Join(escaped(dir), l.marker)); err == nil && len(found) > 0 {
			return l, nil
		}
		markers = append(markers, fmt.Sprintf("%s (%s)", l.marker, l.name))
	}
	return nil, fmt.Errorf("plugin %s: the folder holds no sources of a language that eshost builds; it would have %s files. `eshost plugin new` writes a plugin to begin with",
		dir, strings.Join(markers, " or "))
}

// escaped is a path as a pattern that matches it alone.
func escaped(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
