package memstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
	"github.com/eshost/eshost/stores/storetest"
)

var (
	_ stores.Log             = (*memstore.Store)(nil)
	_ stores.SnapshotStore   = (*memstore.Store)(nil)
	_ stores.CheckpointStore = (*memstore.Store)(nil)
	_ stores.BlobStore       = (*memstore.Store)(nil)
)

func TestStore(t *testing.T) {
	for name, o := range map[string]*memstore.Options{
		"shared":    nil,
		"exclusive": {Exclusive: true},
		"tokens":    {CheckTokens: true},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, storetest.Factory{
				Open: func(testing.TB) storetest.Stores {
					s := memstore.New(o)
					return storetest.Stores{Log: s, Snapshots: s, Checkpoints: s, Blobs: s}
				},
				DamageRecord: func(t testing.TB, s storetest.Stores, id stores.EntityID, expected uint64) {
					s.Log.(*memstore.Store).DamageRecord(t, id, expected)
				},
				DamageSnapshot: func(_ testing.TB, s storetest.Stores, id stores.EntityID) {
					s.Snapshots.(*memstore.Store).DamageSnapshot(id)
				},
				DamageBlob: func(_ testing.TB, s storetest.Stores, d stores.Digest) { s.Blobs.(*memstore.Store).DamageBlob(d) },
			})
		})
	}
}

func commit(id string, expected uint64, token stores.HeadToken) stores.Commit {
	return stores.Commit{
		Entity: stores.EntityID{Type: "counter", ID: id}, Expected: expected, Head: token, ID: stores.CommitID([]byte(id + "0123456789abcdef")[:16]),
		Events: []stores.Event{{Name: "increased", Version: 1}},
	}
}

func append1(t *testing.T, s *memstore.Store, c stores.Commit) stores.Result {
	t.Helper()
	return s.Append(t.Context(), stores.Fence{}, []stores.Commit{c})[0]
}

func TestTokensAreCheckedWhenAsked(t *testing.T) {
	for _, strict := range []bool{false, true} {
		s := memstore.New(&memstore.Options{CheckTokens: strict})
		first := append1(t, s, commit("a", 0, ""))
		if first.Outcome != stores.Applied || first.Head == "" {
			t.Fatalf("%+v", first)
		}
		got := append1(t, s, commit("b-other-commit-id", 0, "no such token"))
		if want := map[bool]stores.Outcome{false: stores.Applied, true: stores.Conflict}[strict]; got.Outcome != want {
			t.Errorf("strict %v, a wrong token: %+v", strict, got)
		}
		if strict && !errors.Is(got.Err, stores.ErrConflict) {
			t.Errorf("the conflict does not tell: %v", got.Err)
		}
		second := commit("a", 1, first.Head)
		second.ID[0]++
		if got := append1(t, s, second); got.Outcome != stores.Applied {
			t.Errorf("strict %v, the right token: %+v", strict, got)
		}
	}
}

func TestMisuseIsRefused(t *testing.T) {
	empty, below := commit("a", 0, ""), commit("a", 1<<64-1, "")
	empty.Events = nil
	for name, commits := range map[string][]stores.Commit{
		"an invalid id":             {commit("\n", 0, "")},
		"no events":                 {empty},
		"numbers beyond the last":   {below},
		"two commits of one entity": {commit("a", 0, ""), commit("a", 1, "")},
	} {
		s := memstore.New(nil)
		results := s.Append(context.Background(), stores.Fence{}, commits)
		if last := results[len(results)-1]; last.Outcome != stores.Refused || last.Err == nil {
			t.Errorf("%s: %+v", name, last)
		}
	}
}
