package build_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/build"
	"github.com/eshost/eshost/cmd/eshost/internal/sdk"
)

// Types whose names are no identifiers, mean something to a language, or are the counter's own words.
var odd = []string{"a.b", "order_2", "x--y.", "type", "match", "struct", "class", "self", "increase", "eshost", "main", "string", "orders-test", "con"}

// files returns the texts of a new plugin, by slashed path, but those of the SDK.
func files(t *testing.T, language, typ string) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "plugin")
	paths, err := builder(t).Scaffold(dir, language, typ)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, path := range paths {
		name, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if name = filepath.ToSlash(name); !strings.HasPrefix(name, "sdk/") {
			all[name] = string(text)
		}
	}
	return all
}

func TestANewPluginIsTheCounterUnderItsOwnName(t *testing.T) {
	for _, test := range []struct{ language, typ, file, want string }{
		{"go", "my-orders", "my_orders.go", `var MyOrders = eshost.Define[uint64]("my-orders",`},
		{"go", "my-orders", "go.mod", "module example.com/my-orders\n"},
		{"go", "order-test", "order_test_entity.go", `var OrderTestEntity = eshost.Define[uint64]("order-test",`},
		{"go", "increase", "increase_entity.go", `var IncreaseEntity = eshost.Define[uint64]("increase",`},
		{"go", "main", "main_entity.go", `"main",`},
		{"go", "con", "con_entity.go", `"con",`},
		{"go", "type", "type_entity.go", `var TypeEntity = `},
		{"rust", "my-orders", "src/lib.rs", `impl EventSourced for MyOrders {`},
		{"rust", "my-orders", "src/lib.rs", `const TYPE_NAME: &'static str = "my-orders";`},
		{"rust", "my-orders", "Cargo.toml", `name = "my-orders"`},
		{"rust", "my-orders", "Cargo.toml", `eshost = { path = "sdk" }`},
		{"rust", "my-orders", "tests/my_orders.rs", "use my_orders::*;"},
		{"rust", "match", "tests/match_entity.rs", "use match_entity::*;"},
		{"rust", "event", "src/lib.rs", `pub struct EventEntity(pub u64);`},
		{"rust", "serde", "Cargo.toml", `name = "serde-entity"`},
		{"assemblyscript", "my-orders", "assembly/my_orders.ts", `export const myOrders = define<u64>("my-orders", 0);`},
		{"assemblyscript", "my-orders", "assembly/index.ts", `import { myOrders } from "./my_orders";`},
		{"assemblyscript", "my-orders", "package.json", `"name": "my-orders",`},
		{"assemblyscript", "my-orders", "package.json", `"@eshost/guest": "file:sdk"`},
		{"assemblyscript", "class", "assembly/class_entity.ts", `export const classEntity = define<u64>("class", 0);`},
		{"c", "my-orders", "my_orders.c", `ESHOST_TYPE(my_orders, "my-orders", uint64_t, `},
		{"c", "my-orders", "my_orders_test.c", `#include "my_orders.c"`},
		{"c", "my-orders", "compile_flags.txt", "-Isdk\n"},
		{"c", "struct", "struct_entity.c", `ESHOST_TYPE(struct_entity, "struct", uint64_t, `},
		{"c", "counter", "counter.c", `ESHOST_TYPE(counter, "counter", uint64_t, `},
	} {
		if got := files(t, test.language, test.typ)[test.file]; !strings.Contains(got, test.want) {
			t.Errorf("%s in %s: %s has no %s:\n%s", test.typ, test.language, test.file, test.want, got)
		}
	}
}

func TestANewPluginDoesNotSpeakOfTheRepository(t *testing.T) {
	counter := regexp.MustCompile(`\bCounter\b|counter_|"counter"|\.\./\.\.`)
	for _, language := range sdk.Languages {
		all := files(t, language, "my-orders")
		for name, text := range all {
			if at := counter.FindString(text); at != "" {
				t.Errorf("%s of a plugin in %s says %s", name, language, at)
			}
		}
		for _, name := range []string{"README.md", ".gitignore", "scenarios/my_orders.yaml"} {
			if all[name] == "" {
				t.Errorf("a plugin in %s has no %s", language, name)
			}
		}
		if !strings.Contains(all[".gitignore"], "/build/\n") {
			t.Errorf("a plugin in %s does not ignore what is built: %s", language, all[".gitignore"])
		}
	}
}

// odds calls f with a new plugin of each odd type, which stays until the end.
func odds(t *testing.T, language string, f func(t *testing.T, b *build.Builder, dir string)) {
	b, all := builder(t), t.TempDir()
	for _, typ := range odd {
		t.Run(typ, func(t *testing.T) {
			dir := filepath.Join(all, typ)
			if _, err := b.Scaffold(dir, language, typ); err != nil {
				t.Fatal(err)
			}
			f(t, b, dir)
		})
	}
}

// run runs a program of a toolchain in a folder.
func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", cmd, err, out)
	}
}

// built builds a plugin and returns its bytes.
func built(t *testing.T, b *build.Builder, dir string) []byte {
	t.Helper()
	p, err := b.Build(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if !isWasm(p.Wasm) {
		t.Fatalf("built %d bytes, which are no WebAssembly", len(p.Wasm))
	}
	return p.Wasm
}

func TestAnyTypeCanBeWrittenInGo(t *testing.T) {
	odds(t, "go", func(t *testing.T, b *build.Builder, dir string) {
		run(t, dir, "go", "vet", "./...")
		if out, err := exec.Command("gofmt", "-l", dir).Output(); err != nil || len(out) > 0 {
			t.Errorf("not formatted: %s %v", out, err)
		}
	})
}

func TestAnyTypeCanBeWrittenInC(t *testing.T) {
	odds(t, "c", func(t *testing.T, b *build.Builder, dir string) {
		built(t, b, dir)
		tests, err := filepath.Glob(filepath.Join(dir, "*_test.c"))
		if err != nil || len(tests) != 1 {
			t.Fatalf("its tests are %v, %v", tests, err)
		}
		run(t, dir, "cc", "@compile_flags.txt", "-fsyntax-only", tests[0])
	})
}

func TestAnyTypeCanBeWrittenInRust(t *testing.T) {
	t.Setenv("CARGO_TARGET_DIR", filepath.Join(t.TempDir(), "target"))
	first := ""
	odds(t, "rust", func(t *testing.T, b *build.Builder, dir string) {
		if first == "" {
			first = dir
		} else { // the SDK is compiled once for all
			change(t, filepath.Join(dir, "Cargo.toml"), `path = "sdk"`, `path = "`+filepath.ToSlash(first)+`/sdk"`)
		}
		run(t, dir, "cargo", "check", "-q", "--tests")
		run(t, dir, "cargo", "fmt", "--check")
	})
}

func TestAnyTypeCanBeWrittenInAssemblyScript(t *testing.T) {
	packages := ""
	odds(t, "assemblyscript", func(t *testing.T, b *build.Builder, dir string) {
		if packages == "" { // they are installed once for all
			packages = filepath.Join(dir, "node_modules")
			built(t, b, dir)
			return
		}
		if err := os.Symlink(packages, filepath.Join(dir, "node_modules")); err != nil {
			t.Fatal(err)
		}
		run(t, dir, "node", filepath.Join(packages, "assemblyscript", "bin", "asc.js"), "--noEmit", "--optimizeLevel", "0")
	})
}

func TestAScaffoldThatFailsLeavesNothingBehind(t *testing.T) {
	b := builder(t)
	// A folder whose path is so long that only short names fit into it.
	deep := t.TempDir()
	for len(deep) < 4096-240 {
		deep = filepath.Join(deep, strings.Repeat("d", 200))
	}
	deep = filepath.Join(deep, strings.Repeat("e", 4096-16-len(deep)))
	parent := filepath.Dir(deep)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, there := range map[string]bool{"a folder that is not there": false, "a folder that is there": true} {
		t.Run(name, func(t *testing.T) {
			if there {
				if err := os.Mkdir(deep, 0o700); err != nil {
					t.Fatal(err)
				}
				defer os.Remove(deep)
			}
			if paths, err := b.Scaffold(deep, "c", "counter"); err == nil || !strings.Contains(err.Error(), "file name too long") || paths != nil {
				t.Fatalf("wrote %d files, error %.60v; want one about a name that is too long", len(paths), err)
			}
			entries, err := os.ReadDir(deep)
			if there && (err != nil || len(entries) > 0) || !there && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("left behind: %v, %v", entries, err)
			}
		})
	}
}

// A process may be ended while it writes: at no time is there a folder that has only a part.
func TestANewPluginIsThereAsAWholeOrNotAtAll(t *testing.T) {
	b := builder(t)
	for range 5 {
		dir := filepath.Join(t.TempDir(), "deep", "plugin")
		written := make(chan []string, 1)
		go func() {
			paths, err := b.Scaffold(dir, "rust", "counter")
			if err != nil {
				t.Error(err)
			}
			written <- paths
		}()
		var seen []string
		for len(seen) == 0 && !t.Failed() {
			_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					seen = append(seen, path)
				}
				return nil
			})
		}
		paths := <-written
		slices.Sort(paths)
		slices.Sort(seen)
		if !slices.Equal(seen, paths) {
			t.Errorf("at first there are %d of %d files", len(seen), len(paths))
		}
		if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || !slices.Equal(names(entries), []string{"plugin"}) {
			t.Errorf("beside it is %v, %v", names(entries), err)
		}
	}
}

func TestAFolderThatIsEmptyStaysTheSame(t *testing.T) {
	dir := t.TempDir()
	before, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	paths, err := builder(t).Scaffold(dir, "c", "counter")
	if err != nil || len(paths) < 5 {
		t.Fatalf("wrote %v, %v", paths, err)
	}
	after, err := os.Stat(dir)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("somebody who works in it is elsewhere now; %v", err)
	}
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || slices.ContainsFunc(names(entries), func(name string) bool { return strings.HasPrefix(name, ".eshost") }) {
		t.Errorf("it holds %v, %v", names(entries), err)
	}
}

func TestAFolderThatIsNotEmptyIsLeftAlone(t *testing.T) {
	b := builder(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ dir, language, typ, want string }{
		"not empty":       {dir, "go", "counter", "not empty"},
		"no type":         {filepath.Join(dir, "new"), "go", "Not A Type", "--type"},
		"no language":     {filepath.Join(dir, "new"), "cobol", "counter", "only for " + strings.Join(sdk.Languages, ", ")},
		"below a file":    {filepath.Join(dir, "mine", "new"), "go", "counter", "not a directory"},
		"in place of one": {filepath.Join(dir, "mine"), "go", "counter", "not a directory"},
	} {
		if paths, err := b.Scaffold(test.dir, test.language, test.typ); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: wrote %v, error %v; want one that says %s", name, paths, err, test.want)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || !slices.Equal(names(entries), []string{"mine"}) {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func names(entries []fs.DirEntry) (all []string) {
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}
