package pgstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/eshost/eshost/stores"
)

// What an append takes well; see the benchmarks. A second append in flight would wait for the lock while the first one
// is flushed: with 50 writers one alone takes 31,000 commands/s and two take 21,000; with 4,096 both take some 65,000.
const (
	concurrency   = 1
	appendCommits = 2048
	appendBytes   = 8 << 20
)

// transactionBytes bounds what one transaction sends, where a caller appends more than that.
const transactionBytes = 2 * maxCommit

// call is one Append under way.
type call struct {
	s       *Store
	conn    session
	fence   stores.Fence
	commits []stores.Commit
	results []stores.Result
	order   []int // of the commits that passed their checks, by entity
	missing []int // those that the log did not take
	batch   batch
}

// batch is what one transaction inserts.
type batch struct {
	columns
	members []int // index in the call's commits, by place
}

var callPool = sync.Pool{New: func() any { return new(call) }}

var (
	errTwice     = errors.New("two commits of one entity in one append")
	errNoEvents  = errors.New("a commit without events")
	errEventName = errors.New("the name of an event is not UTF-8 or has a zero byte, and Postgres cannot list it")
)

// Append implements stores.Log. One call is one transaction, unless it is very
// large. Fences work by slice: a commit is Fenced when its slice is outside the
// fence, or a newer epoch has been named for it.
func (s *Store) Append(ctx context.Context, fence stores.Fence, commits []stores.Commit) []stores.Result {
	a := callPool.Get().(*call)
	a.s, a.fence, a.commits, a.results = s, fence, commits, make([]stores.Result, len(commits))
	results := a.results
	if ctx, leave, err := s.enter(ctx); err != nil {
		for i := range commits {
			a.refuse(i, stores.Refused, err)
		}
	} else {
		a.run(ctx)
		leave()
	}
	a.release()
	return results
}

func (a *call) release() {
	a.s, a.conn, a.commits, a.results = nil, session{}, nil, nil
	a.order, a.missing = a.order[:0], a.missing[:0]
	if cap(a.batch.records.b) <= 2*appendBytes {
		callPool.Put(a)
	}
}

// refuse gives a commit an outcome that needs a reason.
func (a *call) refuse(i int, o stores.Outcome, err error) {
	c := &a.commits[i]
	a.results[i] = stores.Result{Outcome: o, Err: &stores.EntityError{Op: "append to", Entity: c.Entity, Seq: c.Expected + 1, Err: err}}
}

func (a *call) refuseAll(some []int, o stores.Outcome, err error) {
	for _, i := range some {
		a.refuse(i, o, err)
	}
}

func (a *call) run(ctx context.Context) {
	a.admit()
	if len(a.order) == 0 {
		return
	}
	a.insert(ctx)
	a.explain(ctx)
}

// insert sends the commits, all by one connection: what is known of the tables when they are encoded holds for
// as long as that is open.
func (a *call) insert(ctx context.Context) {
	var err error
	if a.conn, err = a.s.session(ctx); err != nil {
		a.refuseAll(a.order, stores.Refused, a.s.failure(err))
		return
	}
	defer a.conn.Release()
	if err := a.prepare(ctx); err != nil {
		a.refuseAll(a.order, stores.Refused, a.s.failure(err))
		return
	}
	b := &a.batch
	b.reset()
	b.members = b.members[:0]
	for _, i := range a.order {
		if a.outside(i) {
			a.missing = append(a.missing, i)
			continue
		}
		if !a.add(i) {
			continue
		}
		if len(b.records.b) >= transactionBytes {
			a.write(ctx)
		}
	}
	a.write(ctx)
}

// admit checks the commits and puts those that pass in the order of their
// entities: two appends that insert in different orders would wait for each other.
func (a *call) admit() {
	for i := range a.commits {
		c := &a.commits[i]
		switch err := c.Entity.Validate(); {
		case err != nil:
			a.refuse(i, stores.Refused, err)
		case len(c.Events) == 0:
			a.refuse(i, stores.Refused, errNoEvents)
		case !nameable(c.Events):
			a.refuse(i, stores.Refused, errEventName)
		case c.Expected > math.MaxInt64-uint64(len(c.Events)):
			a.results[i] = stores.Result{Outcome: stores.Conflict} // no entity gets there
		default:
			a.order = append(a.order, i)
		}
	}
	slices.SortStableFunc(a.order, func(i, j int) int {
		x, y := &a.commits[i].Entity, &a.commits[j].Entity
		return cmp.Or(cmp.Compare(x.Type, y.Type), cmp.Compare(x.ID, y.ID))
	})
	last := -1
	a.order = slices.DeleteFunc(a.order, func(i int) bool {
		if last >= 0 && a.commits[last].Entity == a.commits[i].Entity {
			a.refuse(i, stores.Refused, errTwice)
			return true
		}
		last = i
		return false
	})
}

// nameable reports whether the table of kinds can hold the events' names.
func nameable(events []stores.Event) bool {
	last := ""
	for i := range events {
		if name := events[i].Name; name != last && !holds(name) {
			return false
		}
		last = events[i].Name
	}
	return true
}

// prepare writes what must be there before the commits: plugins, kinds and the
// fence's epoch.
func (a *call) prepare(ctx context.Context) error {
	if err := a.conn.plugins.note(ctx, a.s, a.conn, a.commits, a.order); err != nil {
		return fmt.Errorf("note a plugin: %w", err)
	}
	if err := a.conn.kinds.note(ctx, a.s, a.conn, a.commits, a.order); err != nil {
		return fmt.Errorf("note the kinds of events: %w", err)
	}
	if a.fence.Epoch != 0 {
		if err := a.conn.raised.raise(ctx, a.s, a.conn, a.fence); err != nil {
			return fmt.Errorf("raise the epoch: %w", err)
		}
	}
	return nil
}

// outside reports whether the fence does not hold for the commit's entity.
func (a *call) outside(i int) bool {
	return a.fence.Epoch != 0 && !a.fence.Slices.Contains(a.commits[i].Entity.Slice())
}

// add puts a commit into the batch, unless it is too large.
func (a *call) add(i int) bool {
	c, b := &a.commits[i], &a.batch
	start := b.records.open()
	b.records.b = stores.AppendRecord(b.records.b, c, a.conn.plugins.number(c.Plugin))
	if size := len(b.records.b) - start; size > maxCommit {
		b.records.drop(start)
		a.refuse(i, stores.TooLarge, fmt.Errorf("%w: a record of %d bytes, at most %d", stores.ErrTooLarge, size, maxCommit))
		return false
	}
	b.records.close(start)
	b.types.text(c.Entity.Type)
	b.ids.text(c.Entity.ID)
	b.befores.int64(before(c.Head))
	b.firsts.int64(c.Expected + 1)
	b.lasts.int64(c.Seq())
	b.slices.int16(c.Entity.Slice())
	b.members = append(b.members, i)
	return true
}
