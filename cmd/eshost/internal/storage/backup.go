package storage

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/eshost/eshost/cmd/eshost/internal/api"
)

// stagePrefix begins the folders, within that of an embedded store, in which backups are made that are sent.
const stagePrefix = "backup-"

// Describe says what the log's store is, for those who ask a host.
func (s *Stores) Describe() *api.Store {
	out := &api.Store{URL: s.url.String(), Info: s.Log.Info()}
	if p, folder, ok := s.Pebble(); ok {
		out.Folder = Absolute(folder)
		out.Backup = func(ctx context.Context) (api.Archive, error) {
			stage, err := os.MkdirTemp(folder, stagePrefix)
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
	left, err := filepath.Glob(filepath.Join(escape(folder), stagePrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range left {
		_ = os.RemoveAll(dir) // what stays takes room, no more
	}
}

// escape takes the special meaning off what is in a folder's name.
func escape(folder string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(folder)
}

// archive is a backup in a folder that is removed when it is closed.
type archive struct {
	ctx   context.Context
	stage string
}

func (a *archive) dir() string { return filepath.Join(a.stage, "store") }

// Close implements io.Closer.
func (a *archive) Close() error { return os.RemoveAll(a.stage) }

// WriteTo implements io.WriterTo.
func (a *archive) WriteTo(w io.Writer) (int64, error) {
	counted := &counter{w: w}
	t := tar.NewWriter(counted)
	files, err := os.ReadDir(a.dir())
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		if err := a.ctx.Err(); err != nil {
			return counted.n, err
		}
		if err := a.file(t, f); err != nil {
			return counted.n, err
		}
	}
	return counted.n, t.Close()
}

func (a *archive) file(t *tar.Writer, entry fs.DirEntry) error {
	f, err := os.Open(filepath.Join(a.dir(), entry.Name()))
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file", f.Name())
	}
	if err := t.WriteHeader(&tar.Header{Name: entry.Name(), Size: info.Size(), Mode: 0o600, ModTime: info.ModTime()}); err != nil {
		return err
	}
	_, err = io.Copy(t, f)
	return err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// Unpack makes a folder of a backup that was sent. The folder must not exist, and is there only when all of it is.
func Unpack(from io.Reader, dir string) error {
	return whole(dir, func(part string) error {
		if err := os.Mkdir(part, 0o700); err != nil {
			return err
		}
		t := tar.NewReader(from)
		for {
			h, err := t.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if h.Typeflag != tar.TypeReg || h.Name != filepath.Base(h.Name) || h.Name == "." || h.Name == ".." {
				return fmt.Errorf("what was sent has the entry %q, which is no file of a store", h.Name)
			}
			if err := unpack(t, filepath.Join(part, h.Name)); err != nil {
				return err
			}
		}
	})
}

func unpack(from io.Reader, name string) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := io.Copy(f, from); err != nil {
		return err
	}
	return f.Sync()
}

// Backup makes a folder of the embedded store, which must not exist, and is there only when all of it is.
func (s *Stores) Backup(ctx context.Context, dir string) error {
	p, _, ok := s.Pebble()
	if !ok {
		return fmt.Errorf("the store %s is no folder", s)
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
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	stage, err := os.MkdirTemp(parent, ".eshost-"+stagePrefix) // nobody else may read what is in it
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
