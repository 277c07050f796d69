package storetest

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
)

// recorder is a testing.TB that notes failures instead of failing.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (r *recorder) Helper()                   {}
func (r *recorder) Log(...any)                {}
func (r *recorder) Logf(string, ...any)       {}
func (r *recorder) Error(args ...any)         { r.note(fmt.Sprint(args...)) }
func (r *recorder) Errorf(f string, a ...any) { r.note(fmt.Sprintf(f, a...)) }
func (r *recorder) Fatal(args ...any)         { r.note(fmt.Sprint(args...)); runtime.Goexit() }
func (r *recorder) Fatalf(f string, a ...any) { r.note(fmt.Sprintf(f, a...)); runtime.Goexit() }
func (r *recorder) Cleanup(f func())          { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Failed() bool              { return len(r.noted()) > 0 }
func (r *recorder) note(s string)             { r.mu.Lock(); r.failures = append(r.failures, s); r.mu.Unlock() }
func (r *recorder) noted() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.failures)
}

func (r *recorder) FailNow() { r.Fatal("gave up") }

// failing runs the cases of the suite that are named, all when none is, and
// returns what failed and how.
func failing(t *testing.T, f Factory, names ...string) map[string]string {
	failed := make(map[string]string)
	n := 0
	for _, c := range cases(f, f.Open(t)) {
		if len(names) > 0 && !slices.Contains(names, c.name) {
			continue
		}
		n++
		r := &recorder{TB: t}
		r.run(func() { c.run(open(r, f)) })
		for _, cleanup := range slices.Backward(r.cleanups) {
			r.run(cleanup)
		}
		if notes := r.noted(); len(notes) > 0 {
			failed[c.name] = notes[0]
		}
	}
	if n < len(names) || n == 0 {
		t.Errorf("%d of the cases %q are in the suite", n, names)
	}
	return failed
}

// run runs f in a goroutine that it may exit.
func (r *recorder) run(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// over returns a factory of memstores behind a wrapper that breaks a law.
func over(wrap func(*memstore.Store) Stores) Factory {
	return Factory{Open: func(testing.TB) Stores { return wrap(memstore.New(nil)) }, Seed: 1}
}

func overLog(wrap func(*memstore.Store) stores.Log) Factory {
	return over(func(s *memstore.Store) Stores { return Stores{Log: wrap(s)} })
}

func TestTheSuiteFindsNothingWhereNothingIsBroken(t *testing.T) {
	f := over(func(s *memstore.Store) Stores { return Stores{Log: s, Snapshots: s, Checkpoints: s, Blobs: s} })
	for name, why := range failing(t, f) {
		t.Errorf("%s: %s", name, why)
	}
}

func TestTheSuiteFindsEveryBrokenLaw(t *testing.T) {
	for _, test := range []struct {
		broken string
		f      Factory
		found  []string // by these cases, among others
	}{
		{"the first event is not fenced", overLog(func(s *memstore.Store) stores.Log { return &rewriting{s, firstAnywhere} }),
			[]string{"the first event is fenced by expected 0"}},
		{"an expected number above the head is taken", overLog(func(s *memstore.Store) stores.Log { return &rewriting{s, aboveIsHead} }),
			[]string{"an expected number above the head is a conflict"}},
		{"a duplicate is appended again", overLog(func(s *memstore.Store) stores.Log { return &duplicating{Store: s} }),
			[]string{"the same commit again is a duplicate, with the answer of the first time"}},
		{"a duplicate is called a conflict", overLog(func(s *memstore.Store) stores.Log { return &renaming{s, stores.Duplicate, stores.Conflict} }),
			[]string{"the same commit again is a duplicate, with the answer of the first time"}},
		{"any conflict is called a duplicate", overLog(func(s *memstore.Store) stores.Log { return &renaming{s, stores.Conflict, stores.Duplicate} }),
			[]string{"the same events under another commit id are a conflict", "the first event is fenced by expected 0"}},
		{"one conflict fails the whole call", overLog(func(s *memstore.Store) stores.Log { return &allOrNothing{s} }),
			[]string{"one commit's conflict never fails the others"}},
		{"reads come in the wrong order", overLog(func(s *memstore.Store) stores.Log { return &edited{Store: s, read: reverse} }),
			[]string{"an entity is read in order, whatever was written between"}},
		{"feeds come in the wrong order", overLog(func(s *memstore.Store) stores.Log { return &edited{Store: s, scan: reverse} }),
			[]string{"the feed shows every commit once, in order per entity"}},
		{"a stream has a gap", overLog(func(s *memstore.Store) stores.Log { return &edited{Store: s, read: dropThird} }),
			[]string{"numbers are gapless over commits of all sizes"}},
		{"the feed skips a commit", overLog(func(s *memstore.Store) stores.Log { return &edited{Store: s, scan: dropThird} }),
			[]string{"the feed shows every commit once, in order per entity", "scan and wait show each commit exactly once while 8 goroutines append"}},
		{"the feed skips the rest of a commit", overLog(func(s *memstore.Store) stores.Log { return &querying{s, wholeCommits} }),
			[]string{"a feed goes on after any event"}},
		{"the feed shows the last commit again", overLog(func(s *memstore.Store) stores.Log { return &again{Store: s} }),
			[]string{"a feed goes on after any event", "scan and wait show each commit exactly once while 8 goroutines append"}},
		{"a type takes in those it is a prefix of", overLog(func(s *memstore.Store) stores.Log { return &prefixing{s} }),
			[]string{"a feed of a type has all of that type and nothing else"}},
		{"ids with dots are not in feeds by type", overLog(func(s *memstore.Store) stores.Log { return &edited{Store: s, scan: noDots} }),
			[]string{"odd ids are entities like others, each apart from the rest"}},
		{"slices are not looked at", overLog(func(s *memstore.Store) stores.Log {
			return &querying{s, func(_ *memstore.Store, q stores.Query) stores.Query { q.Slices = stores.SliceRange{}; return q }}
		}), []string{"ranges of slices share the feed out"}},
		{"eshost's own types are in every feed", overLog(func(s *memstore.Store) stores.Log {
			return &querying{s, func(_ *memstore.Store, q stores.Query) stores.Query { q.System = true; return q }}
		}), []string{"types of eshost's own are hidden unless asked for"}},
		{"a foreign position is the start", overLog(func(s *memstore.Store) stores.Log { return &anyPosition{s} }),
			[]string{"a position of another log is refused"}},
		{"the caller's bytes are kept", overLog(func(s *memstore.Store) stores.Log {
			return &retaining{Store: s, kept: make(map[stores.CommitID]stores.Commit)}
		}),
			[]string{"the log does not keep the bytes it is given, and does not change them"}},
		{"meta is lost", overLog(func(s *memstore.Store) stores.Log { return &edited{Store: s, read: noMeta, scan: noMeta} }),
			[]string{"all of a commit comes back"}},
		{"wait sleeps though there is more", overLog(func(s *memstore.Store) stores.Log { return &sleepy{s} }),
			[]string{"wait returns at once when there is more"}},
		{"heads of unknown entities are left out", overLog(func(s *memstore.Store) stores.Log { return &shortHeads{s} }),
			[]string{"heads come in the order asked for, zero for the unknown"}},
		{"entities begin with the id given", overLog(func(s *memstore.Store) stores.Log { return &inclusive{s} }),
			[]string{"entities can be listed in pages"}},
		{"a kind is forgotten", overLog(func(s *memstore.Store) stores.Log { return &forgetful{s} }),
			[]string{"kinds are sorted, each once, and lack none that was written"}},
		{"a cancelled read just ends", overLog(func(s *memstore.Store) stores.Log { return &silent{s} }),
			[]string{"a sequence whose context ends on the way never looks complete", "reads whose context has ended are errors"}},
		{"refused is said of what was written", overLog(func(s *memstore.Store) stores.Log { return &liar{s} }),
			[]string{"an append whose context has ended tells the truth"}},
		{"a fence is not looked at", overLog(func(s *memstore.Store) stores.Log { return &unfenced{s} }),
			[]string{"a fence of an older epoch writes nothing"}},
		{"snapshots are kept by id alone", over(func(s *memstore.Store) Stores { return Stores{Snapshots: &untyped{s}} }),
			[]string{"entities are told apart by type and id"}},
		{"an older snapshot takes the place of a newer one", over(func(s *memstore.Store) Stores { return Stores{Snapshots: &lastWins{s}} }),
			[]string{"the highest number stays"}},
		{"an older snapshot stays though its log is another", over(func(s *memstore.Store) Stores { return Stores{Snapshots: &anyLog{s}} }),
			[]string{"a snapshot of another log takes the place of any"}},
		{"a checkpoint is saved once", over(func(s *memstore.Store) Stores { return Stores{Checkpoints: &firstWins{s}} }),
			[]string{"a checkpoint is what was saved last, zero when nothing was"}},
		{"a missing blob is empty", over(func(s *memstore.Store) Stores { return Stores{Blobs: &emptyBlobs{s}} }),
			[]string{"a blob that is not there is not found"}},
	} {
		t.Run(test.broken, func(t *testing.T) {
			failed := failing(t, test.f, test.found...)
			for _, name := range test.found {
				if why, ok := failed[name]; ok {
					t.Logf("%s: %.200s", name, why)
				} else {
					t.Errorf("not found by: %s", name)
				}
			}
		})
	}
}

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
