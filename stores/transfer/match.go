package transfer

import (
	"context"
	"fmt"
	"iter"

	"github.com/eshost/eshost/stores"
)

// commitKey tells commits apart.
type commitKey struct {
	entity   stores.EntityID
	expected uint64
	id       stores.CommitID
}

func keyOf(rec *stores.Record) commitKey { return commitKey{rec.Entity, rec.Expected, rec.ID} }

// passed is a commit of the source that was met on the way to one of the target.
type passed struct {
	key   commitKey
	place stores.Position
	there bool // in the target
}

// matcher walks through both logs side by side. A copy stores commits in about the order of the source: none of them more than
// aheadCommits before another one that it lacks, whatever breaks it off. So no more than these are kept.
type matcher struct {
	source  func() (*stores.Record, error, bool)
	order   []*passed // from the first that the target lacks, as far as it is known
	waiting map[commitKey]*passed
	from    stores.Position // all up to there is in the target
}

// match finds the place in the source up to which the target has all. A target that has anything else than commits of the source is ErrNotACopy.
func (c *copier) match(ctx context.Context) (stores.Position, error) {
	next, stop := iter.Pull2(c.from.Log.Scan(ctx, stores.Query{System: true}))
	defer stop()
	m := &matcher{source: next, waiting: make(map[commitKey]*passed)}
	n, events := 0, int64(0)
	for rec, err := range c.to.Log.Scan(ctx, stores.Query{System: true}) {
		if err != nil {
			return m.from, fmt.Errorf("read what is copied: %w", err)
		}
		found, err := m.find(keyOf(rec))
		if err != nil {
			return m.from, fmt.Errorf("read the source: %w", err)
		}
		if !found {
			return m.from, fmt.Errorf("%w: since then others have written to it, such as entity %s", ErrNotACopy, rec.Entity)
		}
		events += int64(len(rec.Events))
		if n++; n%tellEvery == 0 {
			c.o.tell(Progress{"check what is copied", "events", events, 0})
		}
	}
	return m.from, nil
}

// find looks for a commit of the target in the source.
func (m *matcher) find(key commitKey) (bool, error) {
	p := m.waiting[key]
	for p == nil {
		if len(m.order) > aheadCommits {
			return false, nil
		}
		rec, err, more := m.source()
		if err != nil || !more {
			return false, err
		}
		read := &passed{key: keyOf(rec), place: rec.Place}
		m.order = append(m.order, read)
		m.waiting[read.key] = read
		if read.key == key {
			p = read
		}
	}
	p.there = true
	delete(m.waiting, key)
	for len(m.order) > 0 && m.order[0].there {
		m.from = m.order[0].place
		m.order[0] = nil
		m.order = m.order[1:]
	}
	return true, nil
}
