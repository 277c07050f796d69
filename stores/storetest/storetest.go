// Package storetest is the one definition of a correct store. [Run] proves an
// implementation of the contract in package stores, [Verify] checks the
// invariants of a log that some test has written to, and [Faulty] makes a log
// that fails in all the ways a log may fail.
package storetest

import (
	"testing"

	"github.com/eshost/eshost/stores"
)

// Stores is one store with everything it offers. What is nil is not offered and
// not tested. Several of them may be the same value.
type Stores struct {
	Log         stores.Log
	Snapshots   stores.SnapshotStore
	Checkpoints stores.CheckpointStore
	Blobs       stores.BlobStore
}

// Factory makes the stores under test and declares what can be done to them.
type Factory struct {
	// Open returns a new, empty store, independent of all others. The suite closes
	// it; what else must be cleaned up is t's business.
	Open func(t testing.TB) Stores
	// Reopen closes the store and opens it again, with all it held. Nil for a
	// store that is Volatile by its Info, and only for such a one.
	Reopen func(t testing.TB, s Stores) Stores
	// DamageRecord changes or removes stored bytes of the entity's record that
	// begins after the number, so that the store can tell. Nil: there is no way.
	DamageRecord func(t testing.TB, s Stores, id stores.EntityID, expected uint64)
	// DamageSnapshot does so with the entity's snapshot. Nil: there is no way.
	DamageSnapshot func(t testing.TB, s Stores, id stores.EntityID)
	// DamageBlob does so with the blob. Nil: there is no way.
	DamageBlob func(t testing.TB, s Stores, d stores.Digest)
	// Seed repeats a run of random operations. 0: another one each time.
	Seed uint64
}

// Run proves a store: every case on a store of its own, the invariants of the
// log checked after each.
func Run(t *testing.T, f Factory) {
	for _, c := range cases(f, f.Open(t)) {
		t.Run(c.name, func(t *testing.T) { c.run(open(t, f)) })
	}
}

// testCase is one law. Its name is the sentence that holds.
type testCase struct {
	name string
	run  func(*harness)
}

// cases returns the laws that apply to a store such as the one given, which it
// closes.
func cases(f Factory, s Stores) []testCase {
	var all []testCase
	if s.Log != nil {
		info := s.Log.Info()
		all = append(all, logCases()...)
		if info.Fencing {
			all = append(all, fenceCases()...)
		}
		if !info.Exclusive {
			all = append(all, raceCases()...)
		}
		if f.Reopen != nil {
			all = append(all, reopenCases()...)
		}
		if f.DamageRecord != nil {
			all = append(all, damageCases()...)
		}
	}
	if s.Snapshots != nil {
		all = append(all, snapshotCases(f)...)
	}
	if s.Checkpoints != nil {
		all = append(all, checkpointCases(f)...)
	}
	if s.Blobs != nil {
		all = append(all, blobCases(f)...)
	}
	s.close()
	return all
}

func logCases() []testCase {
	var all []testCase
	for _, some := range [][]testCase{infoCases(), appendCases(), contentCases(), readCases(), scanCases(), liveCases(), indexCases(), idCases(), contextCases(), closeCases(), randomCases()} {
		all = append(all, some...)
	}
	return all
}

// close closes everything and returns the first error.
func (s Stores) close() error {
	var first error
	closed := func(err error) {
		if first == nil {
			first = err
		}
	}
	if s.Snapshots != nil {
		closed(s.Snapshots.Close())
	}
	if s.Checkpoints != nil {
		closed(s.Checkpoints.Close())
	}
	if s.Blobs != nil {
		closed(s.Blobs.Close())
	}
	if s.Log != nil {
		closed(s.Log.Close())
	}
	return first
}
