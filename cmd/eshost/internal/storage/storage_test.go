package storage_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/config"
	"github.com/eshost/eshost/cmd/eshost/internal/storage"
	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
	"github.com/eshost/eshost/stores"
)

// open opens stores that are closed when the test ends.
func open(t *testing.T, url, snapshots string) *storage.Stores {
	t.Helper()
	c := config.Default().Store
	c.URL, c.SnapshotsURL = url, snapshots
	s, err := storage.Open(t.Context(), &c, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestAURLNamesAllStoresUnlessSnapshotsAreElsewhere(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	both := open(t, "pebble:"+folder, "")
	if both.Log.Info().Name != "pebble" || both.Snapshots != both.Log.(stores.SnapshotStore) || both.Blobs != both.Log.(stores.BlobStore) || both.String() != folder {
		t.Errorf("one store: %s", both)
	}
	if _, at, ok := both.Pebble(); !ok || at != folder {
		t.Errorf("its folder is %q, %v", at, ok)
	}
	mixed := open(t, "memory:", "pebble:"+filepath.Join(t.TempDir(), "snapshots"))
	if mixed.Log.Info().Name != "memory" || mixed.Snapshots == mixed.Log.(stores.SnapshotStore) || mixed.Checkpoints != mixed.Log.(stores.CheckpointStore) || !strings.HasPrefix(mixed.String(), "memory:, snapshots in ") {
		t.Errorf("two stores: %s", mixed)
	}
	id := stores.EntityID{Type: "counter", ID: "a"}
	if err := mixed.Snapshots.Save(t.Context(), &stores.Snapshot{Entity: id, Seq: 1}); err != nil {
		t.Fatal(err)
	}
	if got, _, err := mixed.Log.(stores.SnapshotStore).Load(t.Context(), []stores.EntityID{id}); err != nil || got[0] != nil {
		t.Errorf("the snapshot is where the log is: %v, %v", got[0], err)
	}
}

func TestAStoreThatCannotBeOpenedLeavesNoneOpen(t *testing.T) {
	dir := t.TempDir()
	c := config.Default().Store
	c.URL, c.SnapshotsURL = "pebble:"+filepath.Join(dir, "log"), "pebble:"+filepath.Join(dir, "file")
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("no folder"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := storage.Open(t.Context(), &c, nil); err == nil || !strings.Contains(err.Error(), "snapshots: open store in") {
		t.Fatalf("%v, want one about the snapshots", err)
	}
	open(t, c.URL, "") // nobody has it open
	c.URL, c.SnapshotsURL = "pebble:"+filepath.Join(dir, "missing"), ""
	if _, err := storage.Open(t.Context(), &c, &storage.Options{Existing: true}); !errors.Is(err, stores.ErrNotFound) {
		t.Errorf("%v, want %v", err, stores.ErrNotFound)
	}
}

func TestReadyAsksTheStore(t *testing.T) {
	s := open(t, "memory:", "")
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("a store that is there: %v", err)
	}
	full := config.Default().Store
	full.URL, full.ReserveBytes = "pebble:"+t.TempDir(), 1<<63
	p, err := storage.Open(t.Context(), &full, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Ready(t.Context()); !errors.Is(err, stores.ErrUnavailable) || !strings.Contains(err.Error(), "make room") {
		t.Errorf("a disk that is full: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestWhatCanBeLostIsSaidAloud(t *testing.T) {
	for url, want := range map[string]string{"memory:": "level=WARN", "pebble:" + t.TempDir(): "level=INFO"} {
		var out bytes.Buffer
		s := open(t, url, "")
		s.Tell(slog.New(slog.NewTextHandler(&out, nil)))
		if !strings.Contains(out.String(), want) || !strings.Contains(out.String(), s.Log.Info().DurabilityIs) {
			t.Errorf("%s: it says %s", url, out.String())
		}
	}
}

// parsed is the URL that the text is.
func parsed(t *testing.T, text string) storeurl.URL {
	t.Helper()
	u, err := storeurl.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
