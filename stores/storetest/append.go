package storetest

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/eshost/eshost/stores"
)

func infoCases() []testCase {
	return []testCase{
		{"info says what the log is", func(h *harness) {
			i := h.log.Info()
			if i.Name == "" || i.ID == (stores.LogID{}) || i.DurabilityIs == "" || i.MaxCommit < 1 || i.Concurrency < 1 || i.AppendCommits < 1 || i.AppendBytes < 1 {
				h.Errorf("a field is empty: %+v", i)
			}
			if volatile := i.Durability == stores.Volatile; volatile != (h.f.Reopen == nil) {
				h.Errorf("durability is level %d (%s), but can be opened again: %v", i.Durability, i.DurabilityIs, h.f.Reopen != nil)
			}
			if again := h.log.Info(); again != i {
				h.Errorf("info changes: %+v, then %+v", i, again)
			}
		}},
		{"two logs have two ids", func(h *harness) {
			other := h.f.Open(h)
			defer other.close()
			if a, b := h.log.Info().ID, other.Log.Info().ID; a == b {
				h.Errorf("both are %x", a)
			}
		}},
		{"an empty log is empty", func(h *harness) {
			if p := h.head(); !p.IsZero() {
				h.Errorf("its head is %s", p)
			}
			h.same("scan", h.scan(stores.Query{System: true}), nil)
			h.same("read", h.read(entity("counter", "a"), 0), nil)
			if ids, kinds := h.entities("counter", ""), h.kinds("counter"); len(ids) != 0 || len(kinds) != 0 {
				h.Errorf("entities %v, kinds %v", ids, kinds)
			}
			if r := h.append(); len(r) != 0 {
				h.Errorf("an append of nothing gives %v", r)
			}
		}},
		{"as many commits as info allows go in at once", func(h *harness) {
			i := h.log.Info()
			commits := make([]stores.Commit, min(i.AppendCommits, 1<<14))
			for n := range commits {
				commits[n] = h.commit(entity("counter", fmt.Sprint(n)), "1")
			}
			h.want(stores.Applied, commits...)
			if i.Concurrency < 2 {
				return
			}
			var calls sync.WaitGroup
			for n := range i.Concurrency {
				calls.Go(func() { h.append(h.commit(entity("many", fmt.Sprint(n)), "1")) })
			}
			calls.Wait()
			if n := len(h.entities("many", "")); n != i.Concurrency {
				h.Errorf("of %d appends at once %d are in the log", i.Concurrency, n)
			}
		}},
	}
}

func appendCases() []testCase {
	a, b, c := entity("counter", "a"), entity("counter", "b"), entity("counter", "c")
	return []testCase{
		{"the first event is fenced by expected 0", func(h *harness) {
			first := h.fill(a, []string{"1"})
			second := at(h.commit(a, "other"), 0)
			second.Head = ""
			h.want(stores.Conflict, second)
			h.same("read", h.read(a, 0), first)
		}},
		{"an expected number above the head is a conflict", func(h *harness) {
			for _, n := range []uint64{1, 2, 1 << 40} {
				h.want(stores.Conflict, at(h.commit(a, "x"), n))
			}
			if head := h.heads(a)[0]; head.Seq != 0 {
				h.Errorf("the head is %d", head.Seq)
			}
			all := h.fill(a, []string{"1", "2"})
			for _, n := range []uint64{3, 4, 1 << 40} {
				h.want(stores.Conflict, at(h.commit(a, "x"), n))
			}
			h.same("read", h.read(a, 0), all)
		}},
		{"an expected number below the head is a conflict, in the middle of a commit too", func(h *harness) {
			all := h.fill(a, []string{"1", "2", "3"}, []string{"4"})
			for n := range uint64(4) {
				h.want(stores.Conflict, at(h.commit(a, "x"), n))
			}
			h.same("read", h.read(a, 0), all)
			h.same("scan", h.scan(stores.Query{}), all)
		}},
		{"after a conflict the right number is applied", func(h *harness) {
			all := h.fill(a, []string{"1"})
			h.want(stores.Conflict, at(h.commit(a, "x"), 0))
			all = append(all, h.fill(a, []string{"2"})...)
			h.same("read", h.read(a, 0), all)
		}},
		{"the same events under another commit id are a conflict", func(h *harness) {
			one := h.commit(a, "1")
			h.want(stores.Applied, one)
			two := one
			two.ID[0]++
			h.want(stores.Conflict, two)
		}},
		{"numbers are gapless over commits of all sizes", func(h *harness) {
			var all []*stores.Record
			for n := range 12 {
				all = append(all, h.fill(a, strings.Split(strings.Repeat("x", n+1), ""))...)
			}
			h.same("read", h.read(a, 0), all)
			if head := h.heads(a)[0]; head.Seq != 78 {
				h.Errorf("the head is %d, want 78", head.Seq)
			}
		}},
		{"one commit's conflict never fails the others", func(h *harness) {
			h.fill(b, []string{"1"})
			commits := []stores.Commit{h.commit(a, "1"), at(h.commit(b, "x"), 0), h.commit(c, "1", "2"), at(h.commit(entity("order", "a"), "x"), 7), h.commit(entity("order", "b"), "1")}
			h.results(h.append(commits...), commits, []stores.Outcome{stores.Applied, stores.Conflict, stores.Applied, stores.Conflict, stores.Applied})
			for i, head := range h.heads(a, b, c, entity("order", "a"), entity("order", "b")) {
				if want := []uint64{1, 1, 2, 0, 1}[i]; head.Seq != want {
					h.Errorf("head %d is %d, want %d", i, head.Seq, want)
				}
			}
		}},
		{"the same commit again is a duplicate, with the answer of the first time", func(h *harness) {
			one := h.commit(a, "1", "2")
			first := h.want(stores.Applied, one)[0]
			again := h.want(stores.Duplicate, one)[0]
			h.sameResult(again, first)
			h.fill(a, []string{"3"}, []string{"4", "5"})
			h.sameResult(h.want(stores.Duplicate, one)[0], first)
			fresh := h.commit(b, "1")
			results := h.append(fresh, one)
			h.results(results, []stores.Commit{fresh, one}, []stores.Outcome{stores.Applied, stores.Duplicate})
			h.sameResult(results[1], first)
			if n := len(h.scan(stores.Query{})); n != 4 {
				h.Errorf("the log holds %d records, want 4", n)
			}
		}},
		{"what was applied is there for everyone", func(h *harness) {
			for n := range 20 {
				c := h.commit(a, fmt.Sprint(n))
				r := h.want(stores.Applied, c)[0]
				if head := h.heads(a)[0]; head != (stores.Head{Seq: c.Seq(), Token: r.Head}) {
					h.Fatalf("the head is %+v, want %d and %q", head, c.Seq(), r.Head)
				}
				if p := h.head(); p != r.Place {
					h.Fatalf("the head of the log is %s, want %s", p, r.Place)
				}
				want := []*stores.Record{recorded(&c, r)}
				h.same("read", h.read(a, c.Expected), want)
				h.same("scan", h.scan(stores.Query{})[n:], want)
			}
		}},
		{"appends of different entities at the same time are all applied", func(h *harness) {
			var writers sync.WaitGroup
			for w := range 8 {
				writers.Go(func() {
					for n := range 40 {
						id := entity("counter", fmt.Sprint("w", w, ".", n%5))
						c := h.commit(id, "1", "2")
						if r := h.append(c)[0]; r.Outcome != stores.Applied {
							h.Errorf("append to %s with %d expected: %s (%v)", id, c.Expected, r.Outcome, r.Err)
							return
						}
					}
				})
			}
			h.within("append from 8 goroutines", writers.Wait)
			if n := len(h.scan(stores.Query{})); n != 320 {
				h.Errorf("the log holds %d records, want 320", n)
			}
		}},
	}
}

// raceCases are for stores that others may write to: those decide between two writers.
func raceCases() []testCase {
	return []testCase{{"of many writers of one number one is applied", func(h *harness) {
		a := entity("counter", "a")
		for range 25 {
			var commits []stores.Commit
			for w := range 8 {
				commits = append(commits, h.commit(a, fmt.Sprint(w)))
			}
			outcomes := make([]stores.Outcome, len(commits))
			var writers sync.WaitGroup
			for w := range commits {
				writers.Go(func() { outcomes[w] = h.append(commits[w])[0].Outcome })
			}
			h.within("append from 8 goroutines", writers.Wait)
			applied := 0
			for _, o := range outcomes {
				if o == stores.Applied {
					applied++
				} else if o != stores.Conflict {
					h.Fatalf("a writer is told %s", o)
				}
			}
			if applied != 1 {
				h.Fatalf("%d of 8 are applied", applied)
			}
		}
	}}}
}

func fenceCases() []testCase {
	a := entity("counter", "a")
	all := stores.SliceRange{From: 0, To: stores.Slices}
	return []testCase{
		{"a fence of an older epoch writes nothing", func(h *harness) {
			h.outcomeFenced(stores.Fence{Slices: all, Epoch: 5}, h.commit(a, "1"), stores.Applied)
			h.outcomeFenced(stores.Fence{Slices: all, Epoch: 5}, h.commit(a, "2"), stores.Applied)
			h.outcomeFenced(stores.Fence{Slices: all, Epoch: 4}, h.commit(a, "x"), stores.Fenced)
			h.outcomeFenced(stores.Fence{Slices: all, Epoch: 6}, h.commit(a, "3"), stores.Applied)
			h.outcomeFenced(stores.Fence{Slices: all, Epoch: 5}, h.commit(a, "x"), stores.Fenced)
			h.outcomeFenced(stores.Fence{}, h.commit(a, "4"), stores.Applied)
			if n := len(h.read(a, 0)); n != 4 {
				h.Errorf("the log holds %d records, want 4", n)
			}
		}},
		{"a fence holds for its slices alone", func(h *harness) {
			s := a.Slice()
			here := stores.SliceRange{From: s, To: s + 1}
			elsewhere := stores.SliceRange{From: (s + 1) % stores.Slices, To: (s+1)%stores.Slices + 1}
			b := entity("counter", "b")
			for n := 0; !elsewhere.Contains(b.Slice()); n++ {
				b.ID = fmt.Sprint("b", n)
			}
			h.outcomeFenced(stores.Fence{Slices: elsewhere, Epoch: 9}, h.commit(b, "1"), stores.Applied)
			h.outcomeFenced(stores.Fence{Slices: here, Epoch: 2}, h.commit(a, "1"), stores.Applied)
			h.outcomeFenced(stores.Fence{Slices: here, Epoch: 9}, h.commit(b, "x"), stores.Fenced)
			h.outcomeFenced(stores.Fence{Slices: all, Epoch: 8}, h.commit(b, "x"), stores.Fenced)
		}},
		{"what is in the log is a duplicate for a fenced writer too", func(h *harness) {
			one := h.commit(a, "1")
			h.outcomeFenced(stores.Fence{Slices: all, Epoch: 1}, one, stores.Applied)
			h.outcomeFenced(stores.Fence{Slices: all, Epoch: 2}, h.commit(a, "2"), stores.Applied)
			h.outcomeFenced(stores.Fence{Slices: all, Epoch: 1}, one, stores.Duplicate)
		}},
	}
}

func (h *harness) outcomeFenced(f stores.Fence, c stores.Commit, want stores.Outcome) {
	h.Helper()
	h.outcome(&c, h.appendFenced(f, c)[0], want)
}

func (h *harness) results(got []stores.Result, commits []stores.Commit, want []stores.Outcome) {
	h.Helper()
	for i := range got {
		h.outcome(&commits[i], got[i], want[i])
	}
}

// sameResult compares the places and tokens of a commit's two answers.
func (h *harness) sameResult(got, want stores.Result) {
	h.Helper()
	if want.Outcome = got.Outcome; !reflect.DeepEqual(got, want) {
		h.Errorf("the answer is %+v, want %+v", got, want)
	}
}
