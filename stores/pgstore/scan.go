package pgstore

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/eshost/eshost/stores"
)

// Scan implements stores.Log.
func (s *Store) Scan(ctx context.Context, q stores.Query) iter.Seq2[*stores.Record, error] {
	return func(yield func(*stores.Record, error) bool) {
		c := scanner{s: s, q: q, yield: yield, groups: firstGroups}
		if err := c.run(ctx); err != nil {
			yield(nil, fmt.Errorf("scan the log: %w", err))
		}
	}
}

// How many groups a page spans: it grows while few of their commits are wanted.
const (
	firstGroups = 64
	mostGroups  = 8192
)

// afterTypes sorts behind all types, whose bytes are letters, digits and "_.-".
const afterTypes = "~"

// scanner goes through the groups of the log.
type scanner struct {
	s       *Store
	q       stores.Query
	yield   func(*stores.Record, error) bool
	after   place // what the query begins after
	group   uint64
	member  uint32 // in the group, after which the next page begins
	groups  uint64 // in a page
	whole   whole
	page    page
	decoder stores.Decoder
	rec     stores.Record
}

func (c *scanner) run(ctx context.Context) error {
	var err error
	if c.after, err = placeOf(c.q.After); err != nil {
		return err
	}
	head, err := c.s.headAfter(ctx, c.after)
	if err != nil {
		return err
	}
	if !holds(c.q.Type) {
		return nil // no entity has it
	}
	c.group = max(c.after.group, 1)
	if c.after.member > 0 {
		c.member = c.after.member - 1 // more of its events may be wanted
	}
	c.whole = whole{on: c.q.Type == "" && c.q.Slices.IsZero(), group: c.group - 1, partly: c.member > 0}
	for c.group <= head.group {
		until := min(head.group, c.group+c.groups-1)
		if err := c.fetch(ctx, until); err != nil {
			return err
		}
		if more, err := c.show(ctx); err != nil || !more {
			return err
		}
		switch n := len(c.page.rows); {
		case c.page.full:
			last := c.page.rows[n-1].at
			c.group, c.member = last.group, last.member
			c.groups = max(1, c.groups/2)
		default:
			if err := c.whole.until(until); err != nil {
				return err
			}
			c.group, c.member = until+1, 0
			if n < pageRows/2 {
				c.groups = min(mostGroups, 2*c.groups)
			}
		}
	}
	return ctx.Err()
}

func (c *scanner) fetch(ctx context.Context, until uint64) error {
	from, to := 0, stores.Slices
	if !c.q.Slices.IsZero() {
		from, to = int(c.q.Slices.From), int(c.q.Slices.To)
	}
	first, last := c.q.Type, c.q.Type
	if c.q.Type == "" {
		last = afterTypes
	}
	return c.s.fetch(ctx, &c.page, stores.EntityID{}, c.s.sql.scan, int64(c.group), int64(until), int64(c.member), int32(from), int32(to), first, last)
}

// show yields what is wanted of the page.
func (c *scanner) show(ctx context.Context) (more bool, err error) {
	for i := range c.page.rows {
		r := &c.page.rows[i]
		if err := c.s.stop(ctx); err != nil {
			return false, err
		}
		if err := c.whole.next(r); err != nil {
			return false, err
		}
		if c.q.Type == "" && !c.q.System && strings.HasPrefix(r.entity.Type, "_") {
			continue
		}
		if err := c.s.record(ctx, &c.decoder, &c.page, r, &c.rec); err != nil {
			return false, fmt.Errorf("position %d, place %d: %w", r.at.group, r.at.member, &stores.EntityError{Op: "read", Entity: r.entity, Seq: r.first, Err: err})
		}
		if r.at.compare(c.after) <= 0 || r.at.group == c.after.group && r.at.member == c.after.member && c.after.event >= r.at.event {
			continue
		}
		if !c.yield(&c.rec, nil) {
			return false, nil
		}
	}
	return true, nil
}

// whole watches a scan of all slices and types for what is missing.
type whole struct {
	on     bool
	group  uint64 // the last one met
	partly bool   // its first commits are not in the scan
	seen   uint32 // commits of it
	want   uint32
}

// next takes the next row.
func (w *whole) next(r *row) error {
	if !w.on {
		return nil
	}
	if r.at.group != w.group {
		if err := w.until(r.at.group - 1); err != nil {
			return err
		}
		w.group, w.seen, w.want = r.at.group, 0, r.commits
	}
	w.seen++
	return nil
}

// until ends the groups up to that one.
func (w *whole) until(group uint64) error {
	if !w.on {
		return nil
	}
	if w.seen != w.want && !w.partly {
		return fmt.Errorf("%w: of the %d commits at position %d, %d are missing", stores.ErrCorrupt, w.want, w.group, int64(w.want)-int64(w.seen))
	}
	if w.seen > 0 { // the group in the middle of which a scan began is the first one met
		w.partly = false
	}
	if w.group < group && !w.partly {
		return fmt.Errorf("%w: position %d is missing", stores.ErrCorrupt, w.group+1)
	}
	return nil
}
