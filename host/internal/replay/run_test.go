package replay_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/host/internal/replay"
	"github.com/eshost/eshost/stores"
)

func TestAJobCountsItsEntitiesByWhatCameOfThem(t *testing.T) {
	w := newWorld(t)
	for i := range 200 {
		w.add(fmt.Sprintf("e%03d", i), ones(1+i%7)...)
	}
	w.event("poisoned", "poison")
	new := &twisted{fold: func(in *entity.FoldInput, i, value int) int {
		if in.Entity.ID == "e003" && in.Seq+uint64(i)+1 == 3 {
			value++
		}
		return value
	}}
	r := w.run(&replay.Job{Pair: replay.Pair{Old: plugin("old", easygoing{}), New: plugin("new", new)}})
	if got := verdicts(r); got != "equal 199 different 1 faulty 1 " || r.Entities != 201 || r.TotalEntities != 201 || r.Settled() {
		t.Errorf("%s of %d", got, r.Entities)
	}
	found := map[string]string{}
	for _, f := range r.Findings {
		found[f.Entity.ID] = fmt.Sprint(f.Verdict, f.Seq)
	}
	if len(found) != 2 || found["e003"] != "different 3" || found["poisoned"] != "faulty 1" {
		t.Errorf("%v", found)
	}
	want := int64(0)
	for i := range 200 {
		want += int64(1 + i%7)
	}
	if r.Events < want || r.TotalEvents != r.Events || r.Rate <= 0 || r.Ends.IsZero() {
		t.Errorf("%+v", r)
	}
}

func TestNoMoreExamplesAreGivenThanAskedFor(t *testing.T) {
	w := newWorld(t)
	for i := range 100 {
		w.decided(fmt.Sprint(i), "old", 0, 1)
	}
	new := &twisted{fold: after(1).fold, decide: func(_ *entity.Input, out *entity.Decision) { out.Outcomes[0].Reply = number(0) }}
	for _, n := range []int{0, 3} {
		r := w.run(&replay.Job{Pair: replay.Pair{Old: plugin("old", counter()), New: plugin("new", new)}, Examples: n, Decide: true})
		want := n
		if n == 0 {
			want = 10
		}
		if len(r.Findings) != want || len(r.Decisions) != want || r.Verdicts[replay.Different] != 100 || r.Decided.Different != 100 {
			t.Errorf("%d: %d findings, %d decisions, %s", n, len(r.Findings), len(r.Decisions), verdicts(r))
		}
		for _, f := range r.Findings {
			if f.Seq != 1 {
				t.Errorf("an example is not located: %+v", f)
			}
		}
	}
}

func TestASampleIsTheSameEachTimeAndOfAboutItsShare(t *testing.T) {
	w := newWorld(t)
	for i := range 1000 {
		w.add(fmt.Sprintf("entity-%d", i), 1)
	}
	job := &replay.Job{Pair: replay.Pair{Old: plugin("old", counter()), New: plugin("new", counter())}, Sample: 0.1}
	one, two := w.run(job), w.run(job)
	if one.Entities != two.Entities || one.Entities < 60 || one.Entities > 150 {
		t.Errorf("%d and %d of 1000", one.Entities, two.Entities)
	}
}

func TestAJobLooksAtTheEntitiesItIsTold(t *testing.T) {
	w := newWorld(t)
	w.add("a", 1)
	w.add("b", 1, 1)
	w.add("c", 1)
	r := w.run(&replay.Job{Pair: replay.Pair{Old: plugin("old", counter()), New: plugin("new", counter())}, IDs: []string{"a", "b", "none"}})
	if r.Entities != 2 || r.Events != 3 || !r.Settled() {
		t.Errorf("%+v", r)
	}
	r = w.run(&replay.Job{Pair: replay.Pair{Old: plugin("old", counter()), New: plugin("new", after(2))}, IDs: []string{"b"}, Seq: 1})
	if !r.Settled() || r.Events != 1 {
		t.Errorf("up to the first event: %+v", r)
	}
}

func TestWhatCameBehindTheEndIsNotLookedAt(t *testing.T) {
	w := newWorld(t)
	w.add("a", 1, 1)
	w.add("b", 1, 1)
	end := w.append("c", "old", []stores.Event{{Name: "added", Version: 1, Payload: number(1)}, {Name: "added", Version: 1, Payload: number(1)}}, nil).Place
	w.add("a", 1)
	w.add("new", 1)
	job := &replay.Job{Pair: replay.Pair{Old: plugin("old", counter()), New: plugin("new", after(3))}, Until: end}
	if r := w.run(job); r.Entities != 3 || r.Events != 6 || !r.Settled() || r.Until != end {
		t.Errorf("%+v", r)
	}
	job.Until = stores.NewPosition(end.Commit(), 0) // in the middle of the commit
	if r := w.run(job); r.Entities != 3 || r.Events != 5 || !r.Settled() {
		t.Errorf("in the middle of a commit: %+v", r)
	}
	job.Until = stores.Position{}
	if r := w.run(job); r.Entities != 4 || r.Verdicts[replay.Different] != 1 {
		t.Errorf("without an end: %s", verdicts(r))
	}
}

func TestWhatIsAppendedWhileAJobRunsIsBehindItsEnd(t *testing.T) {
	w := newWorld(t)
	for i := range 100 {
		w.add(fmt.Sprint(i), 1, 1)
	}
	end, err := w.log.Head(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	// Each entity goes on when it is folded first, before its end is known.
	appending := &appends{w: w, done: map[string]bool{}}
	w.Pace = replay.NewPace(1, nil) // what is folded is so one after the other
	r := w.run(&replay.Job{Pair: replay.Pair{Old: plugin("old", appending), New: plugin("new", after(3))}, Until: end})
	if r.Entities != 100 || r.Events != 200 || !r.Settled() || len(appending.done) != 100 {
		t.Errorf("%+v, %d appended", r, len(appending.done))
	}
}

// appends appends an event to each entity that is folded, and folds like the counter.
type appends struct {
	entity.Behavior
	w    *world
	done map[string]bool
}

func (a *appends) Fold(in *entity.FoldInput, dst []byte) ([]byte, error) {
	// The next entity of the page: its events are read after this.
	var n int
	fmt.Sscan(in.Entity.ID, &n)
	for _, name := range []string{in.Entity.ID, fmt.Sprint(n + 1)} {
		if !a.done[name] && a.w.seqs[name] == 2 {
			a.done[name] = true
			a.w.add(name, 1)
		}
	}
	return counter().Fold(in, dst)
}

func TestALogThatFailsEndsAJobAndADamagedEntityDoesNot(t *testing.T) {
	w := newWorld(t)
	for i := range 50 {
		w.add(fmt.Sprint(i), 1)
	}
	job := &replay.Job{Pair: replay.Pair{Old: plugin("old", counter()), New: plugin("new", counter())}}
	w.Engine.Log = broken{w.log, "7", stores.ErrCorrupt}
	if r := w.run(job); r.Verdicts[replay.Unreadable] != 1 || r.Entities != 50 || len(r.Findings) != 1 || r.Findings[0].Entity.ID != "7" || !errors.Is(r.Findings[0].Err, stores.ErrCorrupt) {
		t.Errorf("%s", verdicts(r))
	}
	w.Engine.Log = broken{w.log, "7", stores.ErrUnavailable}
	var last error
	for _, err := range w.Run(context.Background(), job) {
		last = err
	}
	if !errors.Is(last, stores.ErrUnavailable) {
		t.Errorf("%v", last)
	}
}

// broken is a log in which one entity cannot be read.
type broken struct {
	stores.Log
	id  string
	err error
}

func (b broken) Read(ctx context.Context, id stores.EntityID, after uint64) iter.Seq2[*stores.Record, error] {
	if id.ID == b.id {
		return func(yield func(*stores.Record, error) bool) { yield(nil, b.err) }
	}
	return b.Log.Read(ctx, id, after)
}

func TestAJobEndsWhenNobodyListensAnyMore(t *testing.T) {
	w := newWorld(t)
	free := make(chan struct{})
	for i := range 10 {
		w.event(fmt.Sprint(i), "long")
	}
	slow := counter()
	slow.Free = free
	defer close(free)
	job := &replay.Job{Pair: replay.Pair{Old: plugin("old", slow), New: plugin("new", counter())}}
	job.Old.Type.CommandFuel, job.Old.Type.BatchFuel = 1e12, 1e12
	for r, err := range w.Run(context.Background(), job) { // it tells that it is not done, again and again
		if err != nil || r.Done {
			t.Errorf("%+v, %v", r, err)
		}
		break
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	var last error
	for _, err := range w.Run(ctx, job) {
		last = err
	}
	if !errors.Is(last, context.DeadlineExceeded) {
		t.Errorf("%v", last)
	}
}
