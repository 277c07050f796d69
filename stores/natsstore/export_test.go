package natsstore

import (
	"time"

	"github.com/eshost/eshost/stores"
)

// Token and ParseToken give tests what subjects are made of.
func Token(s string) string { return string(appendToken(nil, s)) }

func ParseToken(s string) (string, bool) { return parseToken(s) }

// Payload is what a record's message holds.
func Payload(c *stores.Commit, plugin uint32) []byte { return appendPayload(nil, c, plugin) }

// Subject is where the records of the entity are.
func Subject(stream string, id stores.EntityID) string { return subjects{stream}.record(id) }

// EntityOf is the inverse of Subject.
func EntityOf(stream, subject string) (stores.EntityID, error) {
	return subjects{stream}.entity(subject)
}

// BatchedOf counts how many of so many appends of n commits go into atomic batches on
// a server where a commit for itself and a batch take so long.
func BatchedOf(sync Sync, replicas, appends, n int, single, batch time.Duration) (batched int) {
	var s strategy
	s.choose(replicas, sync)
	for range appends {
		if size := s.batch(n); size > 0 {
			batched++
			s.took(true, size, batch)
		} else {
			s.took(false, n, single*time.Duration(n))
		}
	}
	return batched
}
