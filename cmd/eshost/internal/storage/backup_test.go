package storage_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/eshost/eshost/cmd/eshost/internal/config"
	"github.com/eshost/eshost/cmd/eshost/internal/storage"
	"github.com/eshost/eshost/stores"
)

// reopen opens the embedded store in the folder, and closes it.
func reopen(t *testing.T, dir string) {
	t.Helper()
	c := config.Default().Store
	c.URL = "pebble:" + dir
	s, err := storage.Open(t.Context(), &c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpeningAStoreRemovesWhatItsOwnBackupsHaveLeftAndNothingElse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	reopen(t, dir)
	stays, left := filepath.Join(dir, "backup-monday"), filepath.Join(dir, ".eshost-stage")
	for _, d := range []string{stays, filepath.Join(left, "1", "store")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	reopen(t, dir)
	if _, err := os.Stat(stays); err != nil {
		t.Errorf("a folder of the user's: %v", err)
	}
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what a backup has left: %v", err)
	}
}

func TestABackupIsNotMadeInsideItsStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := open(t, "pebble:"+dir, "")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{filepath.Join(dir, "backup-monday"), filepath.Join(dir, "deep", "er"), filepath.Join(link, "x"), filepath.Join(dir, "..", "data", "..b")} {
		if err := s.Backup(t.Context(), at); err == nil || !strings.Contains(err.Error(), "inside the folder of the store") {
			t.Errorf("%s: %v", at, err)
		}
	}
	for _, at := range []string{dir + "-monday", filepath.Join(dir, "..", "some", "where", "monday")} {
		if err := s.Backup(t.Context(), at); err != nil {
			t.Error(err)
		}
		reopen(t, at)
	}
}

// sent returns the backup of a store with one commit, as a host sends it.
func sent(t *testing.T) []byte {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	s := open(t, "pebble:"+dir, "")
	c := stores.Commit{Entity: stores.EntityID{Type: "counter", ID: "a"}, ID: stores.CommitID{1}, Events: []stores.Event{{Name: "happened"}}}
	if r := s.Log.Append(t.Context(), stores.Fence{}, []stores.Commit{c})[0]; r.Outcome != stores.Applied {
		t.Fatal(r)
	}
	a, err := s.Describe().Backup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := a.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, ".eshost-stage")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	return b.Bytes()
}

// ends returns where the entries of a tar file end.
func ends(t *testing.T, b []byte) (at []int) {
	t.Helper()
	from := bytes.NewReader(b)
	for r := tar.NewReader(from); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return at
		}
		if err != nil {
			t.Fatal(err)
		}
		start := len(b) - from.Len()
		at = append(at, start+int(h.Size+511)/512*512)
	}
}

func TestWhatIsSentIsUnpackedOnlyWhenItIsWhole(t *testing.T) {
	b := sent(t)
	dir := filepath.Join(t.TempDir(), "new", "one")
	if err := storage.Unpack(bytes.NewReader(b), dir); err != nil {
		t.Fatal(err)
	}
	reopen(t, dir)
	cuts := ends(t, b)
	if len(cuts) < 4 {
		t.Fatalf("%d entries", len(cuts))
	}
	cut := filepath.Join(t.TempDir(), "cut")
	for _, n := range append(cuts[:len(cuts)-1], 0, cuts[0]+100, cuts[1]-1) {
		if err := storage.Unpack(bytes.NewReader(b[:n]), cut); err == nil {
			t.Fatalf("cut after %d of %d bytes it is unpacked", n, len(b))
		}
	}
	lost := append(bytes.Clone(b[:cuts[0]]), b[cuts[1]:]...)
	if err := storage.Unpack(bytes.NewReader(lost), cut); err == nil || !strings.Contains(err.Error(), "should have") {
		t.Errorf("without one of its files: %v", err)
	}
	broken := io.MultiReader(bytes.NewReader(b), iotest.ErrReader(io.ErrUnexpectedEOF))
	if err := storage.Unpack(broken, cut); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("an answer that is cut off behind the tar file: %v", err)
	}
	if _, err := os.Stat(cut); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder is there: %v", err)
	}
}
