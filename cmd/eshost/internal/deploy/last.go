package deploy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/eshost/eshost/cmd/eshost/internal/build"
)

// KeepIn keeps what is deployed of source folders from now on in a folder of
// its own, for [Set.DeployLast] of any later Set that keeps there.
func (s *Set) KeepIn(dir string) { s.kept = dir }

// DeployLast deploys what was last deployed of the sources at the path. It
// reports false where nothing is kept of them.
func (s *Set) DeployLast(ctx context.Context, path string) (*Result, bool, error) {
	if s.kept == "" {
		return nil, false, nil
	}
	wasm, err := os.ReadFile(s.last(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("plugin built before of %s: %w", path, err)
	}
	r, err := s.deploy(ctx, path, build.Plugin{Path: path, Wasm: wasm})
	return r, err == nil, err
}

// last is the file that keeps what was deployed of a path.
func (s *Set) last(path string) string {
	sum := sha256.Sum256([]byte(identity(path)))
	return filepath.Join(s.kept, hex.EncodeToString(sum[:16])+".wasm")
}

// keep keeps what was deployed of a source folder, whole or not at all.
func (s *Set) keep(path string, built *build.Plugin) error {
	if s.kept == "" || built.Language == "" {
		return nil
	}
	if err := os.MkdirAll(s.kept, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(s.kept, "new-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(built.Wasm)
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), s.last(path))
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}
