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
)

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
	var sent contents
	for _, f := range files {
		if err := a.ctx.Err(); err != nil {
			return counted.n, err
		}
		n, err := a.file(t, f)
		if err != nil {
			return counted.n, err
		}
		sent.add(n)
	}
	end := sent.String()
	if err := t.WriteHeader(&tar.Header{Name: endEntry, Size: int64(len(end)), Mode: 0o600}); err != nil {
		return counted.n, err
	}
	if _, err := io.WriteString(t, end); err != nil {
		return counted.n, err
	}
	return counted.n, t.Close()
}

func (a *archive) file(t *tar.Writer, entry fs.DirEntry) (int64, error) {
	f, err := os.Open(filepath.Join(a.dir(), entry.Name()))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is no file", f.Name())
	}
	if err := t.WriteHeader(&tar.Header{Name: entry.Name(), Size: info.Size(), Mode: 0o600, ModTime: info.ModTime()}); err != nil {
		return 0, err
	}
	return io.Copy(t, f)
}

// endEntry is the last entry of what is sent. It says what came before, as a tar file that is cut between two entries looks whole.
const endEntry = ".eshost-end"

// contents is what an archive holds.
type contents struct{ files, bytes int64 }

func (c *contents) add(bytes int64) {
	c.files++
	c.bytes += bytes
}

// String is the form in which the last entry has it.
func (c *contents) String() string { return fmt.Sprintf("files %d bytes %d\n", c.files, c.bytes) }

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// Unpack makes a folder of a backup that was sent, which is read to its end. The folder must not exist, and is there only when all of it is.
func Unpack(from io.Reader, dir string) error {
	return whole(dir, func(part string) error {
		if err := os.Mkdir(part, 0o700); err != nil {
			return err
		}
		if err := unpackAll(tar.NewReader(from), part); err != nil {
			return err
		}
		_, err := io.Copy(io.Discard, from) // what follows the tar file, and whether the answer was cut off
		return err
	})
}

// unpackAll writes the entries into the folder, and looks whether they are all.
func unpackAll(t *tar.Reader, part string) error {
	var got contents
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("what was sent ends after %d files, before it says that it is whole: back up again", got.files)
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg || h.Name != filepath.Base(h.Name) || h.Name == "." || h.Name == ".." {
			return fmt.Errorf("what was sent has the entry %q, which is no file of a store", h.Name)
		}
		if h.Name == endEntry {
			return isAll(t, &got)
		}
		n, err := unpack(t, filepath.Join(part, h.Name))
		if err != nil {
			return err
		}
		got.add(n)
	}
}

// isAll compares what came with what the last entry says, which t is at.
func isAll(t *tar.Reader, got *contents) error {
	said, err := io.ReadAll(io.LimitReader(t, 1<<10))
	if err != nil {
		return err
	}
	if string(said) != got.String() {
		return fmt.Errorf("what was sent has %s, and should have %q: back up again", strings.TrimSpace(got.String()), strings.TrimSpace(string(said)))
	}
	if h, err := t.Next(); !errors.Is(err, io.EOF) {
		if err != nil {
			return err
		}
		return fmt.Errorf("what was sent goes on with %q after its end", h.Name)
	}
	return nil
}

func unpack(from io.Reader, name string) (n int64, err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if n, err = io.Copy(f, from); err != nil {
		return n, err
	}
	return n, f.Sync()
}
