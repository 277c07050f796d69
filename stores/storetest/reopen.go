package storetest

import (
	"fmt"
	"slices"

	"github.com/eshost/eshost/stores"
)

// reopenCases are for stores that outlive their process.
func reopenCases() []testCase {
	a := entity("counter", "a")
	return []testCase{
		{"everything is there after the log was opened again", func(h *harness) {
			all := h.mixed()
			c := h.everything(entity("_deployments", "now"))
			own := recorded(&c, h.want(stores.Applied, c)[0])
			info, head := h.log.Info(), h.head()
			for range 2 {
				h.reopen()
				if again := h.log.Info(); again != info {
					h.Errorf("info was %+v and is %+v", info, again)
				}
				if p := h.head(); p != head {
					h.Errorf("the head was %s and is %s", head, p)
				}
				h.same("scan", h.scan(stores.Query{}), all)
				h.same("scan with system", h.scan(stores.Query{System: true}), append(slices.Clip(all), own))
				for i, r := range all {
					h.same("scan after "+r.Place.String(), h.scan(stores.Query{After: r.Place}), all[i+1:])
				}
				Verify(h, h.log)
			}
		}},
		{"a duplicate is known after the log was opened again, and a conflict too", func(h *harness) {
			one := h.commit(a, "1", "2")
			first := h.want(stores.Applied, one)[0]
			two := h.commit(a, "3")
			second := h.want(stores.Applied, two)[0]
			h.reopen()
			h.sameResult(h.want(stores.Duplicate, two)[0], second)
			h.sameResult(h.want(stores.Duplicate, one)[0], first)
			h.want(stores.Conflict, at(h.commit(a, "x"), 0))
			h.want(stores.Conflict, at(h.commit(a, "x"), 2))
			h.want(stores.Conflict, at(h.commit(a, "x"), 4))
			h.fill(a, []string{"4"})
			if head := h.heads(a)[0]; head.Seq != 4 {
				h.Errorf("the head is %d, want 4", head.Seq)
			}
		}},
		{"appends go on where they were, with new plugins, kinds and entities", func(h *harness) {
			var all []*stores.Record
			for round := range 4 {
				for n := range 5 {
					c := h.commit(entity("counter", fmt.Sprint("id", n%(round+1))), "1")
					c.Plugin = stores.Digest{byte(round), byte(n)}
					c.Events[0].Version = uint32(round)
					all = append(all, recorded(&c, h.want(stores.Applied, c)[0]))
				}
				h.reopen()
				h.same("scan", h.scan(stores.Query{}), all)
				if n := len(h.kinds("counter")); n != round+1 {
					h.Errorf("%d kinds, want %d", n, round+1)
				}
			}
		}},
		{"opening an empty log again changes nothing", func(h *harness) {
			id := h.log.Info().ID
			h.reopen()
			if again := h.log.Info().ID; again != id {
				h.Errorf("the log's id was %x and is %x", id, again)
			}
			h.fill(a, []string{"1"})
		}},
	}
}
