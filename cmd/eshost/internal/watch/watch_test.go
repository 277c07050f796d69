package watch_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/eshost/eshost/cmd/eshost/internal/watch"
)

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func start(t *testing.T, path string) *watch.Watcher {
	t.Helper()
	w, err := watch.Watch(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// told waits for a change; it fails after a time in which one must have come.
func told(t *testing.T, w *watch.Watcher, what string) {
	t.Helper()
	select {
	case _, ok := <-w.Changes():
		if !ok {
			t.Fatalf("%s: the watcher has ended", what)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("%s was not told", what)
	}
}

// quiet makes a change that counts, and finds that it alone is told: what came before it was not.
func quiet(t *testing.T, w *watch.Watcher, dir string) {
	t.Helper()
	select {
	case <-w.Changes():
		t.Fatal("told of something that does not count")
	case <-time.After(400 * time.Millisecond):
	}
	put(t, filepath.Join(dir, "real.go"), "x")
	told(t, w, "what counts")
}

func TestChangesOfSourcesAreTold(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "a.go")
	put(t, source, "1")
	put(t, filepath.Join(dir, "sub", "b.go"), "1")
	w := start(t, dir)

	put(t, source, "2")
	told(t, w, "a change")
	put(t, filepath.Join(dir, "sub", "b.go"), "2")
	told(t, w, "a change below")
	put(t, filepath.Join(dir, "new.go"), "1")
	told(t, w, "a new file")
	put(t, filepath.Join(dir, "go.mod"), "module x")
	told(t, w, "a changed module")
	if err := os.Mkdir(filepath.Join(dir, "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	told(t, w, "a new folder")
	put(t, filepath.Join(dir, "deep", "er", "c.go"), "1")
	told(t, w, "a file in a new folder")
	if err := os.Remove(source); err != nil {
		t.Fatal(err)
	}
	told(t, w, "a removed file")
	// As editors save: a new file in the place of the old one.
	put(t, filepath.Join(dir, ".new.go.tmp"), "3")
	if err := os.Rename(filepath.Join(dir, ".new.go.tmp"), filepath.Join(dir, "new.go")); err != nil {
		t.Fatal(err)
	}
	told(t, w, "a replaced file")
}

func TestSourcesOfAllLanguagesAreTold(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "src"), 0o700); err != nil {
		t.Fatal(err)
	}
	w := start(t, dir)
	for _, name := range []string{"Cargo.toml", "src/lib.rs", "package.json", "src/index.ts", "main.c", "main.cc", "main.cpp", "src/part.h", "compile_flags.txt", "main.go", "go.mod"} {
		put(t, filepath.Join(dir, filepath.FromSlash(name)), "1")
		told(t, w, name)
	}
}

func TestWhatIsNoSourceIsNotTold(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, ".git", "HEAD"), "1")
	put(t, filepath.Join(dir, "target", "out"), "1")
	put(t, filepath.Join(dir, "build", "plugin.wasm"), "1")
	put(t, filepath.Join(dir, "sdk", "node_modules", "x.js"), "1")
	put(t, filepath.Join(dir, "scenarios", "a.yaml"), "1")
	put(t, filepath.Join(dir, "sub", "lib.rs"), "1")
	w := start(t, dir)
	for _, name := range []string{".git/HEAD", "target/out", "plugin.wasm", ".a.go.swp", "a.go~", "#a.go#", "4913", "a.go.bak", "node_modules/x.js",
		"build/plugin.wasm", "build/new.json", "sdk/node_modules/x.js", "Cargo.lock", "package-lock.json", "scenarios/a.yaml", "README.md"} {
		put(t, filepath.Join(dir, filepath.FromSlash(name)), "2")
	}
	if err := os.Chmod(filepath.Join(dir, "target"), 0o500); err != nil {
		t.Fatal(err)
	}
	// As Cargo makes its folder: under a name of the moment, with something in it.
	put(t, filepath.Join(dir, "sub", "targetfsWxjD", "CACHEDIR.TAG"), "1")
	if err := os.Rename(filepath.Join(dir, "sub", "targetfsWxjD"), filepath.Join(dir, "sub", "target")); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "sub", "target", "release", "deep.rs"), "1")
	quiet(t, w, dir)
}

func TestManyChangesAreToldOnce(t *testing.T) {
	dir := t.TempDir()
	w := start(t, dir)
	for range 50 {
		put(t, filepath.Join(dir, "a.go"), "x")
	}
	told(t, w, "a change")
	quiet(t, w, dir)
}

func TestOfAFileOnlyItselfCounts(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "plugin.wasm")
	put(t, file, "1")
	w := start(t, file)
	put(t, filepath.Join(dir, "other.wasm"), "1")
	put(t, filepath.Join(dir, "a.go"), "1")
	select {
	case <-w.Changes():
		t.Fatal("told of another file")
	case <-time.After(400 * time.Millisecond):
	}
	put(t, file+".new", "2")
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
	told(t, w, "the file")
}

func TestAWatcherEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w, err := watch.Watch(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, ok := <-w.Changes(); ok {
		t.Error("told of a change after the end")
	}
	for range 2 {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := watch.Watch(t.Context(), filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a missing path is watched")
	}
}
