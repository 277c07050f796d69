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
		"a folder of anything": {dir, "eshost plugin new"},
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

func TestAFolderThatIsNotEmptyIsLeftAlone(t *testing.T) {
	b := builder(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Scaffold(dir, "go", "counter"); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("error %v, want one that says that it is not empty", err)
	}
	if _, err := b.Scaffold(filepath.Join(dir, "new"), "go", "Not A Type"); err == nil || !strings.Contains(err.Error(), "--type") {
		t.Errorf("error %v, want one about the type", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}
