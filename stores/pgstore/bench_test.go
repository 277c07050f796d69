package pgstore_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pgstore"
)

// shape is a load: so many appends at once, of so many commits of so many events.
type shape struct {
	name                   string
	calls, commits, events int
	entities               int  // that take turns
	first                  bool // every commit is an entity's first
}

// shapes are what the host's loads make of the appends: 50 writers, one entity, 4,096 commands in flight.
var shapes = []shape{
	{name: "50-writers", calls: 2, commits: 25, events: 1, entities: 50},
	{name: "one-entity", calls: 1, commits: 1, events: 1024, entities: 1},
	{name: "warm", calls: 2, commits: 2048, events: 1, entities: 100_000},
	{name: "warm-calls-1", calls: 1, commits: 2048, events: 1, entities: 100_000},
	{name: "warm-calls-4", calls: 4, commits: 1024, events: 1, entities: 100_000},
	{name: "first-touch", calls: 2, commits: 2048, events: 1, first: true},
}

// load makes the commits of one of several callers, who share the entities out.
type load struct {
	shape
	seqs    []uint64
	tokens  []stores.HeadToken
	ids     []stores.EntityID
	next    int
	number  uint64
	commits []stores.Commit
	places  []int // of their entities in ids
}

func newLoad(s shape, caller int) *load {
	l := &load{shape: s, number: uint64(caller) << 48}
	if !s.first {
		for n := caller; n < s.entities; n += s.calls {
			l.ids = append(l.ids, stores.EntityID{Type: "counter", ID: fmt.Sprintf("entity-%09d", n)})
		}
		l.seqs, l.tokens = make([]uint64, len(l.ids)), make([]stores.HeadToken, len(l.ids))
	}
	return l
}

var benchPayload = []byte(`{"account":"4711","amount":1234,"currency":"EUR","note":"one hundred bytes of a payload, about....."}`)

// batch returns the next commits. They are good until the next call.
func (l *load) batch() []stores.Commit {
	l.commits, l.places = l.commits[:0], l.places[:0]
	n := l.shape.commits
	if !l.first {
		n = min(n, len(l.ids))
	}
	for range n {
		l.number++
		c := stores.Commit{Time: time.UnixMilli(1e12), Plugin: stores.Digest{1}}
		binary.BigEndian.PutUint64(c.ID[:], l.number)
		if l.first {
			c.Entity = stores.EntityID{Type: "counter", ID: fmt.Sprintf("entity-%016x", l.number*0x9e3779b97f4a7c15)}
		} else {
			// A step that is coprime to the number of entities visits them in a scattered order.
			l.next = (l.next + 7919) % len(l.ids)
			c.Entity, c.Expected, c.Head = l.ids[l.next], l.seqs[l.next], l.tokens[l.next]
			l.places = append(l.places, l.next)
			l.seqs[l.next] += uint64(l.events)
		}
		for e := range l.events {
			c.Events = append(c.Events, stores.Event{Name: "increased", Version: 1, Payload: benchPayload})
			c.Commands = append(c.Commands, stores.CommandRecord{Name: "increase", Events: 1, Seq: c.Expected + uint64(e) + 1})
		}
		l.commits = append(l.commits, c)
	}
	return l.commits
}

// drive appends from all callers until b has had enough, and reports events a second.
func drive(b *testing.B, s shape, warm bool, put func(context.Context, *load) error) {
	loads := make([]*load, s.calls)
	var warming sync.WaitGroup
	for i := range loads {
		loads[i] = newLoad(s, i)
		warming.Go(func() {
			for n := 0; warm && n < len(loads[i].ids); {
				if err := put(b.Context(), loads[i]); err != nil {
					b.Error(err)
					return
				}
				n += len(loads[i].commits)
			}
		})
	}
	warming.Wait()
	turns := make(chan struct{})
	var callers sync.WaitGroup
	events := 0
	b.ResetTimer()
	for i := range loads {
		callers.Go(func() {
			for range turns {
				if err := put(b.Context(), loads[i]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	per := s.commits
	if !s.first {
		per = min(per, len(loads[0].ids))
	}
	for b.Loop() {
		turns <- struct{}{}
		events += per * s.events
	}
	close(turns)
	callers.Wait()
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}

// append appends the next commits.
func (l *load) append(ctx context.Context, log stores.Log) error {
	for i, r := range log.Append(ctx, stores.Fence{}, l.batch()) {
		if r.Outcome != stores.Applied {
			return fmt.Errorf("%s: %w", r.Outcome, r.Err)
		}
		if !l.first {
			l.tokens[l.places[i]] = r.Head
		}
	}
	return nil
}

func BenchmarkAppend(b *testing.B) {
	for _, s := range shapes {
		b.Run(s.name+"/store", func(b *testing.B) {
			store := open(b, server.Options(b))
			drive(b, s, !s.first, func(ctx context.Context, l *load) error { return l.append(ctx, store) })
		})
		b.Run(s.name+"/bare", func(b *testing.B) {
			pool := bareLog(b)
			drive(b, s, !s.first, func(ctx context.Context, l *load) error { return bareAppend(ctx, pool, l.batch()) })
		})
	}
}

// bareLog is what a program would do that needs a log and nothing else: one
// table, a row for each event, the key as the check.
func bareLog(b *testing.B) *pgxpool.Pool {
	o := server.Options(b)
	pool, err := pgxpool.New(b.Context(), server.URL("search_path="+o.Schema, "pool_max_conns=8"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	for _, text := range []string{"CREATE SCHEMA " + o.Schema,
		`CREATE TABLE log (number bigint GENERATED ALWAYS AS IDENTITY, type text, id text, seq bigint, name text, payload bytea, PRIMARY KEY (type, id, seq))`,
		`CREATE INDEX ON log (number)`} {
		if _, err := pool.Exec(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
	return pool
}

func bareAppend(ctx context.Context, pool *pgxpool.Pool, commits []stores.Commit) error {
	var types, ids, names []string
	var seqs []int64
	var payloads [][]byte
	for i := range commits {
		c := &commits[i]
		for e := range c.Events {
			types, ids, names = append(types, c.Entity.Type), append(ids, c.Entity.ID), append(names, c.Events[e].Name)
			seqs, payloads = append(seqs, int64(c.Expected)+int64(e)+1), append(payloads, c.Events[e].Payload)
		}
	}
	_, err := pool.Exec(ctx, `INSERT INTO log (type, id, seq, name, payload) SELECT * FROM unnest($1::text[], $2::text[], $3::int8[], $4::text[], $5::bytea[])`, types, ids, seqs, names, payloads)
	return err
}

// BenchmarkRecovery reads one entity of 100,000 events in 10,000 commits.
func BenchmarkRecovery(b *testing.B) {
	store := open(b, server.Options(b))
	fill(b, store, 10_000, 10)
	id := stores.EntityID{Type: "counter", ID: "entity-000000000"}
	events := 0
	for b.Loop() {
		for rec, err := range store.Read(b.Context(), id, 0) {
			if err != nil {
				b.Fatal(err)
			}
			events += len(rec.Events)
		}
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkScan reads the whole log, and the part of it that is in a tenth of the slices.
func BenchmarkScan(b *testing.B) {
	store := open(b, server.Options(b))
	l := newLoad(shape{commits: 1000, events: 1, entities: 5000, calls: 1}, 0)
	for range 100 {
		if err := l.append(b.Context(), store); err != nil {
			b.Fatal(err)
		}
	}
	for name, q := range map[string]stores.Query{"all": {}, "slices": {Slices: stores.SliceRange{From: 0, To: 102}}, "type": {Type: "none"}} {
		b.Run(name, func(b *testing.B) {
			records := 0
			for b.Loop() {
				for _, err := range store.Scan(b.Context(), q) {
					if err != nil {
						b.Fatal(err)
					}
					records++
				}
			}
			b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// fill appends commits of one entity, one after the other.
func fill(t testing.TB, s *pgstore.Store, commits, events int) {
	t.Helper()
	l := newLoad(shape{commits: 1, events: events, entities: 1, calls: 1}, 0)
	for range commits {
		if err := l.append(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}
