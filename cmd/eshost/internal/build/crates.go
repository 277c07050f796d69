package build

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// aboutNetwork is what cargo says when it is not the sources that are wrong.
var aboutNetwork = regexp.MustCompile(`(?i)failed to download|download of|network|could ?n[o']t (connect|resolve)|offline|http request|timed out|spurious`)

// fetchCrates downloads what a crate depends on, if it is not there already.
// What else is wrong is left to the build to say.
func (b *Builder) fetchCrates(ctx context.Context, dir string, env []string) error {
	fetch := func(flags ...string) (string, error) {
		cargo := &command{dir: dir, env: env, name: "cargo", args: append([]string{"fetch", "--quiet", "--target", wasmTarget}, flags...)}
		_, stderr, err := cargo.run(ctx)
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return strings.TrimSpace(stderr), err
	}
	text, err := fetch("--offline")
	if ctx.Err() != nil || err == nil || !aboutNetwork.MatchString(text) {
		return ctx.Err()
	}
	b.fetching(fmt.Sprintf("the crates that %s needs, once", dir))
	if text, err = fetch(); err != nil && ctx.Err() == nil && aboutNetwork.MatchString(text) {
		return fmt.Errorf("plugin %s: fetch the crates that it needs, which takes a network: cargo fetch: %w\n%s", dir, err, text)
	}
	return ctx.Err()
}

// crateInfo is what cargo knows of a crate before it builds it.
type crateInfo struct {
	id       string // cargo's
	manifest string // its Cargo.toml, without symbolic links
	library  string // the file that it builds, without an ending; "" if it builds none
	target   string // where cargo builds
	shared   bool   // others may build there that are not of its workspace
}

func (b *Builder) crate(ctx context.Context, dir string, env []string) (crateInfo, error) {
	cargo := &command{dir: dir, env: env, name: "cargo", args: []string{"metadata", "--no-deps", "--offline", "--format-version", "1"}}
	text, _, err := cargo.run(ctx)
	var exit *exec.ExitError
	if ctx.Err() != nil {
		return crateInfo{}, ctx.Err()
	}
	if err != nil && !errors.As(err, &exit) {
		return crateInfo{}, fmt.Errorf("plugin %s: run cargo: %w", dir, err)
	}
	var m struct {
		Packages []struct {
			ID       string
			Manifest string `json:"manifest_path"`
			Targets  []struct {
				Name string
				Kind []string
			}
		}
		Target string `json:"target_directory"`
		Root   string `json:"workspace_root"`
	}
	c := crateInfo{manifest: resolved(filepath.Join(dir, "Cargo.toml"))}
	if err != nil || json.Unmarshal([]byte(text), &m) != nil {
		return c, nil // the build says what is wrong
	}
	c.target = m.Target
	rel, err := filepath.Rel(resolved(m.Root), resolved(m.Target))
	c.shared = err != nil || !filepath.IsLocal(rel)
	for _, p := range m.Packages {
		for _, t := range p.Targets {
			if resolved(p.Manifest) == c.manifest && slices.Contains(t.Kind, "cdylib") {
				c.id, c.library = p.ID, strings.ReplaceAll(t.Name, "-", "_")
			}
		}
	}
	return c, nil
}

// claim gives the flags that keep a crate from taking the output of another
// one. Cargo calls the file by the crate's name alone, and takes it for built
// if it has been, though by another one. So in a folder that several crates share, such as that of CARGO_TARGET_DIR, the first of a
// name builds there, from nothing, and another one in a folder of its own below. Meanwhile others of the name wait.
func (b *Builder) claim(ctx context.Context, dir string, env []string) (flags []string, release func(), err error) {
	c, err := b.crate(ctx, dir, env)
	if err != nil {
		return nil, nil, err
	}
	if !c.shared || c.library == "" {
		return nil, func() {}, nil
	}
	fail := func(err error) ([]string, func(), error) {
		return nil, nil, fmt.Errorf("plugin %s: share the folder %s with other crates: %w", dir, c.target, err)
	}
	if release, err = b.lock(ctx, "cargo", filepath.Join(c.target, c.library)); err != nil {
		return fail(err)
	}
	owners := filepath.Join(c.target, "eshost")
	name := filepath.Join(owners, c.library)
	owner, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		release()
		return fail(err)
	}
	switch {
	case string(owner) == c.manifest:
		return nil, release, nil
	case len(owner) > 0 && isFile(string(owner)):
		sum := sha256.Sum256([]byte(c.manifest))
		return []string{"--target-dir", filepath.Join(owners, fmt.Sprintf("%s-%x", c.library, sum[:8]))}, release, nil
	}
	clean := &command{dir: dir, env: env, name: "cargo", args: []string{"clean", "--quiet", "--offline", "--release", "--target", wasmTarget, "--package", c.id}}
	_, text, err := clean.run(ctx)
	if err != nil {
		err = fmt.Errorf("cargo clean: %w\n%s", err, strings.TrimSpace(text))
	} else if err = os.MkdirAll(owners, 0o755); err == nil {
		err = os.WriteFile(name, []byte(c.manifest), 0o644)
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		release()
		return fail(err)
	}
	return nil, release, nil
}
