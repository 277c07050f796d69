package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// quickly compiles an AssemblyScript plugin without optimizing it, which takes most of the time, or gives what it compiled
// before of the same.
func (b *Builder) quickly(ctx context.Context, dir, compiler string) ([]byte, error) {
	cache, err := b.cacheDir()
	if err != nil {
		return nil, err
	}
	cache = filepath.Join(cache, "quick")
	c := &command{dir: dir, name: "node", env: []string{"NODE_COMPILE_CACHE=" + filepath.Join(cache, "node")}}
	flags := []string{compiler, "--noColors", "--optimizeLevel", "0", "--shrinkLevel", "0"}
	sum, err := ingredients(dir, compiler, flags)
	if err != nil {
		return nil, fmt.Errorf("plugin %s: read its sources: %w", dir, err)
	}
	of := sha256.Sum256([]byte(resolved(dir)))
	prefix := filepath.Join(cache, hex.EncodeToString(of[:8])+"-")
	name := prefix + hex.EncodeToString(sum[:16]) + ".wasm"
	if wasm, err := os.ReadFile(name); err == nil {
		return wasm, nil
	}
	wasm, err := b.compileTo(ctx, c, func(target string) []string { return slices.Concat(flags, []string{"--outFile", target}) })
	if err != nil {
		return nil, err
	}
	former, _ := filepath.Glob(escaped(prefix) + "*.wasm")
	if writeWhole(name, wasm) == nil { // or it is compiled again
		for _, path := range former {
			_ = os.Remove(path)
		}
	}
	return wasm, nil
}

// writeWhole writes a file as a whole or not at all.
func writeWhole(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(name), "new-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(content)
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}

// ingredients is a sum of all that a plugin is compiled from: its own files, the packages that lie elsewhere and may change by
// themselves, what npm has installed, the compiler and its flags.
func ingredients(dir, compiler string, flags []string) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	fmt.Fprintf(h, "%q\n", flags)
	packages := filepath.Dir(filepath.Dir(filepath.Dir(compiler)))
	for _, name := range []string{filepath.Join(packages, "assemblyscript", "package.json"), filepath.Join(packages, ".package-lock.json")} {
		if err := addFile(h, packages, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return sum, err
		}
	}
	folders := []string{resolved(dir)}
	for _, pattern := range []string{"*", "@*/*"} {
		found, _ := filepath.Glob(filepath.Join(escaped(packages), filepath.FromSlash(pattern))) // the patterns are good
		for _, path := range found {
			if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 && isFolder(path) {
				folders = append(folders, resolved(path))
			}
		}
	}
	for _, folder := range folders {
		if err := addFolder(h, folder); err != nil {
			return sum, err
		}
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// addFolder adds the files of a package to a sum, without what is installed and made in it.
func addFolder(w io.Writer, root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (d.Name() == "node_modules" || d.Name() == "build" || strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		switch filepath.Ext(path) {
		case ".ts", ".js", ".mjs", ".cjs", ".json":
			return addFile(w, root, path)
		}
		return nil
	})
}

// addFile adds a file's name below a folder, and its content.
func addFile(w io.Writer, root, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	name, err := filepath.Rel(root, path)
	if err == nil {
		_, err = fmt.Fprintf(w, "%q %d\n%s", filepath.ToSlash(name), len(content), content)
	}
	return err
}
