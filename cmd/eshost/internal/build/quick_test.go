package build_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/build"
)

// compiler stands for AssemblyScript's: it writes its arguments and the source, and counts its calls.
const compiler = `import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
const args = process.argv.slice(2);
appendFileSync("../calls", "x");
const out = args[args.indexOf("--outFile") + 1];
writeFileSync(out, args.filter((a) => a !== out).join(" ") + "\n" + readFileSync("assembly/index.ts") + readFileSync("../sdk/index.ts"));
`

// A quick build is not optimized, and what was built of the same is not built again.
func TestAQuickBuildOfAssemblyScriptIsMadeOnce(t *testing.T) {
	above := t.TempDir()
	dir := filepath.Join(above, "plugin")
	put(t, dir, map[string]string{"package.json": `{"type": "module", "devDependencies": {"assemblyscript": "1"}}`}) // first, or it would be newer than what is installed
	put(t, above, map[string]string{"sdk/index.ts": "SDK 1", "calls": "",
		"plugin/asconfig.json":                            "{}",
		"plugin/assembly/index.ts":                        "source 1",
		"plugin/node_modules/assemblyscript/bin/asc.js":   compiler,
		"plugin/node_modules/assemblyscript/package.json": `{"type": "module", "version": "1"}`,
		"plugin/node_modules/@eshost/.keep":               "",
		"plugin/node_modules/.package-lock.json":          "{}"})
	if err := os.Symlink(filepath.Join(above, "sdk"), filepath.Join(dir, "node_modules", "@eshost", "guest")); err != nil {
		t.Fatal(err)
	}
	quick := build.New(&build.Options{CacheDir: filepath.Join(above, "cache"), Quick: true})
	made := func(b *build.Builder, calls int, want ...string) {
		t.Helper()
		p, err := b.Build(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !bytes.Contains(p.Wasm, []byte(text)) {
				t.Errorf("built %s, want %s in it", p.Wasm, text)
			}
		}
		if n, err := os.ReadFile(filepath.Join(above, "calls")); err != nil || len(n) != calls {
			t.Errorf("the compiler was called %d times, %v; want %d", len(n), err, calls)
		}
	}
	made(quick, 1, "--optimizeLevel 0", "source 1", "SDK 1")
	made(quick, 1, "source 1")
	put(t, above, map[string]string{"plugin/assembly/index.ts": "source 2"})
	made(quick, 2, "source 2")
	put(t, above, map[string]string{"sdk/index.ts": "SDK 2"})
	made(quick, 3, "source 2", "SDK 2")
	made(build.New(&build.Options{CacheDir: filepath.Join(above, "cache"), Quick: true}), 3, "SDK 2")
	put(t, above, map[string]string{"plugin/asconfig.json": `{"options": {}}`})
	made(quick, 4)
	put(t, above, map[string]string{"plugin/node_modules/assemblyscript/package.json": `{"type": "module", "version": "2"}`})
	made(quick, 5)
	if kept, err := filepath.Glob(filepath.Join(above, "cache", "quick", "*.wasm")); err != nil || len(kept) != 1 {
		t.Errorf("%d files are kept of one plugin, %v", len(kept), err)
	}
	slow := build.New(&build.Options{CacheDir: filepath.Join(above, "cache")})
	made(slow, 6)
	made(slow, 7)
	if p, err := slow.Build(t.Context(), dir); err != nil || bytes.Contains(p.Wasm, []byte("--optimizeLevel")) {
		t.Errorf("built as %s, %v; want it as asconfig.json says", p.Wasm, err)
	}
}
