package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
)

func TestCheckFindsEveryBrokenInvariant(t *testing.T) {
	for _, test := range []struct {
		want string // empty: nothing is wrong
		wrap func(*memstore.Store) stores.Log
	}{
		{"", func(s *memstore.Store) stores.Log { return s }},
		{"comes after 2, want 1", func(s *memstore.Store) stores.Log { return &edited{Store: s, scan: dropSecond} }},
		{"comes after 2, want 0", func(s *memstore.Store) stores.Log { return &edited{Store: s, scan: reverse} }},
		{"Read shows 2 records of counter/a, Scan 3", func(s *memstore.Store) stores.Log { return &edited{Store: s, read: dropThird} }},
		{"is not the same in Read and Scan", func(s *memstore.Store) stores.Log { return &edited{Store: s, read: noMeta} }},
		{"has the position", func(s *memstore.Store) stores.Log { return &edited{Store: s, scan: onePlace} }},
		{"the head of the log is", func(s *memstore.Store) stores.Log { return &edited{Store: s, scan: dropLast} }},
		{"goes on with", func(s *memstore.Store) stores.Log {
			return &querying{s, func(_ *memstore.Store, q stores.Query) stores.Query { q.After = stores.Position{}; return q }}
		}},
		{"heads of 1 entities: 0", func(s *memstore.Store) stores.Log { return &noHeads{s} }},
		{"entities of counter: 1, want the 2", func(s *memstore.Store) stores.Log { return &edited{Store: s, scan: otherEntity} }},
		{"kinds of counter lack e1", func(s *memstore.Store) stores.Log { return &forgetful{s} }},
	} {
		s := memstore.New(nil)
		for n, id := range []string{"a", "a", "a"} {
			c := stores.Commit{Entity: entity("counter", id), Expected: uint64(n), ID: stores.CommitID{byte(n)}, Events: []stores.Event{{Name: fmt.Sprint("e", n)}},
				Commands: []stores.CommandRecord{{Name: "c", Meta: map[string]string{"k": "v"}}}}
			if r := s.Append(t.Context(), stores.Fence{}, []stores.Commit{c})[0]; r.Outcome != stores.Applied {
				t.Fatal(r)
			}
		}
		err := Check(context.Background(), test.wrap(s))
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("found %v, want %s", err, test.want)
		}
	}
}

func dropSecond(all []*stores.Record) []*stores.Record {
	if len(all) < 2 {
		return all
	}
	return slices.Delete(all, 1, 2)
}

func onePlace(all []*stores.Record) []*stores.Record {
	for _, r := range all {
		r.Place = all[0].Place
	}
	return all
}

func dropLast(all []*stores.Record) []*stores.Record { return all[:max(0, len(all)-1)] }

func otherEntity(all []*stores.Record) []*stores.Record {
	for _, r := range all {
		if r.Expected == 0 {
			r.Entity.ID = "b"
		}
	}
	return all
}

type noHeads struct{ *memstore.Store }

func (l *noHeads) Heads(context.Context, []stores.EntityID) ([]stores.Head, error) { return nil, nil }
