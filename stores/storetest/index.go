package storetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eshost/eshost/stores"
)

// indexCases are about Heads, Entities and Kinds.
func indexCases() []testCase {
	return []testCase{
		{"heads come in the order asked for, zero for the unknown", func(h *harness) {
			a, b, c := entity("counter", "a"), entity("counter", "b"), entity("order", "a")
			h.fill(a, []string{"1"}, []string{"2", "3"})
			last := h.fill(b, []string{"1"})
			none := stores.Head{}
			for i, head := range h.heads(entity("counter", "none"), b, a, entity("none", "a"), c, b) {
				want := []stores.Head{none, {Seq: 1, Token: last[0].Head}, {Seq: 3, Token: h.tokens[a]}, none, none, {Seq: 1, Token: last[0].Head}}[i]
				if head != want {
					h.Errorf("head %d is %+v, want %+v", i, head, want)
				}
			}
			h.heads()
		}},
		{"heads of thousands of entities come in one call", func(h *harness) {
			ids := make([]stores.EntityID, 5000)
			for n := range ids {
				ids[n] = entity("counter", fmt.Sprint("id", n))
			}
			var commits []stores.Commit
			for n := 0; n < len(ids); n += 50 {
				commits = append(commits, h.commit(ids[n], "1", "2"))
			}
			for part := range slices.Chunk(commits, min(len(commits), h.log.Info().AppendCommits)) {
				h.want(stores.Applied, part...)
			}
			for n, head := range h.heads(ids...) {
				if want := map[bool]uint64{true: 2}[n%50 == 0]; head.Seq != want {
					h.Fatalf("the head of %s is %d, want %d", ids[n], head.Seq, want)
				}
			}
		}},
		{"entities come in byte order, each once, after the id given", func(h *harness) {
			ids := []string{" ", "!", "-", "0", "1", "10", "2", "A", "a", "a b", "a.b", "a/b", "aa", "ab", "b", "z", "~", "\u00a0", "ä", "€", "\uffee", "𝄞", "💥", "💥💥"}
			for _, n := range []int{5, 3, 11} { // in some other order, and several commits each
				for i := range ids {
					id := entity("order", ids[(i*n+n)%len(ids)])
					h.fill(id, []string{"x"})
				}
			}
			for _, typ := range []string{"orde", "order-line", "order.x", "orders", "ordera"} {
				h.fill(entity(typ, "other"), []string{"x"})
			}
			if !slices.IsSorted(ids) {
				h.Fatal("the case is wrong: its ids are not in byte order")
			}
			check := func(after string, want []string) {
				h.Helper()
				var got []string
				for _, id := range h.entities("order", after) {
					got = append(got, strings.TrimPrefix(id.String(), "order/"))
				}
				if !slices.Equal(got, want) {
					h.Errorf("entities after %q are %q, want %q", after, got, want)
				}
			}
			for i, id := range ids {
				check(id, ids[i+1:])
			}
			check("", ids)
			check("a!", ids[slices.Index(ids, "a.b"):])
			check("a.", ids[slices.Index(ids, "a.b"):])
			check("💥💥💥", nil)
			if got := h.entities("none", ""); len(got) != 0 {
				h.Errorf("a type that is not there has %v", got)
			}
		}},
		{"entities can be listed in pages", func(h *harness) {
			var want []stores.EntityID
			for n := range 57 {
				id := entity("counter", fmt.Sprintf("id%03d", n))
				h.fill(id, []string{"1"}, []string{"2"})
				want = append(want, id)
			}
			var got []stores.EntityID
			for after := ""; ; {
				n := 0
				for id, err := range h.log.Entities(h.ctx, "counter", after) {
					if err != nil {
						h.Fatal(err)
					}
					got, after = append(got, id), id.ID
					if n++; n == 10 {
						break
					}
				}
				if n < 10 || len(got) > len(want)+10 { // or the pages never end
					break
				}
			}
			if !slices.Equal(got, want) {
				h.Errorf("the pages make %v", got)
			}
		}},
		{"kinds are sorted, each once, and lack none that was written", func(h *harness) {
			id := entity("order", "a")
			var all []stores.Kind
			for n := range 40 {
				c := h.commit(id)
				for e := range 3 {
					k := stores.Kind{Name: []string{"placed", "paid", "shipped", "a", "paid-back"}[(n+e)%5], Version: uint32(n*e%5) * 100}
					c.Events = append(c.Events, stores.Event{Name: k.Name, Version: k.Version})
					all = append(all, k)
				}
				h.want(stores.Applied, c)
			}
			other := h.commit(entity("order-line", "a"))
			other.Events = []stores.Event{{Name: "foreign", Version: 1}}
			h.want(stores.Applied, other)
			slices.SortFunc(all, stores.Kind.Compare)
			all = slices.Compact(all)
			if got := h.kinds("order"); !slices.Equal(got, all) {
				h.Errorf("kinds of order are %v, want %v", got, all)
			}
			if got := h.kinds("order-line"); len(got) != 1 || got[0].Name != "foreign" {
				h.Errorf("kinds of order-line are %v", got)
			}
			for _, typ := range []string{"orde", "order-", "order-line-x"} {
				if got := h.kinds(typ); len(got) != 0 {
					h.Errorf("kinds of %s, which is not there, are %v", typ, got)
				}
			}
		}},
	}
}

// idCases are about ids that engines must encode.
func idCases() []testCase {
	return []testCase{{"odd ids are entities like others, each apart from the rest", func(h *harness) {
		long := strings.Repeat("x", stores.MaxIDBytes)
		odd := []string{".", "..", "...", "a.b", "a.b.c", "*", "a*", ">", "a.>", " ", "a b", "  ", "/", "a/b", "//", "../a", `\`, `"`, "'", "' OR 1=1 --", "%", "%2F", "%00", "?", "#", "$", "&=", "{}", "\ufffd",
			"a", "A", "aa", "a.", "ab", "-", "_", "_a", "0", "00", "é", "e\u0301", "💥", "👩‍👩‍👧", "日本語", long, long[1:], long[2:] + "/", strings.Repeat("é", stores.MaxIDBytes/2), strings.Repeat("💥", stores.MaxIDBytes/4)}
		types := []string{"order", "order.x", "o", strings.Repeat("t", stores.MaxNameBytes), "_order"}
		want := make(map[stores.EntityID][]*stores.Record)
		for round := range 2 {
			for _, typ := range types {
				for _, id := range odd {
					e := entity(typ, id)
					if err := e.Validate(); err != nil {
						h.Fatalf("the case is wrong: %v", err)
					}
					want[e] = append(want[e], h.fill(e, slices.Repeat([]string{typ + "/" + id}, 1+round))...)
				}
			}
		}
		for id, records := range want {
			h.same("read "+id.String(), h.read(id, 0), records)
			h.same("read after 1 "+id.String(), h.read(id, 1), records[1:])
			if head := h.heads(id)[0]; head != (stores.Head{Seq: 3, Token: records[1].Head}) {
				h.Errorf("the head of %s is %+v", id, head)
			}
		}
		slices.Sort(odd)
		for _, typ := range types {
			var got []string
			for _, id := range h.entities(typ, "") {
				got = append(got, id.ID)
			}
			if !slices.Equal(got, odd) {
				h.Errorf("entities of %s are %q, want %q", typ, got, odd)
			}
			if n := len(h.scan(stores.Query{Type: typ})); n != 2*len(odd) {
				h.Errorf("the feed of %s has %d records, want %d", typ, n, 2*len(odd))
			}
		}
	}}}
}
