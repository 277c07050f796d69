package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/eshost/eshost/cmd/eshost/internal/api"
)

// stageFolder is the folder, within that of an embedded store, in which backups are made that are sent. Nobody else keeps anything there.
const stageFolder = ".eshost-stage"

// Describe says what the log's store is, for those who ask a host.
func (s *Stores) Describe() *api.Store {
	out := &api.Store{URL: s.url.String(), Info: s.Log.Info()}
	if p, folder, ok := s.Pebble(); ok {
		out.Folder = Absolute(folder)
		out.Backup = func(ctx context.Context) (api.Archive, error) {
			stages := filepath.Join(folder, stageFolder)
			if err := os.Mkdir(stages, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
				return nil, fmt.Errorf("back up: %w", err)
			}
			stage, err := os.MkdirTemp(stages, "")
			if err != nil {
				return nil, fmt.Errorf("back up: %w", err)
			}
			a := &archive{ctx: ctx, stage: stage}
			if err := p.Backup(ctx, a.dir()); err != nil {
				return nil, errors.Join(err, a.Close())
			}
			return a, nil
		}
	}
	return out
}

// Absolute is the folder's name for those who work elsewhere.
func Absolute(folder string) string {
	if abs, err := filepath.Abs(folder); err == nil {
		folder = abs
	}
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		folder = real
	}
	return folder
}

// sweep removes what backups have left that broke off with their process. The store must be open, so that there is none under way.
func sweep(folder string) {
	_ = os.RemoveAll(filepath.Join(folder, stageFolder)) // what stays takes room, no more
}

// Outside says why a backup of the store in a folder is not made there: it would go wherever that folder goes.
func Outside(folder, dir string) error {
	in, err := filepath.Rel(realName(folder), realName(dir))
	if err != nil || in == ".." || strings.HasPrefix(in, ".."+string(filepath.Separator)) {
		return nil
	}
	return fmt.Errorf("%s is inside the folder of the store, %s, and would be lost with it: name a folder elsewhere", dir, folder)
}

// realName is the name of a folder without links, of which the last parts need not be there.
func realName(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir
	}
	for at, rest := abs, ""; ; at, rest = filepath.Dir(at), filepath.Join(filepath.Base(at), rest) {
		if found, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(found, rest)
		}
		if at == filepath.Dir(at) {
			return abs
		}
	}
}

// Backup makes a folder of the embedded store, which must not exist, and is there only when all of it is.
func (s *Stores) Backup(ctx context.Context, dir string) error {
	p, folder, ok := s.Pebble()
	if !ok {
		return fmt.Errorf("the store %s is no folder", s)
	}
	if err := Outside(folder, dir); err != nil {
		return err
	}
	return whole(dir, func(part string) error { return p.Backup(ctx, part) })
}

// Vacant says why no folder of that name can be made.
func Vacant(dir string) error {
	switch _, err := os.Lstat(dir); {
	case err == nil:
		return fmt.Errorf("%s is there already: name a folder that is not", dir)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return err
	}
}

// whole makes a folder under another name, and gives it its own when it is whole and on the disk.
func whole(dir string, make func(part string) error) (err error) {
	if err := Vacant(dir); err != nil {
		return err
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := makeFolders(parent); err != nil {
		return err
	}
	stage, err := os.MkdirTemp(parent, ".eshost-backup-") // nobody else may read what is in it
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	part := filepath.Join(stage, "store")
	if err := make(part); err != nil {
		return err
	}
	if err := os.Chmod(part, 0o700); err != nil {
		return err
	}
	if err := os.Rename(part, dir); err != nil {
		return err
	}
	return errors.Join(syncFolder(dir), syncFolder(parent))
}

// makeFolders makes a folder and those it is in, each of which is on the disk when it returns.
func makeFolders(dir string) error {
	switch _, err := os.Stat(dir); {
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := filepath.Dir(dir)
	if err := makeFolders(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(parent)
}
