package pebblestore

import (
	"testing"

	"github.com/cockroachdb/pebble/v2"

	"github.com/eshost/eshost/stores"
)

// flip changes a byte in the middle of a key's value.
func (s *Store) flip(t testing.TB, key []byte) {
	value, err := s.get(key)
	if err != nil || len(value) == 0 {
		t.Fatalf("nothing under %q: %v", key, err)
	}
	value[len(value)/2] ^= 0x10
	if err := s.db.Set(key, value, pebble.Sync); err != nil {
		t.Fatal(err)
	}
}

// DamageRecord flips a bit of a record.
func (s *Store) DamageRecord(t testing.TB, id stores.EntityID, expected uint64) {
	s.flip(t, appendRecordKey(nil, id, expected+1))
}

// DamageSnapshot flips a bit of a snapshot.
func (s *Store) DamageSnapshot(t testing.TB, id stores.EntityID) { s.flip(t, snapshotKey(id)) }

// DamageBlob flips a bit of a blob.
func (s *Store) DamageBlob(t testing.TB, d stores.Digest) { s.flip(t, blobKey(d)) }

// DropRecord removes a record without the store noticing.
func (s *Store) DropRecord(t testing.TB, id stores.EntityID, expected uint64) {
	if err := s.db.Delete(appendRecordKey(nil, id, expected+1), pebble.Sync); err != nil {
		t.Fatal(err)
	}
}

// DamageGroup flips a bit in the list of the durable write that begins at the commit.
func (s *Store) DamageGroup(t testing.TB, commit uint64) { s.flip(t, groupKey(commit)) }

// SetFormat overwrites the store's format version.
func (s *Store) SetFormat(t testing.TB, version byte) {
	value, err := s.get([]byte("mstore"))
	if err != nil {
		t.Fatal(err)
	}
	value[1] = version
	if err := s.db.Set([]byte("mstore"), value, pebble.Sync); err != nil {
		t.Fatal(err)
	}
}

// Dump returns all keys and values, for comparing with a golden file.
func (s *Store) Dump(t testing.TB) (pairs [][2][]byte) {
	it, err := s.db.NewIter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	for it.First(); it.Valid(); it.Next() {
		pairs = append(pairs, [2][]byte{append([]byte{}, it.Key()...), append([]byte{}, it.Value()...)})
	}
	return pairs
}

// ForgetDisk makes the next write ask the disk how much is free.
func (s *Store) ForgetDisk() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disk.asked = s.disk.asked.Add(-askEvery * 2)
}
