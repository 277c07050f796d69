package memstore

import (
	"bytes"
	"testing"

	"github.com/eshost/eshost/stores"
)

// DamageRecord turns a bit of the entity's record that comes after the number.
func (s *Store) DamageRecord(t testing.TB, id stores.EntityID, expected uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.starting(id, expected)
	if e == nil {
		t.Fatalf("no record of %s after %d", id, expected)
	}
	e.record = damaged(e.record)
}

// DamageSnapshot turns a bit of the entity's snapshot.
func (s *Store) DamageSnapshot(id stores.EntityID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	snap := s.snapshots[id]
	snap.bytes = damaged(snap.bytes)
	s.snapshots[id] = snap
}

// DamageBlob turns a bit of the blob.
func (s *Store) DamageBlob(d stores.Digest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[d] = damaged(s.blobs[d])
}

func damaged(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)/2] ^= 0x10
	return b
}
