package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/eshost/eshost/stores"
)

// Verify fails the test if the log breaks an invariant; see [Check]. It is for
// the clean-up of every test that has written to a log.
func Verify(t testing.TB, log stores.Log) {
	t.Helper()
	if err := Check(context.Background(), log); err != nil { // a test's own context is over in its clean-up
		t.Errorf("the log breaks its invariants:\n%v", err)
	}
}

// Check reads all of a log that nobody writes to at the moment, and returns what
// breaks the contract: every entity's numbers are 1..n without gaps, Scan, Read,
// Heads, Head and Entities agree, Kinds has all that was written, every position
// is met once and can be resumed from. It holds no records in memory, but
// something for each entity and commit.
func Check(ctx context.Context, log stores.Log) error {
	c := checker{ctx: ctx, log: log, streams: make(map[stores.EntityID]*stream), kinds: make(map[string]map[stores.Kind]bool), met: make(map[stores.Position]bool)}
	for _, step := range []func() error{c.scan, c.resume, c.heads, c.read, c.lists} {
		if err := step(); err != nil {
			c.wrong("%w", err)
		}
	}
	return errors.Join(c.errs...)
}

// enough problems to report.
const enough = 20

type checker struct {
	ctx     context.Context
	log     stores.Log
	streams map[stores.EntityID]*stream
	kinds   map[string]map[stores.Kind]bool
	met     map[stores.Position]bool
	places  []stores.Position // of all commits, in order
	errs    []error
}

// stream is what Scan showed of one entity.
type stream struct {
	seq   uint64
	token stores.HeadToken
	sums  []sum // of its records, in order
}

func (c *checker) wrong(format string, args ...any) {
	if len(c.errs) < enough {
		c.errs = append(c.errs, fmt.Errorf(format, args...))
	}
}

func (c *checker) scan() error {
	for rec, err := range c.log.Scan(c.ctx, stores.Query{System: true}) {
		if err != nil {
			return err
		}
		s := c.streams[rec.Entity]
		if s == nil {
			s = &stream{}
			c.streams[rec.Entity] = s
		}
		if err := rec.Entity.Validate(); err != nil {
			c.wrong("scan: record at %s: %w", rec.Place, err)
		}
		if len(rec.Events) == 0 || int(rec.Place.Event()) != len(rec.Events)-1 {
			c.wrong("scan: record of %s after %d has %d events and the position %s", rec.Entity, rec.Expected, len(rec.Events), rec.Place)
		}
		if rec.Expected != s.seq {
			c.wrong("scan: record of %s at %s comes after %d, want %d", rec.Entity, rec.Place, rec.Expected, s.seq)
		}
		if rec.Place.IsZero() || c.met[rec.Place] {
			c.wrong("scan: record of %s after %d has the position %q, which is none or not its own", rec.Entity, rec.Expected, rec.Place)
		}
		c.met[rec.Place] = true
		c.places = append(c.places, rec.Place)
		s.seq, s.token = rec.Seq(), rec.Head
		s.sums = append(s.sums, sumOf(rec))
		kinds := c.kinds[rec.Entity.Type]
		if kinds == nil {
			kinds = make(map[stores.Kind]bool)
			c.kinds[rec.Entity.Type] = kinds
		}
		for _, e := range rec.Events {
			kinds[stores.Kind{Name: e.Name, Version: e.Version}] = true
		}
	}
	head, err := c.log.Head(c.ctx)
	if err != nil {
		return err
	}
	if last := append([]stores.Position{{}}, c.places...)[len(c.places)]; head != last {
		c.wrong("the head of the log is %q, the last record's position %q", head, last)
	}
	return nil
}

// resume scans on from some of the positions, among them the first and the last.
func (c *checker) resume() error {
	last := len(c.places) - 1
	for i := 0; i <= last; i++ {
		if i%max(1, last/16) != 0 && i != last {
			continue
		}
		if err := c.resumeAt(i); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) resumeAt(i int) error {
	next := stores.Position{}
	for rec, err := range c.log.Scan(c.ctx, stores.Query{System: true, After: c.places[i]}) {
		if err != nil {
			return err
		}
		next = rec.Place
		break
	}
	if want := append(c.places[:len(c.places):len(c.places)], stores.Position{})[i+1]; next != want {
		c.wrong("scan after %s goes on with %q, want %q", c.places[i], next, want)
	}
	return nil
}

func (c *checker) heads() error {
	ids := slices.Collect(maps.Keys(c.streams))
	for part := range slices.Chunk(ids, 1000) {
		heads, err := c.log.Heads(c.ctx, part)
		if err != nil {
			return err
		}
		if len(heads) != len(part) {
			c.wrong("heads of %d entities: %d", len(part), len(heads))
			continue
		}
		for i, id := range part {
			if s := c.streams[id]; heads[i].Seq != s.seq || heads[i].Token != s.token {
				c.wrong("the head of %s is %d with token %q, the last record in the feed ends at %d with token %q", id, heads[i].Seq, heads[i].Token, s.seq, s.token)
			}
		}
	}
	return nil
}

func (c *checker) read() error {
	for id, s := range c.streams {
		n := 0
		for rec, err := range c.log.Read(c.ctx, id, 0) {
			if err != nil {
				return err
			}
			if n < len(s.sums) && s.sums[n] != sumOf(rec) {
				c.wrong("record %d of %s (after %d) is not the same in Read and Scan", n, id, rec.Expected)
			}
			n++
		}
		if n != len(s.sums) {
			c.wrong("Read shows %d records of %s, Scan %d", n, id, len(s.sums))
		}
	}
	return nil
}

// lists compares Entities and Kinds with what Scan showed.
func (c *checker) lists() error {
	ids := make(map[string][]string)
	for id := range c.streams {
		ids[id.Type] = append(ids[id.Type], id.ID)
	}
	for typ, want := range ids {
		slices.Sort(want)
		var got []string
		for id, err := range c.log.Entities(c.ctx, typ, "") {
			if err != nil {
				return err
			}
			if id.Type != typ {
				c.wrong("entities of %s: %s is among them", typ, id)
			}
			got = append(got, id.ID)
		}
		if !slices.Equal(got, want) {
			c.wrong("entities of %s: %d, want the %d of the feed, in byte order", typ, len(got), len(want))
		}
		kinds, err := c.log.Kinds(c.ctx, typ)
		if err != nil {
			return err
		}
		if !slices.IsSortedFunc(kinds, stores.Kind.Compare) || len(slices.Compact(slices.Clone(kinds))) != len(kinds) {
			c.wrong("kinds of %s are not sorted, or one is there twice: %v", typ, kinds)
		}
		for k := range c.kinds[typ] {
			if _, ok := slices.BinarySearchFunc(kinds, k, stores.Kind.Compare); !ok {
				c.wrong("kinds of %s lack %s version %d, which is in the log", typ, k.Name, k.Version)
			}
		}
	}
	return nil
}
