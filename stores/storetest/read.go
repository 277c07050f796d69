package storetest

import (
	"fmt"
	"slices"

	"github.com/eshost/eshost/stores"
)

func readCases() []testCase {
	a := entity("counter", "a")
	return []testCase{
		{"an entity is read in order, whatever was written between", func(h *harness) {
			want := make(map[stores.EntityID][]*stores.Record)
			for n := range 60 {
				id := entity("counter", fmt.Sprint(n*7%5))
				want[id] = append(want[id], h.fill(id, slices.Repeat([]string{fmt.Sprint(n)}, 1+n%3))...)
			}
			for id, records := range want {
				h.same("read "+id.String(), h.read(id, 0), records)
			}
		}},
		{"many records are read in order of their numbers", func(h *harness) {
			var want []*stores.Record // past 255, where bytes in a wrong order would show
			for n := range 700 {
				want = append(want, h.fill(a, []string{fmt.Sprint(n)})...)
			}
			h.same("read", h.read(a, 0), want)
			h.same("read after 255", h.read(a, 255), want[255:])
			h.same("read after 256", h.read(a, 256), want[256:])
			h.same("scan", h.scan(stores.Query{}), want)
		}},
		{"a read after a number begins with the record that holds the next one", func(h *harness) {
			want := h.fill(a, []string{"1"}, []string{"2", "3", "4"}, []string{"5", "6"})
			for after, first := range []int{0, 1, 1, 1, 2, 2, 3, 3, 3} {
				h.same(fmt.Sprint("read after ", after), h.read(a, uint64(after)), want[first:])
			}
			h.same("read after the last number there is", h.read(a, 1<<64-1), nil)
		}},
		{"an unknown entity has no records", func(h *harness) {
			h.fill(a, []string{"1"})
			h.same("read", h.read(entity("counter", "aa"), 0), nil)
			h.same("read", h.read(entity("counte", "ra"), 0), nil)
			h.same("read", h.read(entity("order", "a"), 3), nil)
		}},
		{"a clone is good after the step, after the end and after other reads", func(h *harness) {
			c := h.everything(a)
			want := []*stores.Record{recorded(&c, h.want(stores.Applied, c)[0])}
			for n := range 20 {
				want = append(want, h.fill(a, []string{fmt.Sprint(n)})...)
			}
			first, second := h.read(a, 0), h.scan(stores.Query{})
			h.read(a, 3)
			h.same("clones of read", first, want)
			h.same("clones of scan", second, want)
		}},
		{"a sequence can be ranged over again", func(h *harness) {
			want := h.fill(a, []string{"1"}, []string{"2"})
			read, scan := h.log.Read(h.ctx, a, 0), h.log.Scan(h.ctx, stores.Query{})
			for range 2 {
				h.same("read", h.collect("read", read), want)
				h.same("scan", h.collect("scan", scan), want)
			}
		}},
		{"a reader may stop early, and write and read on the way", func(h *harness) {
			want := h.fill(a, []string{"1"}, []string{"2"}, []string{"3"})
			h.within("write while reading", func() {
				for range 50 { // more than any pool of readers
					for range h.log.Read(h.ctx, a, 0) {
						break
					}
					for range h.log.Scan(h.ctx, stores.Query{}) {
						break
					}
					for range h.log.Entities(h.ctx, a.Type, "") {
						break
					}
				}
				n := 0
				for rec, err := range h.log.Scan(h.ctx, stores.Query{Slices: stores.SliceRange{From: a.Slice(), To: a.Slice() + 1}}) {
					if err != nil {
						h.Errorf("scan: %v", err)
						return
					}
					h.fill(entity("other", rec.Place.Commit()), []string{"x"})
					for rec, err := range h.log.Read(h.ctx, a, 2) {
						if err != nil || rec.Expected != 2 {
							h.Errorf("read within a scan: %+v, %v", rec, err)
						}
					}
					if n++; n > 1000 {
						h.Error("the scan goes on for ever")
						return
					}
				}
			})
			h.same("read", h.read(a, 0), want)
		}},
	}
}

// scanCases are about feeds that end at the head.
func scanCases() []testCase {
	return []testCase{
		{"the feed shows every commit once, in order per entity", func(h *harness) {
			all := h.mixed()
			h.same("scan", h.scan(stores.Query{}), all)
		}},
		{"types of eshost's own are hidden unless asked for", func(h *harness) {
			first := h.fill(entity("counter", "a"), []string{"1"})
			own := h.fill(entity("_deployments", "a"), []string{"1"})
			last := h.fill(entity("zebra", "a"), []string{"1"})
			h.same("scan", h.scan(stores.Query{}), slices.Concat(first, last))
			h.same("scan with system", h.scan(stores.Query{System: true}), slices.Concat(first, own, last))
			h.same("scan of the type", h.scan(stores.Query{Type: "_deployments"}), own)
			h.same("scan after a hidden record", h.scan(stores.Query{After: own[0].Place}), last)
			if p := h.head(); p != last[0].Place {
				h.Errorf("the head is %s", p)
			}
			hidden := h.fill(entity("_deployments", "a"), []string{"2"})
			if p := h.head(); p != hidden[0].Place {
				h.Errorf("the head is %s and not that of the hidden record", p)
			}
			h.same("scan after the head", h.scan(stores.Query{After: h.head()}), nil)
		}},
		{"a feed of a type has all of that type and nothing else", func(h *harness) {
			all := h.mixed()
			for _, typ := range append(mixedTypes, "orde", "o", "nothing") {
				h.same("scan of "+typ, h.scan(stores.Query{Type: typ}), only(all, func(r *stores.Record) bool { return r.Entity.Type == typ }))
			}
		}},
		{"ranges of slices share the feed out", func(h *harness) {
			all := h.mixed()
			for _, r := range []stores.SliceRange{{From: 0, To: stores.Slices}, {From: 0, To: 512}, {From: 512, To: 1024}, {From: 1, To: 300}, {From: 1023, To: 1024}, {From: 7, To: 7},
				{From: all[0].Entity.Slice(), To: all[0].Entity.Slice() + 1}} {
				in := func(rec *stores.Record) bool { s := rec.Entity.Slice(); return s >= r.From && s < r.To }
				h.same(fmt.Sprint("scan of ", r), h.scan(stores.Query{Slices: r}), only(all, in))
				h.same(fmt.Sprint("scan of orders in ", r), h.scan(stores.Query{Type: "order", Slices: r}), only(all, func(rec *stores.Record) bool { return in(rec) && rec.Entity.Type == "order" }))
			}
		}},
		{"a feed goes on after any event", func(h *harness) {
			all := h.mixed()
			for i, r := range all {
				for e := range r.Events {
					rest := all[i:]
					if e == len(r.Events)-1 {
						rest = all[i+1:]
					}
					after := r.Position(e)
					h.same("scan after "+after.String(), h.scan(stores.Query{After: after}), rest)
					h.same("scan of a type after "+after.String(), h.scan(stores.Query{Type: "order", After: after}), only(rest, func(r *stores.Record) bool { return r.Entity.Type == "order" }))
					h.same("scan of slices after "+after.String(), h.scan(stores.Query{Slices: stores.SliceRange{From: 0, To: 512}, After: after}), only(rest, func(r *stores.Record) bool { return r.Entity.Slice() < 512 }))
				}
			}
		}},
		{"positions are good as text", func(h *harness) {
			all := h.mixed()
			for i, r := range all {
				p, err := stores.ParsePosition(r.Place.String())
				if err != nil || p != r.Place {
					h.Fatalf("position %q parses to %q, %v", r.Place, p, err)
				}
				h.same("scan", h.scan(stores.Query{After: p}), all[i+1:])
			}
		}},
		{"a feed read in pages is the whole feed", func(h *harness) {
			all := h.mixed()
			for size := 1; size < 6; size++ {
				var got []*stores.Record
				for q := (stores.Query{}); ; {
					n := 0
					for rec, err := range h.log.Scan(h.ctx, q) {
						if err != nil {
							h.Fatal(err)
						}
						got = append(got, normal(rec.Clone()))
						q.After = rec.Place
						if n++; n == size {
							break
						}
					}
					if n < size || len(got) > len(all)+size { // or the pages never end
						break
					}
				}
				h.same(fmt.Sprint("pages of ", size), got, all)
			}
		}},
		{"a position of another log is refused", func(h *harness) {
			h.mixed()
			other := open(h, h.f)
			foreign := other.fill(entity("counter", "a"), []string{"1"}, []string{"2", "3"})
			for _, p := range []stores.Position{foreign[0].Place, foreign[1].Place, foreign[1].Position(0), stores.NewPosition("no.such_place", 0)} {
				h.foreign(p)
			}
		}},
	}
}

// mixedTypes are prefixes of each other and hold what engines set apart.
var mixedTypes = []string{"order", "order-line", "order.x", "order_x", "orders", "order.x.y", "order-"}

// mixed fills the log with commits of entities of similar types, and returns its feed.
func (h *harness) mixed() []*stores.Record {
	h.Helper()
	var all []*stores.Record
	for n := range 42 {
		id := entity(mixedTypes[n%len(mixedTypes)], fmt.Sprint("id", n%9/2))
		all = append(all, h.fill(id, slices.Repeat([]string{fmt.Sprint(n)}, 1+n%4))...)
	}
	return all
}
