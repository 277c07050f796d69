package transfer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/eshost/eshost/stores"
)

// Counts is what a log holds.
type Counts struct {
	Entities, Commits, Events, Commands int64
	Bytes                               int64 // of the commits' stored forms, without what the engine adds
	Plugins                             int   // that decided commits
	First, Last                         time.Time
	Types                               []TypeCounts // by name; eshost's own among them
	// Checksum is over all commits, whatever their order between entities: the same for logs that hold the same.
	Checksum uint64
}

// TypeCounts is what a log holds of one entity type.
type TypeCounts struct {
	Type                      string
	Entities, Commits, Events int64
}

// Count reads all of a log and counts what is in it.
func Count(ctx context.Context, log stores.Log, o *Options) (*Counts, error) {
	s := newSurvey()
	err := s.read(ctx, log, "count", 0, o.withDefaults())
	if err != nil {
		return nil, err
	}
	return s.counts(), nil
}

// survey is what reading a log gathers: no more than a few numbers for each
// type and slice, however many entities there are.
type survey struct {
	slices  [stores.Slices]slice
	types   map[string]*TypeCounts
	kinds   map[string]map[stores.Kind]bool
	plugins map[stores.Digest]bool
	total   Counts
	end     stores.Position // of the last record
	mark    stores.Position // some record's; zero: none
	before  int64           // events up to the mark

	buf []byte
}

// slice is what a slice of the entities holds.
type slice struct {
	commits int64
	sum     uint64 // of the commits' hashes, so that their order does not matter
}

func newSurvey() *survey {
	return &survey{types: make(map[string]*TypeCounts), kinds: make(map[string]map[stores.Kind]bool), plugins: make(map[stores.Digest]bool)}
}

// read surveys a log in the order of its feed.
func (s *survey) read(ctx context.Context, log stores.Log, phase string, total int64, o *Options) error {
	for rec, err := range log.Scan(ctx, stores.Query{System: true}) {
		if err != nil {
			return err
		}
		s.add(rec)
		if s.total.Commits%tellEvery == 0 {
			o.tell(Progress{phase, "events", s.total.Events, total})
		}
	}
	o.tell(Progress{phase, "events", s.total.Events, s.total.Events})
	return nil
}

// add takes a record in.
func (s *survey) add(rec *stores.Record) {
	hash, size := s.hash(rec)
	sl := &s.slices[rec.Entity.Slice()]
	sl.commits++
	sl.sum += hash
	t := s.types[rec.Entity.Type]
	if t == nil {
		t = &TypeCounts{Type: rec.Entity.Type}
		s.types[t.Type] = t
		s.kinds[t.Type] = make(map[stores.Kind]bool)
	}
	if rec.Expected == 0 {
		t.Entities++
		s.total.Entities++
	}
	t.Commits++
	t.Events += int64(len(rec.Events))
	kinds := s.kinds[t.Type]
	for i := range rec.Events {
		if k := (stores.Kind{Name: rec.Events[i].Name, Version: rec.Events[i].Version}); !kinds[k] {
			kinds[k] = true
		}
	}
	if !s.plugins[rec.Plugin] {
		s.plugins[rec.Plugin] = true
	}
	c := &s.total
	c.Commits++
	c.Events += int64(len(rec.Events))
	c.Commands += int64(len(rec.Commands))
	c.Bytes += int64(size)
	c.Checksum += hash
	if c.First.IsZero() || rec.Time.Before(c.First) {
		c.First = rec.Time
	}
	if rec.Time.After(c.Last) {
		c.Last = rec.Time
	}
	if s.end = rec.Place; s.end == s.mark {
		s.before = c.Events
	}
}

// hash returns the hash of all that a commit is, and the size of its stored form.
func (s *survey) hash(rec *stores.Record) (hash uint64, size int) {
	s.buf = stores.AppendRecord(s.buf[:0], &rec.Commit, 0)
	size = len(s.buf)
	s.buf = append(s.buf, rec.Plugin[:]...)
	s.buf = append(append(s.buf, rec.Entity.Type...), 0)
	s.buf = append(s.buf, rec.Entity.ID...)
	return xxhash.Sum64(s.buf), size
}

// merge takes in what another survey has gathered.
func (s *survey) merge(o *survey) {
	for i := range s.slices {
		s.slices[i].commits += o.slices[i].commits
		s.slices[i].sum += o.slices[i].sum
	}
	s.total.Commits += o.total.Commits
	s.total.Events += o.total.Events
}

func (s *survey) counts() *Counts {
	c := s.total
	c.Plugins = len(s.plugins)
	for _, name := range slices.Sorted(maps.Keys(s.types)) {
		c.Types = append(c.Types, *s.types[name])
	}
	return &c
}

// differs returns the slices that do not hold the same.
func (s *survey) differs(o *survey) (different []uint16) {
	for i := range s.slices {
		if s.slices[i] != o.slices[i] {
			different = append(different, uint16(i))
		}
	}
	return different
}

// firstDifference names an entity of the slice that is not the same in both logs.
func firstDifference(ctx context.Context, a, b stores.Log, slice uint16) (string, error) {
	q := stores.Query{System: true, Slices: stores.SliceRange{From: slice, To: slice + 1}}
	s := newSurvey()
	type stream struct {
		sum  uint64
		last uint64
	}
	streams := [2]map[stores.EntityID]stream{make(map[stores.EntityID]stream), make(map[stores.EntityID]stream)}
	for i, log := range []stores.Log{a, b} {
		for rec, err := range log.Scan(ctx, q) {
			if err != nil {
				return "", err
			}
			hash, _ := s.hash(rec)
			had := streams[i][rec.Entity]
			streams[i][rec.Entity] = stream{had.sum + hash, rec.Seq()}
		}
	}
	var all []stores.EntityID
	for _, some := range streams {
		for id := range some {
			if streams[0][id] != streams[1][id] {
				all = append(all, id)
			}
		}
	}
	if len(all) == 0 {
		return "the order of what is read", nil
	}
	id := slices.MinFunc(all, func(x, y stores.EntityID) int { return compareIDs(x, y) })
	return fmt.Sprintf("entity %s, which ends at %d and at %d", id, streams[0][id].last, streams[1][id].last), nil
}
