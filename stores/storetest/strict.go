package storetest

import (
	"context"
	"sync"
	"testing"

	"github.com/eshost/eshost/stores"
)

// Strict returns the log with an eye on its caller: t fails when the caller
// breaks its side of the contract of Append. These are found: an entity twice in a
// call, or with two appends in flight; an invalid id, a commit without events;
// more commits in a call than Info allows; a commit id with other bytes; and
// another commit of an entity while the outcome of one is unknown. One Strict
// stands for one host: several over one log may well race.
func Strict(t testing.TB, log stores.Log) stores.Log {
	return &strictLog{Log: log, t: t, inFlight: make(map[stores.EntityID]bool), open: make(map[stores.EntityID]stores.CommitID), bytes: make(map[stores.CommitID]sum)}
}

type strictLog struct {
	stores.Log
	t testing.TB

	mu       sync.Mutex
	inFlight map[stores.EntityID]bool
	open     map[stores.EntityID]stores.CommitID // with an unknown outcome
	bytes    map[stores.CommitID]sum             // of those in flight or open
}

func (l *strictLog) Append(ctx context.Context, fence stores.Fence, commits []stores.Commit) []stores.Result {
	if most := l.Info().AppendCommits; len(commits) > most {
		l.t.Errorf("append of %d commits in one call, at most %d are allowed", len(commits), most)
	}
	l.begin(commits)
	results := l.Log.Append(ctx, fence, commits)
	l.end(commits, results)
	return results
}

func (l *strictLog) begin(commits []stores.Commit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range commits {
		c := &commits[i]
		if err := c.Entity.Validate(); err != nil {
			l.t.Errorf("append: %v", err)
		}
		if len(c.Events) == 0 {
			l.t.Errorf("append to %s with %d expected: no events", c.Entity, c.Expected)
		}
		if l.inFlight[c.Entity] {
			l.t.Errorf("append to %s with %d expected: another append of the entity is in flight", c.Entity, c.Expected)
		}
		l.inFlight[c.Entity] = true
		if id, ok := l.open[c.Entity]; ok && id != c.ID {
			l.t.Errorf("append to %s with %d expected: commit %x while the outcome of %x is unknown", c.Entity, c.Expected, c.ID, id)
		}
		s := sumOf(&stores.Record{Commit: *c})
		if old, ok := l.bytes[c.ID]; ok && old != s {
			l.t.Errorf("append to %s with %d expected: commit %x had other bytes before", c.Entity, c.Expected, c.ID)
		}
		l.bytes[c.ID] = s
	}
}

func (l *strictLog) end(commits []stores.Commit, results []stores.Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range commits {
		c := &commits[i]
		delete(l.inFlight, c.Entity)
		if s := sumOf(&stores.Record{Commit: *c}); l.bytes[c.ID] != s {
			l.t.Errorf("append to %s with %d expected: the commit has changed on the way", c.Entity, c.Expected)
		}
		switch _, open := l.open[c.Entity]; {
		case results[i].Outcome == stores.Unknown:
			l.open[c.Entity] = c.ID
		case results[i].Outcome == stores.Refused && open:
			// this append was not written, an earlier one of the same commit may have been
		default:
			delete(l.open, c.Entity)
			delete(l.bytes, c.ID)
		}
	}
}
