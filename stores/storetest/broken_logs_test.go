package storetest

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
)

type rewriting struct {
	*memstore.Store
	rewrite func(*memstore.Store, *stores.Commit)
}

func (l *rewriting) Append(ctx context.Context, f stores.Fence, commits []stores.Commit) []stores.Result {
	commits = slices.Clone(commits)
	for i := range commits {
		l.rewrite(l.Store, &commits[i])
	}
	return l.Store.Append(ctx, f, commits)
}

func seqOf(s *memstore.Store, id stores.EntityID) uint64 {
	heads, err := s.Heads(context.Background(), []stores.EntityID{id})
	if err != nil {
		return 0
	}
	return heads[0].Seq
}

func firstAnywhere(s *memstore.Store, c *stores.Commit) {
	if c.Expected == 0 {
		c.Expected = seqOf(s, c.Entity)
	}
}

func aboveIsHead(s *memstore.Store, c *stores.Commit) {
	c.Expected = min(c.Expected, seqOf(s, c.Entity))
}

type duplicating struct {
	*memstore.Store
	mu sync.Mutex
	n  byte
}

func (l *duplicating) Append(ctx context.Context, f stores.Fence, commits []stores.Commit) []stores.Result {
	results := l.Store.Append(ctx, f, commits)
	for i, r := range results {
		if r.Outcome == stores.Duplicate {
			c := commits[i]
			l.mu.Lock()
			l.n++
			c.ID[0], c.Expected = l.n, seqOf(l.Store, c.Entity)
			l.mu.Unlock()
			results[i] = l.Store.Append(ctx, f, []stores.Commit{c})[0]
		}
	}
	return results
}

type renaming struct {
	*memstore.Store
	from, to stores.Outcome
}

func (l *renaming) Append(ctx context.Context, f stores.Fence, commits []stores.Commit) []stores.Result {
	results := l.Store.Append(ctx, f, commits)
	for i := range results {
		if results[i].Outcome == l.from {
			results[i].Outcome = l.to
		}
	}
	return results
}

type allOrNothing struct{ *memstore.Store }

func (l *allOrNothing) Append(ctx context.Context, f stores.Fence, commits []stores.Commit) []stores.Result {
	for _, c := range commits {
		if seqOf(l.Store, c.Entity) != c.Expected {
			return answers(len(commits), stores.Conflict, nil)
		}
	}
	return l.Store.Append(ctx, f, commits)
}

// edited changes the records that sequences show.
type edited struct {
	*memstore.Store
	read, scan func([]*stores.Record) []*stores.Record
}

func edit(seq iter.Seq2[*stores.Record, error], f func([]*stores.Record) []*stores.Record) iter.Seq2[*stores.Record, error] {
	if f == nil {
		return seq
	}
	return func(yield func(*stores.Record, error) bool) {
		all, err := gather(seq)
		for _, r := range f(all) {
			if !yield(r, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

func (l *edited) Read(ctx context.Context, id stores.EntityID, after uint64) iter.Seq2[*stores.Record, error] {
	return edit(l.Store.Read(ctx, id, after), l.read)
}

func (l *edited) Scan(ctx context.Context, q stores.Query) iter.Seq2[*stores.Record, error] {
	return edit(l.Store.Scan(ctx, q), l.scan)
}

func reverse(all []*stores.Record) []*stores.Record {
	slices.Reverse(all)
	return all
}

func dropThird(all []*stores.Record) []*stores.Record {
	if len(all) < 3 {
		return all
	}
	return slices.Delete(all, 2, 3)
}

func noDots(all []*stores.Record) []*stores.Record {
	return only(all, func(r *stores.Record) bool { return !strings.Contains(r.Entity.ID, ".") })
}

func noMeta(all []*stores.Record) []*stores.Record {
	for _, r := range all {
		for i := range r.Commands {
			r.Commands[i].Meta = nil
		}
	}
	return all
}

// querying changes queries.
type querying struct {
	*memstore.Store
	change func(*memstore.Store, stores.Query) stores.Query
}

func (l *querying) Scan(ctx context.Context, q stores.Query) iter.Seq2[*stores.Record, error] {
	return l.Store.Scan(ctx, l.change(l.Store, q))
}

// wholeCommits moves a position to the end of its commit.
func wholeCommits(s *memstore.Store, q stores.Query) stores.Query {
	for rec := range s.Scan(context.Background(), stores.Query{System: true}) {
		if rec != nil && rec.Place.Commit() == q.After.Commit() {
			q.After = rec.Place
		}
	}
	return q
}

// again shows the record before a position once more.
type again struct{ *memstore.Store }

func (l *again) Scan(ctx context.Context, q stores.Query) iter.Seq2[*stores.Record, error] {
	if e := q.After.Event(); e > 0 {
		q.After = stores.NewPosition(q.After.Commit(), e-1)
	}
	return l.Store.Scan(ctx, q)
}

type prefixing struct{ *memstore.Store }

func (l *prefixing) Scan(ctx context.Context, q stores.Query) iter.Seq2[*stores.Record, error] {
	typ := q.Type
	if typ == "" {
		return l.Store.Scan(ctx, q)
	}
	q.Type, q.System = "", true
	return edit(l.Store.Scan(ctx, q), func(all []*stores.Record) []*stores.Record {
		return only(all, func(r *stores.Record) bool { return strings.HasPrefix(r.Entity.Type, typ) })
	})
}

type anyPosition struct{ *memstore.Store }

func (l *anyPosition) Scan(ctx context.Context, q stores.Query) iter.Seq2[*stores.Record, error] {
	for _, err := range l.Store.Scan(ctx, q) {
		if err != nil {
			q.After = stores.Position{}
		}
		break
	}
	return l.Store.Scan(ctx, q)
}

// retaining serves the commits it was given.
type retaining struct {
	*memstore.Store
	mu   sync.Mutex
	kept map[stores.CommitID]stores.Commit
}

func (l *retaining) Append(ctx context.Context, f stores.Fence, commits []stores.Commit) []stores.Result {
	l.mu.Lock()
	for _, c := range commits {
		l.kept[c.ID] = c
	}
	l.mu.Unlock()
	return l.Store.Append(ctx, f, commits)
}

func (l *retaining) Read(ctx context.Context, id stores.EntityID, after uint64) iter.Seq2[*stores.Record, error] {
	return edit(l.Store.Read(ctx, id, after), func(all []*stores.Record) []*stores.Record {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, r := range all {
			r.Events, r.Commands = l.kept[r.ID].Events, l.kept[r.ID].Commands
		}
		return all
	})
}

// sleepy waits for the next append, whatever is there already.
type sleepy struct{ *memstore.Store }

func (l *sleepy) Wait(ctx context.Context, _ stores.Position) error {
	ctx, cancel := context.WithTimeout(ctx, patience/1000)
	defer cancel()
	head, err := l.Head(ctx)
	if err != nil {
		return err
	}
	return l.Store.Wait(ctx, head)
}

type shortHeads struct{ *memstore.Store }

func (l *shortHeads) Heads(ctx context.Context, ids []stores.EntityID) ([]stores.Head, error) {
	heads, err := l.Store.Heads(ctx, ids)
	return slices.DeleteFunc(heads, func(h stores.Head) bool { return h.Seq == 0 }), err
}

type inclusive struct{ *memstore.Store }

func (l *inclusive) Entities(ctx context.Context, typ, after string) iter.Seq2[stores.EntityID, error] {
	return func(yield func(stores.EntityID, error) bool) {
		for id, err := range l.Store.Entities(ctx, typ, "") {
			if (err != nil || id.ID >= after) && !yield(id, err) {
				return
			}
		}
	}
}

type forgetful struct{ *memstore.Store }

func (l *forgetful) Kinds(ctx context.Context, typ string) ([]stores.Kind, error) {
	kinds, err := l.Store.Kinds(ctx, typ)
	return kinds[:min(len(kinds), 1)], err
}

type silent struct{ *memstore.Store }

func (l *silent) Read(ctx context.Context, id stores.EntityID, after uint64) iter.Seq2[*stores.Record, error] {
	return func(yield func(*stores.Record, error) bool) {
		for rec, err := range l.Store.Read(ctx, id, after) {
			if err != nil || !yield(rec, nil) {
				return
			}
		}
	}
}

type liar struct{ *memstore.Store }

func (l *liar) Append(ctx context.Context, f stores.Fence, commits []stores.Commit) []stores.Result {
	results := l.Store.Append(context.WithoutCancel(ctx), f, commits)
	if err := ctx.Err(); err != nil {
		return answers(len(commits), stores.Refused, err)
	}
	return results
}

type unfenced struct{ *memstore.Store }

func (l *unfenced) Append(ctx context.Context, _ stores.Fence, commits []stores.Commit) []stores.Result {
	return l.Store.Append(ctx, stores.Fence{}, commits)
}

type untyped struct{ stores.SnapshotStore }

func (s *untyped) Save(ctx context.Context, snap *stores.Snapshot) error {
	c := *snap
	c.Entity.Type = "any"
	return s.SnapshotStore.Save(ctx, &c)
}

func (s *untyped) Load(ctx context.Context, ids []stores.EntityID) ([]*stores.Snapshot, []error, error) {
	any := slices.Clone(ids)
	for i := range any {
		any[i].Type = "any"
	}
	snaps, errs, err := s.SnapshotStore.Load(ctx, any)
	for i, snap := range snaps {
		if snap != nil {
			snap.Entity = ids[i]
		}
	}
	return snaps, errs, err
}

type lastWins struct{ stores.SnapshotStore }

func (s *lastWins) Save(ctx context.Context, snap *stores.Snapshot) error {
	if err := s.Delete(ctx, snap.Entity); err != nil {
		return err
	}
	return s.SnapshotStore.Save(ctx, snap)
}

type anyLog struct{ stores.SnapshotStore }

func (s *anyLog) Save(ctx context.Context, snap *stores.Snapshot) error {
	snaps, _, err := s.Load(ctx, []stores.EntityID{snap.Entity})
	if err == nil && snaps[0] != nil && snaps[0].Seq > snap.Seq {
		return nil
	}
	return s.SnapshotStore.Save(ctx, snap)
}

type firstWins struct{ stores.CheckpointStore }

func (s *firstWins) SaveCheckpoint(ctx context.Context, name string, p stores.Position) error {
	if old, err := s.Checkpoint(ctx, name); err != nil || !old.IsZero() {
		return err
	}
	return s.CheckpointStore.SaveCheckpoint(ctx, name, p)
}

type emptyBlobs struct{ stores.BlobStore }

func (s *emptyBlobs) Blob(ctx context.Context, d stores.Digest) ([]byte, error) {
	b, _ := s.BlobStore.Blob(ctx, d)
	return b, nil
}
