package pebblestore_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pebblestore"
	"github.com/eshost/eshost/stores/storetest"
)

func TestABackupHoldsAllThatWasAcknowledgedBeforeAndIsAStore(t *testing.T) {
	mem := vfs.NewMem()
	s := open(t, "data", &pebblestore.Options{FS: mem, MemTableBytes: 64 << 10})
	entity := randomCommit(newRand(), "a", 0).Entity
	acknowledged := make(chan uint64, 1)
	stop, writer := make(chan struct{}), sync.WaitGroup{}
	writer.Go(func() {
		rnd := newRand()
		for seq := uint64(0); ; {
			c := randomCommit(rnd, "a", seq)
			if r := one(t, s, c); r.Outcome != stores.Applied {
				t.Errorf("append during a backup: %v %v", r.Outcome, r.Err)
				return
			}
			seq = c.Seq()
			select {
			case <-acknowledged:
			default:
			}
			select {
			case <-stop:
				return
			case acknowledged <- seq:
			}
		}
	})
	for _, dir := range []string{"first", "second"} {
		least := <-acknowledged
		if err := s.Backup(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
		b := open(t, dir, &pebblestore.Options{FS: mem, Existing: true})
		h, err := b.Heads(t.Context(), []stores.EntityID{entity})
		if err != nil || h[0].Seq < least {
			t.Errorf("the backup ends at %d, %d was acknowledged before (%v)", h[0].Seq, least, err)
		}
		if b.Info().ID != s.Info().ID {
			t.Error("the backup is another log")
		}
		storetest.Verify(t, b)
	}
	close(stop)
	writer.Wait()
	if err := s.Backup(t.Context(), "first"); err == nil {
		t.Error("a backup overwrites one that is there")
	}
	storetest.Verify(t, s)
}

func TestAClosedStoreIsNotBackedUp(t *testing.T) {
	mem := vfs.NewMem()
	s := mustOpen(t, "data", &pebblestore.Options{FS: mem})
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("an open store: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), "backup"); !errors.Is(err, stores.ErrClosed) {
		t.Errorf("backup: %v, want %v", err, stores.ErrClosed)
	}
	if err := s.Ready(t.Context()); !errors.Is(err, stores.ErrClosed) {
		t.Errorf("ready: %v, want %v", err, stores.ErrClosed)
	}
}

func TestAStoreThatMustExistIsNotMade(t *testing.T) {
	mem := vfs.NewMem()
	if err := mem.MkdirAll("empty", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"missing", "empty"} {
		if _, err := pebblestore.Open(dir, &pebblestore.Options{FS: mem, Existing: true}); !errors.Is(err, stores.ErrNotFound) {
			t.Errorf("%s: %v, want %v", dir, err, stores.ErrNotFound)
		}
		if all, err := mem.List(dir); err == nil && len(all) > 0 {
			t.Errorf("%s: it made %v", dir, all)
		}
	}
}

func TestADamagedFileFailsReadsAndNotTheProcess(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, nil)
	rnd := newRand()
	c := randomCommit(rnd, "a", 0)
	if r := one(t, s, c); r.Outcome != stores.Applied {
		t.Fatal(r)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir, nil) // which writes a table of what the write-ahead log had
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatal(tables, err)
	}
	for _, name := range tables {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b[20] ^= 1
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pebblestore.Open(dir, nil); !errors.Is(err, stores.ErrCorrupt) {
		t.Errorf("%v, want %v", err, stores.ErrCorrupt)
	}
}
