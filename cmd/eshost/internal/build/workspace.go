package build

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/version"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"

	"github.com/eshost/eshost/cmd/eshost/internal/sdk"
)

// workspace writes a Go workspace, outside of the author's folder, in which the
// plugin's module and the SDK that eshost carries are together.
func (b *Builder) workspace(dir string) (string, error) {
	root, err := moduleRoot(absolute(dir))
	if err != nil {
		return "", err
	}
	plugin, err := readModule(root)
	if err != nil {
		return "", err
	}
	text, err := b.workspaceText(root, plugin)
	if err != nil {
		return "", err
	}
	cache, err := b.cacheDir()
	if err != nil {
		return "", err
	}
	// The name is that of the content: many builds may go on at once.
	sum := sha256.Sum256(text)
	folder := filepath.Join(cache, "work-"+hex.EncodeToString(sum[:8]))
	name := filepath.Join(folder, "go.work")
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("plugin %s: write its workspace: %w", dir, err)
	}
	temp, err := os.CreateTemp(folder, "go.work.*")
	if err != nil {
		return "", fmt.Errorf("plugin %s: write its workspace: %w", dir, err)
	}
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
		return "", fmt.Errorf("plugin %s: write its workspace: %w", dir, err)
	}
	return name, nil
}

// moduleRoot is the folder of the module that a package is in.
func moduleRoot(dir string) (string, error) {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", &CompileError{dir, "it belongs to no Go module: run `go mod init` in it"}
		}
	}
}

// elsewhere reports whether the workspace that a folder is in is one of other modules, as that of a plugin is
// whose folder was copied.
func elsewhere(dir string) bool {
	if os.Getenv("GOWORK") != "" {
		return false // it is chosen
	}
	root, err := moduleRoot(absolute(dir))
	if err != nil {
		return true // no workspace is of a package without a module
	}
	for at := root; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.work"))
		if err == nil {
			w, err := modfile.ParseWork("go.work", text, nil)
			return err == nil && !slices.ContainsFunc(w.Use, func(u *modfile.Use) bool { return resolved(joined(at, u.Path)) == resolved(root) })
		}
		if at == filepath.Dir(at) {
			return false
		}
	}
}

// joined is a path that is seen from a folder, unless it is absolute.
func joined(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// workspaceText is the go.work of a plugin's module, whose folder is root as seen from that file, and the SDK.
func (b *Builder) workspaceText(root string, plugin *modfile.File) ([]byte, error) {
	cache, err := b.cacheDir()
	if err != nil {
		return nil, err
	}
	unpacked, err := sdk.UnpackGo(cache)
	if err != nil {
		return nil, err
	}
	kit, err := readModule(unpacked)
	if err != nil {
		return nil, err
	}
	newest := kit.Go.Version
	if plugin.Go != nil && version.Compare("go"+plugin.Go.Version, "go"+newest) > 0 {
		newest = plugin.Go.Version
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "go %s\n\nuse (\n\t%s\n\t%s\n)\n", newest, modfile.AutoQuote(root), modfile.AutoQuote(unpacked))
	for _, r := range plugin.Require {
		if r.Mod.Path == sdk.Module { // or its go.mod would be looked for elsewhere
			fmt.Fprintf(&text, "\nreplace %s %s => %s\n", r.Mod.Path, r.Mod.Version, modfile.AutoQuote(unpacked))
		}
	}
	return text.Bytes(), nil
}

func readModule(dir string) (*modfile.File, error) {
	name := filepath.Join(dir, "go.mod")
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read a plugin's module: %w", err)
	}
	m, err := modfile.ParseLax(name, text, nil)
	if err != nil {
		return nil, &CompileError{dir, err.Error()}
	}
	return m, nil
}
