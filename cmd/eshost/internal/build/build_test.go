package build_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eshost/eshost/cmd/eshost/internal/build"
)

// builder returns a builder with a cache of its own, and no way to download anything.
func builder(t *testing.T) *build.Builder {
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOWORK", "")
	t.Setenv("GOFLAGS", "")
	return build.New(&build.Options{CacheDir: filepath.Join(t.TempDir(), "cache")})
}

// scaffold writes a new plugin outside of the repository.
func scaffold(t *testing.T, b *build.Builder, typ string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "plugin")
	if _, err := b.Scaffold(dir, "go", typ); err != nil {
		t.Fatal(err)
	}
	return dir
}

func change(t *testing.T, name, old, new string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(old)) {
		t.Fatalf("%s does not contain %q", name, old)
	}
	if err := os.WriteFile(name, bytes.ReplaceAll(text, []byte(old), []byte(new)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func isWasm(b []byte) bool { return bytes.HasPrefix(b, []byte("\x00asm")) }

func TestANewPluginBuildsAndPassesItsTestsWithoutANetwork(t *testing.T) {
	b := builder(t)
	dir := scaffold(t, b, "bank-account.v2")
	test := exec.Command("go", "test", "./...")
	test.Dir = dir
	if out, err := test.CombinedOutput(); err != nil {
		t.Errorf("go test: %v\n%s", err, out)
	}
	p, err := b.Build(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if !isWasm(p.Wasm) || p.Language != "go" || p.Path != dir || p.Elapsed <= 0 || !bytes.Contains(p.Wasm, []byte("bank-account.v2")) {
		t.Errorf("built %d bytes of %q in %v", len(p.Wasm), p.Language, p.Elapsed)
	}
	vet := exec.Command("gofmt", "-l", ".")
	vet.Dir = dir
	if out, err := vet.Output(); err != nil || len(out) > 0 {
		t.Errorf("not formatted: %s %v", out, err)
	}
}

func TestTheSDKIsFoundHoweverTheModuleNamesIt(t *testing.T) {
	for name, module := range map[string]string{
		"not at all":                     "module example.com/p\n\ngo 1.26\n",
		"a version that is nowhere":      "module example.com/p\n\ngo 1.26\n\nrequire github.com/eshost/eshost/guest-sdk/go v0.9.9\n",
		"a newer Go than the SDK's line": "module example.com/p\n\ngo 1.26.1\n",
	} {
		t.Run(name, func(t *testing.T) {
			b := builder(t)
			dir := scaffold(t, b, "counter")
			if err := os.Remove(filepath.Join(dir, "go.work")); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(module), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("GOFLAGS", "-mod=mod") // a workspace would refuse it
			p, err := b.Build(t.Context(), dir)
			if err != nil || !isWasm(p.Wasm) {
				t.Fatalf("built %d bytes, %v", len(p.Wasm), err)
			}
			text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
			if err != nil || string(text) != module {
				t.Errorf("the author's go.mod is now\n%s", text)
			}
		})
	}
}

func TestAPluginMayBeAPackageOfAModule(t *testing.T) {
	b := builder(t)
	dir := filepath.Join(t.TempDir(), "with [odd] name*")
	if _, err := b.Scaffold(filepath.Join(dir, "plugins", "counter"), "go", "counter"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.work", "go.mod"} {
		if err := os.Remove(filepath.Join(dir, "plugins", "counter", name)); err != nil {
			t.Fatal(err)
		}
	}
	var compile *build.CompileError
	if _, err := b.Build(t.Context(), filepath.Join(dir, "plugins", "counter")); !errors.As(err, &compile) || !strings.Contains(compile.Output, "go mod init") {
		t.Errorf("without a module: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/all\n\ngo 1.26\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := b.Build(t.Context(), filepath.Join(dir, "plugins", "counter"))
	if err != nil || !isWasm(p.Wasm) {
		t.Errorf("built %d bytes, %v", len(p.Wasm), err)
	}
}

func TestAFileIsTakenAsItIs(t *testing.T) {
	name := filepath.Join(t.TempDir(), "p.wasm")
	if err := os.WriteFile(name, []byte("anything"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := builder(t).Build(t.Context(), name)
	if err != nil || string(p.Wasm) != "anything" || p.Language != "" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestWhatDoesNotCompileIsShown(t *testing.T) {
	b := builder(t)
	for name, test := range map[string]struct{ file, old, new, want string }{
		"a syntax error":           {"counter.go", "value + e.By", "value +", "counter.go:"},
		"an unknown name":          {"counter.go", "value + e.By", "value + nothing", "undefined: nothing"},
		"no main package":          {"main.go", "package main", "package other", "found packages"},
		"a module that is no text": {"go.mod", "module", "modul", "go.mod"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := scaffold(t, b, "counter")
			change(t, filepath.Join(dir, test.file), test.old, test.new)
			_, err := b.Build(t.Context(), dir)
			var compile *build.CompileError
			if !errors.As(err, &compile) {
				t.Fatalf("error %v, want a *build.CompileError", err)
			}
			if !strings.Contains(compile.Output, test.want) || compile.Path != dir {
				t.Errorf("it says %q of %s, want %q", compile.Output, compile.Path, test.want)
			}
		})
	}
	t.Run("a library", func(t *testing.T) {
		dir := scaffold(t, b, "counter")
		for _, file := range []string{"main.go", "counter.go", "counter_test.go"} {
			change(t, filepath.Join(dir, file), "package main", "package library")
		}
		if _, err := b.Build(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "main") {
			t.Errorf("error %v, want one about the package's name", err)
		}
	})
}

func TestWhatIsNoPluginIsRefused(t *testing.T) {
	b := builder(t)
	dir := t.TempDir()
	text := filepath.Join(dir, "readme.txt")
	if err := os.WriteFile(text, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ path, want string }{
		"nothing there":        {filepath.Join(dir, "missing"), "no such file or folder"},
		"another file":         {text, "neither a .wasm file nor a folder"},
		"a folder of anything": {dir, "Cargo.toml (rust), or package.json with assemblyscript in it (assemblyscript), or *.go (go), or *.c, *.cc or *.cpp (c). `eshost plugin new`"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := b.Build(t.Context(), test.path); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one that says %q", err, test.want)
			}
		})
	}
	t.Run("without Go", func(t *testing.T) {
		dir := scaffold(t, b, "counter")
		t.Setenv("PATH", t.TempDir())
		if _, err := b.Build(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "go.dev/dl") {
			t.Errorf("error %v, want one that says where to get Go", err)
		}
	})
}

// What compilers of other languages say is shown with paths as an author writes them.
func TestWhatDoesNotCompileIsShownInEveryLanguage(t *testing.T) {
	b := builder(t)
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"C":                         {map[string]string{"plugin.c": "int f(void) { return nothing; }\n"}, "plugin.c:1:22: error: "},
		"C that does not link":      {map[string]string{"plugin.c": exportedC + "int g(void);\n" + exported("f", "return g();")}, "undefined symbol: g"},
		"C with an unknown flag":    {map[string]string{"plugin.c": "int x;\n", "compile_flags.txt": "-Wall\n\n--bogus\n"}, "--bogus"},
		"a name like a flag's":      {map[string]string{"-ounusual.c": "int x;\n", "unusual.c": "int y;\n"}, "-ounusual.c: the compiler would take this name for a flag: rename the file"},
		"C++":                       {map[string]string{"plugin.cc": "int f() { throw 1; }\n"}, "exceptions disabled"},
		"Rust":                      {map[string]string{"Cargo.toml": crate, "src/lib.rs": "fn f() -> u8 { nothing }\n"}, "--> src/lib.rs:1:16"},
		"Rust without a Cargo.toml": {map[string]string{"Cargo.toml": "[package\n"}, "Cargo.toml:1:9"},
		"Rust without a source":     {map[string]string{"Cargo.toml": crate}, "failed to parse manifest at `Cargo.toml`"},
		"Rust that uses a plugin": {map[string]string{"Cargo.toml": "[package]\nname = \"user\"\n[dependencies]\np = { path = \"p\" }\n[workspace]\nexclude = [\"p\"]\n", "src/lib.rs": "",
			"p/Cargo.toml": strings.ReplaceAll(crate, `["cdylib"]`, `["cdylib", "rlib"]`), "p/src/lib.rs": ""}, `Cargo.toml needs [lib] with crate-type = ["cdylib"]`},
		"Rust that is no plugin": {map[string]string{"Cargo.toml": "[package]\nname = \"p\"\n[workspace]\n", "src/lib.rs": ""}, `Cargo.toml needs [lib] with crate-type = ["cdylib"]`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, test.files)
			_, err := b.Build(t.Context(), dir)
			var compile *build.CompileError
			if !errors.As(err, &compile) {
				t.Fatalf("error %v, want a *build.CompileError", err)
			}
			if !strings.Contains(compile.Output, test.want) || compile.Path != dir || strings.Contains(compile.Output, dir) {
				t.Errorf("it says of %s\n%s\nwant %s", compile.Path, compile.Output, test.want)
			}
		})
	}
}

// crate is a Rust plugin's description without dependencies.
const crate = "[package]\nname = \"p\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n[profile.release]\npanic = \"abort\"\n[workspace]\n"

const exportedC = "#define EXPORTED(f) __attribute__((export_name(f)))\n"

// exported is a C function that a module exports.
func exported(name, body string) string {
	return `EXPORTED("` + name + `") int ` + name + "(void) { " + body + " }\n"
}

func TestFoldersAreBuiltWithoutAnSDK(t *testing.T) {
	b := builder(t)
	for name, test := range map[string]struct {
		language string
		files    map[string]string
	}{
		"C of two files, beside its tests": {"c", map[string]string{
			"one.c": exportedC + "int g(void);\n" + exported("found", "return g();"), "two.c": "int g(void) { return TWO; }\n",
			"compile_flags.txt": "-DTWO=2\n", "one_test.c": "#error a test\n", "more_test.cc": "#error a test\n"}},
		"C++":                     {"c", map[string]string{"one.cc": exportedC + `extern "C" ` + exported("found", "return 1;"), "two.cpp": "class two {};\n", "compile_flags.txt": "-std=c11\n-Wall\n"}},
		"Rust":                    {"rust", map[string]string{"Cargo.toml": crate, "src/lib.rs": "#[unsafe(no_mangle)]\npub extern \"C\" fn found() -> u32 { 1 }\n"}},
		"Rust in a workspace":     {"rust", map[string]string{"../Cargo.toml": "[workspace]\nmembers = [\"*\"]\n", "Cargo.toml": strings.ReplaceAll(crate, "[workspace]\n", ""), "src/lib.rs": "#[unsafe(no_mangle)]\npub extern \"C\" fn found() -> u32 { 1 }\n"}},
		"Rust beside a C file":    {"rust", map[string]string{"Cargo.toml": crate, "src/lib.rs": "#[unsafe(no_mangle)]\npub extern \"C\" fn found() -> u32 { 1 }\n", "part.c": "#error not alone\n"}},
		"a folder of an odd name": {"c", map[string]string{"plugin.c": exportedC + exported("found", "return 1;")}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "with [odd] name*")
			put(t, dir, test.files)
			p, err := b.Build(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			if !isWasm(p.Wasm) || !bytes.Contains(p.Wasm, []byte("found")) || p.Language != test.language {
				t.Errorf("built %d bytes of %q", len(p.Wasm), p.Language)
			}
		})
	}
}

func TestPackagesThatCannotBeHadAreNoFaultOfTheSource(t *testing.T) {
	dir, bin := t.TempDir(), t.TempDir()
	put(t, dir, empty["assemblyscript"])
	put(t, bin, map[string]string{"node": "#!/bin/sh\necho v22.1.0\n", "npm": "#!/bin/sh\necho no network >&2\nexit 1\n"})
	t.Setenv("PATH", bin)
	fetching := ""
	_, err := build.New(&build.Options{Fetching: func(what string) { fetching += what }}).Build(t.Context(), dir)
	var compile *build.CompileError
	if err == nil || errors.As(err, &compile) || !strings.Contains(err.Error(), "which takes a network: npm install: exit status 1\nno network") {
		t.Errorf("error %v, want one about the network", err)
	}
	if fetching != "the npm packages of "+dir+", once" {
		t.Errorf("told that it fetches %q", fetching)
	}
	put(t, bin, map[string]string{"npm": "#!/bin/sh\n"})
	if _, err := build.New(nil).Build(t.Context(), dir); !errors.As(err, &compile) || !strings.Contains(compile.Output, "package.json needs assemblyscript") {
		t.Errorf("error %v, want one about a compiler that was not installed", err)
	}
}

func TestAPluginThatWasCopiedIsBuiltAndNotItsOriginal(t *testing.T) {
	b := builder(t)
	dir := scaffold(t, b, "counter")
	for name, work := range map[string]string{
		"as it is written":         "",
		"in a workspace of others": "go 1.26\n\nuse " + dir + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			copied := filepath.Join(t.TempDir(), "copied")
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			change(t, filepath.Join(copied, "counter.go"), `eshost.Define[uint64]("counter"`, `eshost.Define[uint64]("copied-one"`)
			if work != "" {
				put(t, copied, map[string]string{"go.work": work})
			}
			p, err := b.Build(t.Context(), copied)
			if err != nil || !bytes.Contains(p.Wasm, []byte("copied-one")) {
				t.Fatalf("built %d bytes that are not the copy's, %v", len(p.Wasm), err)
			}
			if work == "" {
				run(t, copied, "go", "vet", "./...") // as an editor does
			}
		})
	}
}

func TestABuildEndsWithItsContext(t *testing.T) {
	b := builder(t)
	dir := scaffold(t, b, "counter")
	// A compiler that takes for ever, and has a child that does.
	bin := t.TempDir()
	script := "#!/bin/sh\n[ \"$1\" = list ] && exit 0\nsleep 1000 &\necho $! > " + filepath.Join(bin, "child") + "\nwait\n"
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := b.Build(ctx, dir)
		ended <- err
	}()
	var child []byte
	for len(child) == 0 {
		child, _ = os.ReadFile(filepath.Join(bin, "child"))
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	for range 1000 {
		if exec.Command("kill", "-0", strings.TrimSpace(string(child))).Run() != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("the compiler's child lives on")
}

func TestManyBuildAtOnce(t *testing.T) {
	b := builder(t)
	dir := scaffold(t, b, "counter")
	if err := os.Remove(filepath.Join(dir, "go.work")); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var first sync.Map
	for range 4 {
		wg.Go(func() {
			p, err := b.Build(t.Context(), dir)
			if err != nil {
				t.Error(err)
				return
			}
			if was, loaded := first.LoadOrStore("wasm", p.Wasm); loaded && !bytes.Equal(was.([]byte), p.Wasm) {
				t.Error("the same source gives different plugins")
			}
		})
	}
	wg.Wait()
}
