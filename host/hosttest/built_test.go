package hosttest

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A plugin is stale when something that it is built of was changed, and when
// nothing else was.
func TestOnlyWhatPluginsAreBuiltOfCounts(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, at time.Time) {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now().Truncate(time.Second)
	for _, name := range []string{
		"Makefile", "CMakeLists.txt", "README.md", "Cargo.lock", "package-lock.json", ".clang-format", "counter_test.go", "counter_test.c", "eshost_test.h",
		"tests/counter.rs", "test/counter.test.js", "testing/index.js", "eshosttest/given.go", "target/debug/build.rs", "node_modules/p/index.ts", "build/CMakeFiles/x.c",
		"eslint.config.js", "decorators.d.ts", "scenarios/counter.yaml", ".git/x.go", "bin/counter.wasm",
	} {
		put(name, now)
	}
	if name, _, err := newestSource(dir); name != "" || err != nil {
		t.Fatalf("%s is taken for a source, error %v", name, err)
	}
	for i, name := range []string{
		"main.go", "internal/codec/codec.go", "go.mod", "src/lib.rs", "Cargo.toml", ".cargo/config.toml", "assembly/index.ts", "index.ts", "transform/index.js", "asconfig.json",
		"package.json", "counter.c", "eshost/loop.h", "compile_flags.txt", "door.cc",
	} {
		at := now.Add(time.Duration(i-100) * time.Hour)
		put(name, at)
		if newest, got, err := newestSource(dir); newest != filepath.Join(dir, filepath.FromSlash(name)) || !got.Equal(at) || err != nil {
			t.Errorf("the newest is %s, want %s; error %v", newest, name, err)
		}
	}
}
