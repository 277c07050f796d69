package storetest

import (
	"fmt"
	"runtime"
	"slices"
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
