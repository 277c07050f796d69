package build_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eshost/eshost/cmd/eshost/internal/build"
)

// fakeNode stands in for Node.js and its compiler, which says what is in the variable SAYS.
const fakeNode = `#!/bin/sh
[ "$1" = --version ] && echo v22.1.0 && exit
[ -z "$SAYS" ] || echo "$SAYS" >&2
while [ $# -gt 1 ]; do
	[ "$1" = --outFile ] && printf '\0asm' > "$2"
	shift
done
`

// fakeNPM stands in for npm, which installs slowly, and does not stand another one beside it.
const fakeNPM = `#!/bin/sh
mkdir installing || { echo "another npm is at work" >&2; exit 1; }
echo once >> installs
mkdir -p node_modules/assemblyscript/bin
sleep 0.3
touch node_modules/assemblyscript/bin/asc.js node_modules/.package-lock.json
rmdir installing
`

// inPath puts programs before all others in the path.
func inPath(t *testing.T, programs map[string]string) {
	bin := t.TempDir()
	put(t, bin, programs)
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
}

func TestOfSeveralBuildsOneInstallsPackagesAndTheOthersWait(t *testing.T) {
	inPath(t, map[string]string{"node": fakeNode, "npm": fakeNPM})
	dir := t.TempDir()
	put(t, dir, empty["assemblyscript"])
	cache := t.TempDir()
	var wg sync.WaitGroup
	for range 4 { // as processes of their own would
		wg.Go(func() {
			if p, err := build.New(&build.Options{CacheDir: cache}).Build(t.Context(), dir); err != nil || !isWasm(p.Wasm) {
				t.Errorf("built %d bytes, %v", len(p.Wasm), err)
			}
		})
	}
	wg.Wait()
	if installs, err := os.ReadFile(filepath.Join(dir, "installs")); err != nil || string(installs) != "once\n" {
		t.Errorf("installed %q, %v", installs, err)
	}
}

func TestAWaitForAnotherBuildEndsWithItsContext(t *testing.T) {
	inPath(t, map[string]string{"node": fakeNode, "npm": "#!/bin/sh\ntouch installing\nsleep 1000\n"})
	dir := t.TempDir()
	put(t, dir, empty["assemblyscript"])
	b := build.New(&build.Options{CacheDir: t.TempDir()})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	first := make(chan error, 1)
	go func() {
		_, err := b.Build(ctx, dir)
		first <- err
	}()
	for {
		if _, err := os.Stat(filepath.Join(dir, "installing")); err == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	short, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	if _, err := b.Build(short, dir); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want that of the context", err)
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

func TestWhatCompilersWarnOfIsTold(t *testing.T) {
	inPath(t, map[string]string{"node": fakeNode})
	t.Setenv("SAYS", "WARNING AS201: Conversion")
	t.Setenv("GOPROXY", "off")
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"C":              {map[string]string{"plugin.c": exportedC + exported("f", "int unused = 1; return 0;"), "compile_flags.txt": "-Wall\n"}, ": warning: unused variable 'unused'"},
		"Rust":           {map[string]string{"Cargo.toml": crate, "src/lib.rs": "pub fn f() { let unused = 1; }\n"}, "warning: unused variable: `unused`\n --> src/lib.rs:1:18"},
		"AssemblyScript": {map[string]string{"package.json": empty["assemblyscript"]["package.json"], "node_modules/assemblyscript/bin/asc.js": "", "node_modules/.package-lock.json": ""}, "WARNING AS201: Conversion"},
		"Go":             {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			warned := ""
			b := build.New(&build.Options{CacheDir: t.TempDir(), Warning: func(text string) { warned += text }})
			dir := filepath.Join(t.TempDir(), "plugin")
			put(t, dir, test.files)
			if test.files == nil {
				if _, err := b.Scaffold(dir, "go", "counter"); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := b.Build(t.Context(), dir); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(warned, test.want) || test.want == "" && warned != "" {
				t.Errorf("told %q, want %q", warned, test.want)
			}
		})
	}
}
