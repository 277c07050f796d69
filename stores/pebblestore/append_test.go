package pebblestore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pebblestore"
)

// commitOf is a commit of one event.
func commitOf(typ, id string, expected uint64, n byte) stores.Commit {
	return stores.Commit{Entity: stores.EntityID{Type: typ, ID: id}, Expected: expected, ID: stores.CommitID{n, byte(len(id)), 1},
		Time: time.UnixMilli(1).UTC(), Events: []stores.Event{{Name: "e", Version: 1, Payload: []byte{n}}}}
}

func TestAnEntityIsOnceInAWriteWhetherItsHeadIsRememberedOrNot(t *testing.T) {
	for name, entries := range map[string]int{"remembering heads": 0, "forgetting most heads": 2} {
		t.Run(name, func(t *testing.T) {
			s := open(t, "data", &pebblestore.Options{FS: vfs.NewMem(), HeadCacheEntries: entries})
			const known, fresh = 90, 60
			var first []stores.Commit
			for i := range known {
				first = append(first, commitOf("old", fmt.Sprint("k", i), 0, 1))
			}
			for i, r := range s.Append(t.Context(), stores.Fence{}, first) {
				if r.Outcome != stores.Applied {
					t.Fatalf("commit %d: %v", i, r)
				}
			}
			// Known ones and new ones of two types, each followed by another of the same entity, near by and far off.
			var all []stores.Commit
			var want []stores.Outcome
			for i := range known {
				all = append(all, commitOf("old", fmt.Sprint("k", i), 1, 2))
				want = append(want, stores.Applied)
				if i < fresh {
					all = append(all, commitOf("new", fmt.Sprint("k", i), 0, 2), commitOf("new", fmt.Sprint("k", i), 0, 3))
					want = append(want, stores.Applied, stores.Refused)
				}
			}
			for i := range known {
				all = append(all, commitOf("old", fmt.Sprint("k", i), uint64(1+i%2), 3))
				want = append(want, stores.Refused)
			}
			for i, r := range s.Append(t.Context(), stores.Fence{}, all) {
				if r.Outcome != want[i] {
					t.Errorf("commit %d of %s after %d: %v %v, want %v", i, all[i].Entity, all[i].Expected, r.Outcome, r.Err, want[i])
				}
			}
			for i := range known {
				id := stores.EntityID{Type: "old", ID: fmt.Sprint("k", i)}
				if heads, err := s.Heads(t.Context(), []stores.EntityID{id}); err != nil || heads[0].Seq != 2 {
					t.Fatalf("%s is at %v, %v", id, heads, err)
				}
			}
		})
	}
}

func TestAPluginWhoseFirstCommitIsRefusedIsKnownWithItsNext(t *testing.T) {
	fs := vfs.NewMem()
	s := mustOpen(t, "data", &pebblestore.Options{FS: fs})
	large := commitOf("t", "a", 0, 1)
	large.Plugin = stores.Digest{7}
	large.Events[0].Payload = make([]byte, s.Info().MaxCommit+1)
	if r := s.Append(t.Context(), stores.Fence{}, []stores.Commit{large}); r[0].Outcome != stores.TooLarge {
		t.Fatalf("a commit beyond the limit: %v", r[0])
	}
	small := commitOf("t", "a", 0, 2)
	small.Plugin = large.Plugin
	if r := s.Append(t.Context(), stores.Fence{}, []stores.Commit{small}); r[0].Outcome != stores.Applied {
		t.Fatalf("a commit of the same plugin: %v", r[0])
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for rec, err := range open(t, "data", &pebblestore.Options{FS: fs}).Read(t.Context(), small.Entity, 0) {
		if err != nil || rec.Plugin != small.Plugin {
			t.Fatalf("read after a restart: %v", err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("%d records, want 1", n)
	}
}

func TestEveryPluginAndKindOfAWriteIsThereAfterARestart(t *testing.T) {
	fs := vfs.NewMem()
	s := mustOpen(t, "data", &pebblestore.Options{FS: fs})
	const commits, plugins, kinds = 100, 3, 7
	var all []stores.Commit
	for i := range commits {
		c := commitOf(fmt.Sprint("t", i%2), fmt.Sprint(i), 0, byte(i))
		c.Plugin = stores.Digest{byte(i % plugins)}
		c.Events[0].Version = uint32(1 + i%kinds)
		all = append(all, c)
	}
	for _, r := range s.Append(t.Context(), stores.Fence{}, all) {
		if r.Outcome != stores.Applied {
			t.Fatal(r)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, "data", &pebblestore.Options{FS: fs})
	for i := range all {
		for rec, err := range s.Read(t.Context(), all[i].Entity, 0) {
			if err != nil || rec.Plugin != all[i].Plugin || rec.Events[0].Version != all[i].Events[0].Version {
				t.Fatalf("commit %d: %+v, %v", i, rec, err)
			}
		}
	}
	for _, typ := range []string{"t0", "t1"} {
		if got, err := s.Kinds(t.Context(), typ); err != nil || len(got) != kinds {
			t.Errorf("kinds of %s: %v, %v", typ, got, err)
		}
	}
}
