// Package sdk carries the source of the Go SDK, so that plugins are built
// with the SDK that fits the host, and without downloading anything.
package sdk

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/tools/txtar"
)

//go:generate go run ./gen

// Module is the SDK's module path, and the path of its package.
const Module = "github.com/eshost/eshost/guest-sdk/go"

//go:embed go.txtar
var source []byte

// Unpack writes the SDK into a folder below dir that is named after its
// content, unless it is there, and returns that folder. Many processes may do so at once.
func Unpack(dir string) (string, error) {
	sum := sha256.Sum256(source)
	target := filepath.Join(dir, "sdk-go-"+hex.EncodeToString(sum[:8]))
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
	for _, f := range txtar.Parse(source).Files {
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
