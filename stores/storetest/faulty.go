package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/eshost/eshost/stores"
)

// FaultyLog is a log that fails. What it says is true all the same: Refused means
// that nothing was written, Unknown that nobody knows. Callers that keep to the
// contract of stores.Log keep every invariant over it.
type FaultyLog struct {
	inner  stores.Log
	faults *Faults

	writes  sync.RWMutex // late writes exclude appends: an entity has at most one in flight
	mu      sync.Mutex
	landed  *sync.Cond
	pending map[*lateWrite]bool
	landing int
	closed  bool
}

// lateWrite is a commit that is still on its way.
type lateWrite struct {
	fence     stores.Fence
	commit    *stores.Commit
	afterHead bool
}

// Faulty returns the log with faults; nil: none. To close it closes the log.
func Faulty(log stores.Log, f *Faults) *FaultyLog {
	if f == nil {
		f = &Faults{}
	}
	f.start()
	l := &FaultyLog{inner: log, faults: f, pending: make(map[*lateWrite]bool)}
	l.landed = sync.NewCond(&l.mu)
	return l
}

// Faults returns what controls the log's faults.
func (l *FaultyLog) Faults() *Faults { return l.faults }

// Flush lets all late writes land now and returns when they have.
func (l *FaultyLog) Flush() {
	l.land(func(*lateWrite) bool { return true })
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.landing > 0 {
		l.landed.Wait()
	}
}

// land writes the late writes that it is time for.
func (l *FaultyLog) land(due func(*lateWrite) bool) {
	var now []*lateWrite
	l.mu.Lock()
	for w := range l.pending {
		if due(w) {
			delete(l.pending, w)
			now = append(now, w)
		}
	}
	l.landing += len(now)
	l.mu.Unlock()
	for _, w := range now {
		l.writes.Lock()
		l.inner.Append(context.Background(), w.fence, []stores.Commit{*w.commit})
		l.writes.Unlock()
		l.mu.Lock()
		l.landing--
		l.landed.Broadcast()
		l.mu.Unlock()
	}
}

// landAfterHead writes what has waited for the entities' heads to be read.
func (l *FaultyLog) landAfterHead(ids ...stores.EntityID) {
	asked := make(map[stores.EntityID]bool, len(ids))
	for _, id := range ids {
		asked[id] = true
	}
	l.land(func(w *lateWrite) bool { return w.afterHead && asked[w.commit.Entity] })
}

// later sends a commit on its way.
func (l *FaultyLog) later(fence stores.Fence, c *stores.Commit, afterHead bool) {
	w := &lateWrite{fence, c.Clone(), afterHead}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.pending[w] = true
	if !afterHead {
		time.AfterFunc(l.faults.lateBy(), func() { l.land(func(x *lateWrite) bool { return x == w }) })
	}
}

// Append implements stores.Log.
func (l *FaultyLog) Append(ctx context.Context, fence stores.Fence, commits []stores.Commit) []stores.Result {
	if err := l.faults.connected(); err != nil {
		return answers(len(commits), stores.Refused, err)
	}
	p := l.faults.plan(len(commits))
	if p.hold {
		if err := l.faults.hold(ctx); err != nil {
			return answers(len(commits), stores.Unknown, fmt.Errorf("%w: held: %w", ErrInjected, err))
		}
	}
	if err := sleep(ctx, p.before); err != nil {
		return answers(len(commits), stores.Unknown, err)
	}
	results := make([]stores.Result, len(commits))
	var pass []stores.Commit
	var places []int // of pass in commits
	for i, fault := range p.commits {
		switch fault {
		case FaultBefore:
			results[i] = stores.Result{Outcome: stores.Refused, Err: fmt.Errorf("%w: %w", ErrInjected, stores.ErrUnavailable)}
		case FaultLost, FaultLate, FaultAfterHead:
			results[i] = noAnswer
			if fault != FaultLost {
				l.later(fence, &commits[i], fault == FaultAfterHead)
			}
		default:
			pass, places = append(pass, commits[i]), append(places, i)
		}
	}
	if len(pass) > 0 || len(commits) == 0 {
		l.writes.RLock()
		for n, r := range l.inner.Append(ctx, fence, pass) {
			results[places[n]] = r
		}
		l.writes.RUnlock()
	}
	for i, fault := range p.commits {
		if fault == FaultAfter {
			results[i] = noAnswer
		}
	}
	if err := sleep(ctx, p.after); err != nil {
		return answers(len(commits), stores.Unknown, err)
	}
	return results
}

var noAnswer = stores.Result{Outcome: stores.Unknown, Err: fmt.Errorf("%w: no answer", ErrInjected)}

func answers(n int, o stores.Outcome, err error) []stores.Result {
	results := make([]stores.Result, n)
	for i := range results {
		results[i] = stores.Result{Outcome: o, Err: err}
	}
	return results
}

func sleep(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: delayed: %w", ErrInjected, ctx.Err())
	}
}

// reading returns the error of a reading call, or after how many records it fails.
func (l *FaultyLog) reading() (after int, err error) {
	if err := l.faults.connected(); err != nil {
		return 0, err
	}
	if after = l.faults.read(); after == 0 {
		return 0, errRead
	}
	return after, nil
}

var errRead = fmt.Errorf("%w: read: %w", ErrInjected, stores.ErrUnavailable)

// ask is for reading calls that yield nothing: any read fault fails them.
func (l *FaultyLog) ask() error {
	after, err := l.reading()
	if after > 0 {
		return errRead
	}
	return err
}

// Heads implements stores.Log.
func (l *FaultyLog) Heads(ctx context.Context, ids []stores.EntityID) ([]stores.Head, error) {
	if err := l.ask(); err != nil {
		return nil, err
	}
	heads, err := l.inner.Heads(ctx, ids)
	l.landAfterHead(ids...)
	return heads, err
}

// Read implements stores.Log.
func (l *FaultyLog) Read(ctx context.Context, id stores.EntityID, after uint64) iter.Seq2[*stores.Record, error] {
	records := sequence(l, l.inner.Read(ctx, id, after))
	return func(yield func(*stores.Record, error) bool) {
		records(yield)
		l.landAfterHead(id)
	}
}

// Scan implements stores.Log.
func (l *FaultyLog) Scan(ctx context.Context, q stores.Query) iter.Seq2[*stores.Record, error] {
	return sequence(l, l.inner.Scan(ctx, q))
}

// Entities implements stores.Log.
func (l *FaultyLog) Entities(ctx context.Context, typ, after string) iter.Seq2[stores.EntityID, error] {
	return sequence(l, l.inner.Entities(ctx, typ, after))
}

// sequence ends in an error where a fault or an outage wants it.
func sequence[T any](l *FaultyLog, inner iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		left, err := l.reading()
		if err != nil {
			yield(none, err)
			return
		}
		for v, err := range inner {
			if err == nil {
				if err = l.faults.connected(); left == 0 && err == nil {
					err = errRead
				}
				left--
			}
			if err != nil {
				yield(none, err)
				return
			}
			if !yield(v, nil) {
				return
			}
		}
		if left >= 0 { // it had to fail, and there were no more records to fail before
			yield(none, errRead)
		}
	}
}

// Wait implements stores.Log.
func (l *FaultyLog) Wait(ctx context.Context, after stores.Position) error {
	if err := l.ask(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l.faults.mu.Lock()
	lost := l.faults.lost
	l.faults.mu.Unlock()
	go func() {
		select {
		case <-lost:
			cancel(errDown)
		case <-ctx.Done():
		}
	}()
	err := l.inner.Wait(ctx, after)
	if err != nil && errors.Is(context.Cause(ctx), errDown) {
		return errDown
	}
	return err
}

// Head implements stores.Log.
func (l *FaultyLog) Head(ctx context.Context) (stores.Position, error) {
	if err := l.ask(); err != nil {
		return stores.Position{}, err
	}
	return l.inner.Head(ctx)
}

// Kinds implements stores.Log.
func (l *FaultyLog) Kinds(ctx context.Context, typ string) ([]stores.Kind, error) {
	if err := l.ask(); err != nil {
		return nil, err
	}
	return l.inner.Kinds(ctx, typ)
}

// Info implements stores.Log.
func (l *FaultyLog) Info() stores.Info { return l.inner.Info() }

// Close lets late writes land and closes the log.
func (l *FaultyLog) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.Flush()
	return l.inner.Close()
}
