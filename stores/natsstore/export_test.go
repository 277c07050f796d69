package natsstore

import (
	"time"

	"github.com/eshost/eshost/stores"
)

// Payload is what a record's message holds.
func Payload(c *stores.Commit, plugin uint32) []byte { return appendPayload(nil, c, plugin) }

// Subject is where the records of the entity are.
func Subject(stream, log string, id stores.EntityID) string { return subjects{stream, log}.record(id) }

// EntityOf is the inverse of Subject.
func EntityOf(stream, log, subject string) (stores.EntityID, error) {
	return subjects{stream, log}.entity(subject)
}

// LogToken is what tells a log's subjects and tokens from another's.
func LogToken(id stores.LogID) string { return logToken(id) }

// HintSubject is where hosts tell each other that there may be something new.
func (s *Store) HintSubject() string { return s.hintSubject() }

// SetPoll sets how long a host that waits and hears nothing waits before it looks.
func (o *Options) SetPoll(d time.Duration) { o.poll = d }

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
