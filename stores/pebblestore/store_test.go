package pebblestore_test

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pebblestore"
	"github.com/eshost/eshost/stores/storetest"
)

var (
	_ stores.Log             = (*pebblestore.Store)(nil)
	_ stores.SnapshotStore   = (*pebblestore.Store)(nil)
	_ stores.CheckpointStore = (*pebblestore.Store)(nil)
	_ stores.BlobStore       = (*pebblestore.Store)(nil)
)

func all(s *pebblestore.Store) storetest.Stores {
	return storetest.Stores{Log: s, Snapshots: s, Checkpoints: s, Blobs: s}
}

// mustOpen opens a store that somebody else closes.
func mustOpen(t testing.TB, dir string, o *pebblestore.Options) *pebblestore.Store {
	t.Helper()
	s, err := pebblestore.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open opens a store that is closed when the test ends.
func open(t testing.TB, dir string, o *pebblestore.Options) *pebblestore.Store {
	t.Helper()
	s := mustOpen(t, dir, o)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	for name, o := range map[string]pebblestore.Options{
		"remembering heads":     {},
		"forgetting most heads": {HeadCacheEntries: 2},
		"flushing all the time": {MemTableBytes: 64 << 10, CacheBytes: 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			file := make(map[stores.Log]vfs.FS)
			storetest.Run(t, storetest.Factory{
				Open: func(t testing.TB) storetest.Stores {
					o := o
					o.FS = vfs.NewMem()
					s := mustOpen(t, "data", &o)
					file[s] = o.FS
					return all(s)
				},
				Reopen: func(t testing.TB, was storetest.Stores) storetest.Stores {
					if err := was.Log.Close(); err != nil {
						t.Fatal(err)
					}
					o := o
					o.FS = file[was.Log]
					s := mustOpen(t, "data", &o)
					file[s] = o.FS
					return all(s)
				},
				DamageRecord: func(t testing.TB, s storetest.Stores, id stores.EntityID, expected uint64) {
					s.Log.(*pebblestore.Store).DamageRecord(t, id, expected)
				},
				DamageSnapshot: func(t testing.TB, s storetest.Stores, id stores.EntityID) {
					s.Log.(*pebblestore.Store).DamageSnapshot(t, id)
				},
				DamageBlob: func(t testing.TB, s storetest.Stores, d stores.Digest) {
					s.Log.(*pebblestore.Store).DamageBlob(t, d)
				},
			})
		})
	}
}
