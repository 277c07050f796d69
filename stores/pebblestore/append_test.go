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
