package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/eshost/eshost/stores"
)

// liveCases are about feeds that wait for more.
func liveCases() []testCase {
	a := entity("counter", "a")
	return []testCase{
		{"wait returns at once when there is more", func(h *harness) {
			all := h.fill(a, []string{"1", "2"}, []string{"3"})
			h.within("wait", func() {
				for _, p := range []stores.Position{{}, all[0].Position(0), all[0].Place} {
					if err := h.log.Wait(h.ctx, p); err != nil {
						h.Errorf("wait after %q: %v", p, err)
					}
				}
			})
		}},
		{"wait ends with its context", func(h *harness) {
			h.waits(stores.Position{})
			h.fill(a, []string{"1", "2"})
			h.waits(h.head())
		}},
		{"wait never misses an append", func(h *harness) {
			h.within("wait", func() {
				for n := range 300 {
					before := h.head()
					var woken sync.WaitGroup
					for range 3 {
						woken.Go(func() {
							if err := h.log.Wait(h.ctx, before); err != nil {
								h.Errorf("append %d does not end wait: %v", n, err)
							}
						})
					}
					if r := h.append(h.commit(entity("counter", fmt.Sprint(n%7)), "1"))[0]; r.Outcome != stores.Applied {
						h.Errorf("append: %s (%v)", r.Outcome, r.Err)
						return
					}
					if woken.Wait(); h.Failed() {
						return
					}
				}
			})
		}},
		{"scan and wait show each commit exactly once while 8 goroutines append", func(h *harness) {
			const writers, commits = 8, 60
			type reader struct {
				query stores.Query
				last  stores.EntityID // selected by the query, written when the others are done
				seen  map[stores.EntityID]uint64
				n     int
			}
			everyone := stores.SliceRange{From: 0, To: stores.Slices}
			low, high := stores.SliceRange{From: 0, To: 400}, stores.SliceRange{From: 400, To: stores.Slices}
			readers := []*reader{
				{last: inSlices("last", everyone)},
				{query: stores.Query{Type: "odd"}, last: inSlices("odd", everyone)},
				{query: stores.Query{Slices: low}, last: inSlices("low", low)},
				{query: stores.Query{Type: "even", Slices: high}, last: inSlices("even", high)},
			}
			var reading, writing sync.WaitGroup
			for _, r := range readers {
				r.seen = make(map[stores.EntityID]uint64)
				reading.Go(func() {
					for rec, err := range stores.Follow(h.ctx, h.log, r.query) {
						if err != nil {
							h.Errorf("follow %+v: %v", r.query, err)
							return
						}
						if seen := r.seen[rec.Entity]; rec.Expected != seen {
							h.Errorf("follow %+v: a record of %s after %d, seen until %d", r.query, rec.Entity, rec.Expected, seen)
							return
						}
						r.seen[rec.Entity] = rec.Seq()
						if rec.Entity == r.last {
							return
						}
						if !isLast(rec.Entity) {
							r.n++
						}
					}
				})
			}
			for w := range writers {
				writing.Go(func() {
					for n := range commits {
						id := entity([]string{"odd", "even"}[n%2], fmt.Sprint("w", w, "-", n%6))
						if r := h.append(h.commit(id, slices.Repeat([]string{"x"}, 1+n%3)...))[0]; r.Outcome != stores.Applied {
							h.Errorf("append: %s (%v)", r.Outcome, r.Err)
						}
					}
				})
			}
			h.within("append from 8 goroutines", writing.Wait)
			for _, r := range readers {
				h.fill(r.last, []string{"1"})
			}
			h.within("follow", reading.Wait)
			all := only(h.scan(stores.Query{}), func(rec *stores.Record) bool { return !isLast(rec.Entity) })
			for _, r := range readers {
				if want := len(only(all, func(rec *stores.Record) bool {
					return (r.query.Type == "" || r.query.Type == rec.Entity.Type) && r.query.Slices.Contains(rec.Entity.Slice())
				})); r.n != want {
					h.Errorf("following %+v showed %d records of %d", r.query, r.n, want)
				}
			}
			if len(all) != writers*commits {
				h.Errorf("the log holds %d records, %d were applied", len(all), writers*commits)
			}
		}},
	}
}

// inSlices returns an entity of the type in the slices, for which isLast holds.
func inSlices(typ string, in stores.SliceRange) stores.EntityID {
	for n := 0; ; n++ {
		if id := entity(typ, fmt.Sprint("last", n)); in.Contains(id.Slice()) {
			return id
		}
	}
}

func isLast(id stores.EntityID) bool { return strings.HasPrefix(id.ID, "last") }

// waits checks that Wait after the position does not return of itself.
func (h *harness) waits(after stores.Position) {
	h.Helper()
	ctx, cancel := context.WithCancel(h.ctx)
	var started sync.WaitGroup
	ended := make(chan error, 1)
	started.Add(1)
	go func() {
		started.Done()
		ended <- h.log.Wait(ctx, after)
	}()
	started.Wait()
	cancel()
	h.within("wait", func() {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			h.Errorf("wait after the head %q ends with %v, want %v", after, err, context.Canceled)
		}
	})
}

// foreign checks that the position is refused.
func (h *harness) foreign(p stores.Position) {
	h.Helper()
	for _, q := range []stores.Query{{After: p}, {After: p, System: true}, {After: p, Type: "order"}} {
		if got, err := gather(h.log.Scan(h.ctx, q)); len(got) != 0 || !errors.Is(err, stores.ErrPosition) {
			h.Errorf("scan %+v: %d records and %v, want %v", q, len(got), err, stores.ErrPosition)
		}
	}
	h.within("wait", func() {
		if err := h.log.Wait(h.ctx, p); !errors.Is(err, stores.ErrPosition) {
			h.Errorf("wait after %s: %v, want %v", p, err, stores.ErrPosition)
		}
	})
}
