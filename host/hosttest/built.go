package hosttest

import (
	"fmt"
	"io/fs"
	"os"
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

// What builds and editors leave in the folders of sources.
var notSources = []string{"target", "node_modules", "build", "testdata", "tests", "test", "scenarios"}

// newestSource is the file below dir that was changed last.
func newestSource(dir string) (name string, at time.Time, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != dir && (slices.Contains(notSources, d.Name()) || strings.HasPrefix(d.Name(), ".")) {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(d.Name(), "_test.go") || strings.HasSuffix(d.Name(), ".md") || strings.HasPrefix(d.Name(), ".") || strings.HasSuffix(d.Name(), ".lock") || d.Name() == "package-lock.json" {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.ModTime().After(at) {
			name, at = path, info.ModTime()
		}
		return nil
	})
	return name, at, err
}
