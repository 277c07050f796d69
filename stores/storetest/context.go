package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/eshost/eshost/stores"
)

// contextCases are about a context that ends.
func contextCases() []testCase {
	a := entity("counter", "a")
	return []testCase{
		{"an append whose context has ended tells the truth", func(h *harness) {
			ended, cancel := context.WithCancel(h.ctx)
			cancel()
			var want []*stores.Record
			for n := range 10 {
				c := h.commit(a, fmt.Sprint(n))
				first := h.log.Append(ended, stores.Fence{}, []stores.Commit{c})[0]
				var expect []stores.Outcome // of the same commit in a context that goes on
				switch first.Outcome {
				case stores.Refused:
					expect = []stores.Outcome{stores.Applied}
				case stores.Applied:
					expect = []stores.Outcome{stores.Duplicate}
				case stores.Unknown:
					expect = []stores.Outcome{stores.Applied, stores.Duplicate}
				default:
					h.Fatalf("the outcome is %s", first.Outcome)
				}
				if first.Outcome != stores.Applied && !errors.Is(first.Err, context.Canceled) {
					h.Errorf("%s for %v, want %v", first.Outcome, first.Err, context.Canceled)
				}
				second := h.append(c)[0]
				if second.Outcome != expect[0] && second.Outcome != expect[len(expect)-1] {
					h.Fatalf("%s, and then %s", first.Outcome, second.Outcome)
				}
				h.mu.Lock()
				h.seqs[a], h.tokens[a] = c.Seq(), second.Head
				h.mu.Unlock()
				want = append(want, recorded(&c, second))
			}
			h.same("read", h.read(a, 0), want)
		}},
		{"reads whose context has ended are errors", func(h *harness) {
			head := h.fill(a, []string{"1"})[0].Place
			ended, cancel := context.WithCancel(h.ctx)
			cancel()
			for what, err := range h.askAll(ended, head) {
				if !errors.Is(err, context.Canceled) {
					h.Errorf("%s: %v, want %v", what, err, context.Canceled)
				}
			}
		}},
		{"a sequence whose context ends on the way never looks complete", func(h *harness) {
			const n = 300
			for i := range n {
				h.fill(a, []string{fmt.Sprint(i)})
			}
			for _, stop := range []int{1, 100, n - 1} {
				for what, sequence := range map[string]func(context.Context) func(func(*stores.Record, error) bool){
					"read": func(ctx context.Context) func(func(*stores.Record, error) bool) { return h.log.Read(ctx, a, 0) },
					"scan": func(ctx context.Context) func(func(*stores.Record, error) bool) {
						return h.log.Scan(ctx, stores.Query{})
					},
				} {
					ctx, cancel := context.WithCancel(h.ctx)
					seen, ended := 0, error(nil)
					for _, err := range sequence(ctx) {
						if ended = err; err != nil {
							break
						}
						if seen++; seen == stop {
							cancel()
						}
					}
					cancel()
					if seen != n && !errors.Is(ended, context.Canceled) {
						h.Errorf("%s: %d of %d records and then %v", what, seen, n, ended)
					}
				}
			}
		}},
	}
}

// closeCases are about the end of a log.
func closeCases() []testCase {
	a := entity("counter", "a")
	return []testCase{
		{"close may be called again, and what is asked after it is closed", func(h *harness) {
			head := h.fill(a, []string{"1"})[0].Place
			h.closed = true
			for range 3 {
				if err := h.log.Close(); err != nil {
					h.Fatalf("close: %v", err)
				}
			}
			for what, err := range h.askAll(h.ctx, head) {
				if !errors.Is(err, stores.ErrClosed) {
					h.Errorf("%s: %v, want %v", what, err, stores.ErrClosed)
				}
			}
			c := h.commit(a, "2")
			r := h.append(c)[0]
			h.outcome(&c, r, stores.Refused)
			if !errors.Is(r.Err, stores.ErrClosed) {
				h.Errorf("append: %v, want %v", r.Err, stores.ErrClosed)
			}
		}},
		{"close ends those who wait", func(h *harness) {
			h.fill(a, []string{"1"})
			head := h.head()
			ended := make(chan error)
			for range 3 {
				go func() { ended <- h.log.Wait(h.ctx, head) }()
			}
			h.closed = true
			if err := h.log.Close(); err != nil {
				h.Errorf("close: %v", err)
			}
			h.within("wait for a closed log", func() {
				for range 3 {
					if err := <-ended; !errors.Is(err, stores.ErrClosed) {
						h.Errorf("wait: %v, want %v", err, stores.ErrClosed)
					}
				}
			})
		}},
		{"close while others append and read harms nobody", func(h *harness) {
			const writers = 4
			ended := make(chan stores.Outcome)
			for w := range writers {
				go func() {
					for {
						c := h.commit(entity("counter", fmt.Sprint(w)), "1")
						if r := h.append(c)[0]; r.Outcome != stores.Applied {
							ended <- r.Outcome
							return
						}
						if _, err := h.log.Heads(h.ctx, []stores.EntityID{c.Entity}); err != nil && !errors.Is(err, stores.ErrClosed) {
							h.Errorf("heads: %v", err)
						}
					}
				}()
			}
			for h.sum() < 50 {
				if err := h.ctx.Err(); err != nil {
					h.Fatal("the appends do not get on")
				}
			}
			h.closed = true
			if err := h.log.Close(); err != nil {
				h.Errorf("close: %v", err)
			}
			h.within("append to a closed log", func() {
				for range writers {
					if o := <-ended; o != stores.Refused {
						h.Errorf("an append while the log closes is %s, want applied or refused", o)
					}
				}
			})
		}},
	}
}

// sum is the number of events applied so far.
func (h *harness) sum() (n uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, seq := range h.seqs {
		n += seq
	}
	return n
}

// askAll asks the log, whose head is given, everything and returns the errors.
func (h *harness) askAll(ctx context.Context, head stores.Position) map[string]error {
	errs := make(map[string]error)
	ids := []stores.EntityID{entity("counter", "a")}
	_, errs["heads"] = h.log.Heads(ctx, ids)
	_, errs["read"] = gather(h.log.Read(ctx, ids[0], 0))
	_, errs["scan"] = gather(h.log.Scan(ctx, stores.Query{}))
	_, errs["head"] = h.log.Head(ctx)
	_, errs["kinds"] = h.log.Kinds(ctx, "counter")
	errs["entities"] = nil
	for _, err := range h.log.Entities(ctx, "counter", "") {
		errs["entities"] = err
	}
	errs["wait"] = h.log.Wait(ctx, head)
	return errs
}
