package hosttest

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Built returns a reference plugin of this repository, such as "counter-rust",
// as `make wasm` built it. One that is missing, or older than a source of it, fails the test.
func Built(tb testing.TB, name string) []byte {
	tb.Helper()
	wasm, err := readBuilt(name)
	if err != nil {
		tb.Fatalf("plugin %s: %v: run `make wasm`", name, err)
	}
	return wasm
}

func readBuilt(name string) ([]byte, error) {
	root, err := repository()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(root, "bin", name+".wasm")
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	kind, language, _ := strings.Cut(name, "-")
	for _, dir := range []string{filepath.Join("plugins", kind, language), filepath.Join("guest-sdk", language)} {
		newest, at, err := newestSource(filepath.Join(root, dir))
		if err != nil {
			return nil, err
		}
		if at.After(info.ModTime()) {
			return nil, fmt.Errorf("it is older than %s", newest)
		}
	}
	return os.ReadFile(file)
}

// repository is the folder that the test's module is in.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no repository around the working directory: %w", fs.ErrNotExist)
		}
		dir = filepath.Dir(dir)
	}
}

// Folders of which no plugin is built: what builds leave there, tests and their kits.
var notSources = []string{"target", "node_modules", "build", "testdata", "tests", "test", "testing", "eshosttest", "scenarios", "examples", "benches"}

// What plugins are built of, as `eshost plugin build` does it: sources by their endings, and what says how they are compiled.
var (
	sourceEndings = []string{".go", ".rs", ".ts", ".c", ".cc", ".cpp", ".h", ".hpp"}
	buildFiles    = []string{"go.mod", "go.sum", "Cargo.toml", ".cargo/config.toml", "rust-toolchain", "rust-toolchain.toml", "package.json", "asconfig.json", "compile_flags.txt"}
	testEndings   = []string{"_test.go", "_test.c", "_test.cc", "_test.cpp", "_test.h", ".d.ts"}
)

// isSource reports whether a plugin is built of the file, whose slashed path in the plugin's or the SDK's folder it is.
func isSource(name string) bool {
	if dir, _, ok := strings.Cut(name, "/"); ok && dir == "transform" { // the compiler of AssemblyScript runs it
		return path.Ext(name) == ".js"
	}
	if slices.ContainsFunc(testEndings, func(ending string) bool { return strings.HasSuffix(name, ending) }) {
		return false
	}
	return slices.Contains(sourceEndings, path.Ext(name)) || slices.ContainsFunc(buildFiles, func(file string) bool { return name == file || strings.HasSuffix(name, "/"+file) })
}

// newestSource is the source below dir that was changed last.
func newestSource(dir string) (name string, at time.Time, err error) {
	err = filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if file != dir && (slices.Contains(notSources, d.Name()) || strings.HasPrefix(d.Name(), ".") && d.Name() != ".cargo") {
				return filepath.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(dir, file)
		if err != nil || !isSource(filepath.ToSlash(rel)) {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.ModTime().After(at) {
			name, at = file, info.ModTime()
		}
		return nil
	})
	return name, at, err
}
