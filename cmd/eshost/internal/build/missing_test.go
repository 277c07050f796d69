package build_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/build"
)

// What systems say about themselves.
var (
	bookworm = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n"
	trixie   = "ID=debian\nVERSION_ID=\"13\"\n"
	jammy    = "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"22.04\"\n"
	mint     = "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"22\"\n"
	fedora   = "ID=fedora\nVERSION_ID=43\n"
	rocky    = "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"
	manjaro  = "ID=manjaro\nID_LIKE=arch\n"
	alpine   = "ID=alpine\n"
)

// empty is a plugin of each language that says no more than which language it is in.
var empty = map[string]map[string]string{
	"go":             {"main.go": "package main\n"},
	"rust":           {"Cargo.toml": "[package]\n"},
	"assemblyscript": {"package.json": `{"devDependencies": {"assemblyscript": "0.28.20"}}`},
	"c":              {"plugin.c": "int x;\n"},
}

func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil { // some are programs
			t.Fatal(err)
		}
	}
}

func TestWhatIsMissingIsSaidAndHowThisSystemInstallsIt(t *testing.T) {
	const script = "#!/bin/sh\n"
	oldRust := map[string]string{"cargo": script, "rustc": script + "echo /nowhere\n"}
	withRustup := map[string]string{"cargo": script, "rustc": script + "echo /nowhere\n", "rustup": script}
	for name, test := range map[string]struct {
		language, goos, release string
		programs                map[string]string // in the path
		want                    []string
	}{
		"no Go":                             {"go", "linux", bookworm, nil, []string{"Go 1.26", "not in the path", "https://go.dev/dl"}},
		"no Go on Arch":                     {"go", "linux", manjaro, nil, []string{"`sudo pacman -S go`"}},
		"no Go on a Mac":                    {"go", "darwin", "", nil, []string{"`brew install go`"}},
		"no Rust":                           {"rust", "linux", bookworm, nil, []string{"cargo is not in the path", "https://rustup.rs"}},
		"no Rust on Windows":                {"rust", "windows", "", nil, []string{"`winget install Rustlang.Rustup`"}},
		"cargo without a compiler":          {"rust", "linux", bookworm, map[string]string{"cargo": script}, []string{"rustc is not in the path"}},
		"no wasm target":                    {"rust", "linux", bookworm, withRustup, []string{"`rustup target add wasm32-unknown-unknown`"}},
		"no wasm target, no rustup":         {"rust", "linux", bookworm, oldRust, []string{"`sudo apt-get install rustc-web rust-web-src lld-19`", "https://rustup.rs"}},
		"the same on a newer Debian":        {"rust", "linux", trixie, oldRust, []string{"`sudo apt-get install libstd-rust-dev-wasm32 lld`"}},
		"the same on Fedora":                {"rust", "linux", fedora, oldRust, []string{"`sudo dnf install rust-std-static-wasm32-unknown-unknown lld`"}},
		"the same on Arch":                  {"rust", "linux", manjaro, oldRust, []string{"`sudo pacman -S rust-wasm lld`"}},
		"the same anywhere":                 {"rust", "linux", alpine, oldRust, []string{"https://rustup.rs"}},
		"a compiler that knows no wasm":     {"rust", "linux", bookworm, map[string]string{"cargo": script, "rustup": script, "rustc": script + "echo unknown target >&2; exit 1\n"}, []string{"the active compiler says: unknown target"}},
		"no Node.js":                        {"assemblyscript", "linux", mint, nil, []string{"Node.js 20 or later", "node is not in the path", "`sudo apt-get install nodejs npm`"}},
		"no Node.js on a Mac":               {"assemblyscript", "darwin", "", nil, []string{"`brew install node`"}},
		"no Node.js on Windows":             {"assemblyscript", "windows", "", nil, []string{"`winget install OpenJS.NodeJS.LTS`"}},
		"an old Node.js":                    {"assemblyscript", "linux", bookworm, map[string]string{"node": script + "echo v18.20.4\n"}, []string{"node is version 18.20.4", "https://nodejs.org"}},
		"no npm":                            {"assemblyscript", "linux", rocky, map[string]string{"node": script + "echo v22.1.0\n"}, []string{"needs npm", "`sudo dnf install nodejs-npm`"}},
		"no clang on Debian 12":             {"c", "linux", bookworm, nil, []string{"clang 15 or later", "clang is not in the path", "`sudo apt-get install clang-19 lld-19`"}},
		"no clang on a newer Debian":        {"c", "linux", trixie, nil, []string{"`sudo apt-get install clang lld`"}},
		"no clang on an Ubuntu":             {"c", "linux", jammy, nil, []string{"`sudo apt-get install clang-15 lld-15`"}},
		"no clang on Fedora":                {"c", "linux", fedora, nil, []string{"`sudo dnf install clang lld`"}},
		"no clang on Arch":                  {"c", "linux", manjaro, nil, []string{"`sudo pacman -S clang lld`"}},
		"no clang on Windows":               {"c", "windows", "", nil, []string{"`winget install LLVM.LLVM`"}},
		"no clang on a system nobody knows": {"c", "plan9", "", nil, []string{"https://releases.llvm.org"}},
		"an old clang":                      {"c", "linux", bookworm, map[string]string{"clang": script + "echo 14.0.6\n"}, []string{"clang is version 14.0.6"}},
		"a clang without WebAssembly":       {"c", "darwin", "", map[string]string{"clang": script + "[ $1 = -dumpversion ] && echo 17.0.0; exit 0\n"}, []string{"clang does not compile to WebAssembly", "`brew install llvm lld`"}},
		"a clang without a linker":          {"c", "linux", trixie, map[string]string{"clang": script + "case $1 in -dumpversion) echo 19.1.7;; -print-targets) echo wasm32;; *) echo wasm-ld;; esac\n"}, []string{"clang is there, but no wasm-ld", "`sudo apt-get install lld`"}},
		"a clang of a number without one":   {"c", "linux", trixie, map[string]string{"clang-19": script + "case $1 in -dumpversion) echo 19.1.7;; -print-targets) echo wasm32;; *) echo wasm-ld;; esac\n", "clang": script + "echo 14.0.6\n"}, []string{"needs the lld that belongs to clang-19, but clang-19 is there, but no wasm-ld", "`sudo apt-get install lld-19`"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, bin := t.TempDir(), t.TempDir()
			put(t, dir, empty[test.language])
			put(t, bin, test.programs)
			t.Setenv("PATH", bin)
			t.Setenv("RUSTC", "")
			_, err := build.New(nil).On(test.goos, test.release).Build(t.Context(), dir)
			var missing *build.MissingError
			if !errors.As(err, &missing) || missing.Path != dir {
				t.Fatalf("error %v, want a *build.MissingError of %s", err, dir)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %v\nwant one that says %s", err, want)
				}
			}
		})
	}
}

func TestDebiansCompilerNeedsALinker(t *testing.T) {
	dir, bin := t.TempDir(), t.TempDir()
	put(t, dir, empty["rust"])
	put(t, bin, map[string]string{"cargo": "#!/bin/sh\n", "rustc": "#!/bin/sh\necho /nowhere\n"})
	t.Setenv("PATH", bin)
	_, err := build.New(nil).On("linux", bookworm).WithRust(bin).Build(t.Context(), dir)
	if err == nil || !strings.Contains(err.Error(), "wasm-ld is not in the path; to install it: `sudo apt-get install lld-19`") {
		t.Errorf("error %v, want one about the linker", err)
	}
}

func TestDebiansCompilerBuildsTheLibraryToo(t *testing.T) {
	dir, bin := t.TempDir(), t.TempDir()
	put(t, dir, empty["rust"])
	put(t, bin, map[string]string{
		"rustc":      "#!/bin/sh\necho /nowhere\n",
		"wasm-ld-17": "#!/bin/sh\n",
		"cargo":      "#!/bin/sh\n[ $1 = build ] || exit 0\necho \"$RUSTC $RUSTC_BOOTSTRAP $CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER $*\" >&2\nexit 1\n",
	})
	t.Setenv("PATH", bin)
	_, err := build.New(nil).WithRust(bin).Build(t.Context(), dir)
	want := filepath.Join(bin, "rustc") + " 1 wasm-ld-17 build --quiet --release --target wasm32-unknown-unknown --message-format=json-render-diagnostics -Z build-std=std,panic_abort"
	var compile *build.CompileError
	if !errors.As(err, &compile) || compile.Output != want {
		t.Errorf("error %v, want cargo run as\n%s", err, want)
	}
}
