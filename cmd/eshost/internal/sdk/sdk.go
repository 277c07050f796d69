// Package sdk carries the SDKs and the reference counters of all languages, so
// that plugins are begun and built with the SDK that fits the host, and without downloading it.
package sdk

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"
)

//go:generate go run ./gen

// Module is the Go SDK's module path, and the path of its package.
const Module = "github.com/eshost/eshost/guest-sdk/go"

// Languages are the languages that plugins can be written in.
var Languages = []string{"go", "rust", "assemblyscript", "c"}

//go:embed *.txtar
var archives embed.FS

// File is a file that is carried, with a slashed path.
type File struct {
	Name string
	Data []byte // shared: do not change it
}

// Kit is what is carried of one language.
type Kit struct {
	SDK    []File // what plugins are built with, by paths below the SDK's folder
	Plugin []File // the reference counter, by paths below its folder
}

// Open returns what is carried of a language.
func Open(language string) (*Kit, error) {
	if !slices.Contains(Languages, language) {
		return nil, fmt.Errorf("there is no SDK for %q, only for %s", language, strings.Join(Languages, ", "))
	}
	text, err := archives.ReadFile(language + ".txtar")
	if err != nil {
		return nil, err
	}
	k := new(Kit)
	for _, f := range txtar.Parse(text).Files {
		if name, ok := strings.CutPrefix(f.Name, "sdk/"); ok {
			k.SDK = append(k.SDK, File{name, f.Data})
		} else if name, ok := strings.CutPrefix(f.Name, "plugin/"); ok {
			k.Plugin = append(k.Plugin, File{name, f.Data})
		}
	}
	return k, nil
}

// UnpackGo writes the Go SDK into a folder below dir that is named after its
// content, unless it is there, and returns that folder. Many processes may do so at once.
func UnpackGo(dir string) (string, error) {
	kit, err := Open("go")
	if err != nil {
		return "", err
	}
	target := filepath.Join(dir, "sdk-go-"+digest(kit.SDK))
	if _, err := os.Stat(target); err == nil {
		return target, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("unpack the Go SDK: %w", err)
	}
	temp, err := os.MkdirTemp(dir, "sdk-go-*.tmp")
	if err != nil {
		return "", fmt.Errorf("unpack the Go SDK: %w", err)
	}
	defer os.RemoveAll(temp)
	for _, f := range kit.SDK {
		name := filepath.Join(temp, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return "", fmt.Errorf("unpack the Go SDK: %w", err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			return "", fmt.Errorf("unpack the Go SDK: %w", err)
		}
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return "", fmt.Errorf("unpack the Go SDK: %w", err)
	}
	if err := os.Rename(temp, target); err != nil && !errors.Is(err, fs.ErrExist) {
		if _, there := os.Stat(target); there != nil { // else somebody was faster
			return "", fmt.Errorf("unpack the Go SDK: %w", err)
		}
	}
	return target, nil
}

// digest is the beginning of a hash of the files.
func digest(files []File) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%s %d\n", f.Name, len(f.Data))
		h.Write(f.Data)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
