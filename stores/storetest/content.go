package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/eshost/eshost/stores"
)

// contentCases are about what a record holds.
func contentCases() []testCase {
	a := entity("counter", "a")
	return []testCase{
		{"all of a commit comes back", func(h *harness) {
			c := h.everything(a)
			r := h.want(stores.Applied, c)[0]
			want := []*stores.Record{recorded(&c, r)}
			h.same("read", h.read(a, 0), want)
			h.same("scan", h.scan(stores.Query{}), want)
			plain := h.commit(a) // the second commit, with what may be left out left out
			plain.Events, plain.Plugin, plain.Time = []stores.Event{{Name: "reset", Version: 1}}, stores.Digest{}, time.UnixMilli(0).UTC()
			r = h.want(stores.Applied, plain)[0]
			want = append(want, recorded(&plain, r))
			h.same("read", h.read(a, 0), want)
		}},
		{"plugins are told apart", func(h *harness) {
			var want []*stores.Record
			for n := range 300 {
				c := h.commit(a, "1")
				c.Plugin = stores.Digest{byte(n % 7), 31: byte(n % 3)}
				want = append(want, recorded(&c, h.want(stores.Applied, c)[0]))
			}
			h.same("read", h.read(a, 0), want)
		}},
		{"a commit of 2,000 events comes back whole", func(h *harness) {
			c := h.commit(a)
			for n := range 2000 {
				c.Events = append(c.Events, stores.Event{Name: fmt.Sprint("e", n%30), Version: uint32(n % 4), Payload: fmt.Append(nil, n)})
				c.Commands = append(c.Commands, stores.CommandRecord{ID: fmt.Sprint("id", n), Print: uint64(n), Name: "increase", Events: 1, Seq: uint64(n) + 1})
			}
			want := []*stores.Record{recorded(&c, h.want(stores.Applied, c)[0])}
			h.same("read", h.read(a, 0), want)
			h.same("read after 1,999", h.read(a, 1999), want)
			h.same("read after 2,000", h.read(a, 2000), nil)
			h.same("scan after the 1,999th event", h.scan(stores.Query{After: want[0].Position(1998)}), want)
			h.same("scan after the last event", h.scan(stores.Query{After: want[0].Position(1999)}), nil)
		}},
		{"a payload of a megabyte comes back whole", func(h *harness) {
			size := min(1<<20, h.log.Info().MaxCommit/4)
			c := h.commit(a, "x", "y")
			c.Events[0].Payload = bytes.Repeat([]byte("0123456789abcdef"), size/16)
			c.Commands[1].Reply = bytes.Repeat([]byte{0}, size)
			want := []*stores.Record{recorded(&c, h.want(stores.Applied, c)[0])}
			want = append(want, h.fill(a, []string{"after"})...)
			h.same("read", h.read(a, 0), want)
		}},
		{"a commit that is too large fails alone and leaves no trace", func(h *harness) {
			limit := h.log.Info().MaxCommit
			if limit > 64<<20 {
				h.Fatalf("the log takes commits of %d bytes; open it with a lower limit for this test", limit)
			}
			huge, b := h.commit(a, "x"), entity("counter", "b")
			huge.Events[0].Payload = make([]byte, limit+1)
			commits := []stores.Commit{h.commit(b, "1"), huge}
			results := h.append(commits...)
			h.results(results, commits, []stores.Outcome{stores.Applied, stores.TooLarge})
			if err := results[1].Err; !errors.Is(err, stores.ErrTooLarge) {
				h.Errorf("the error is %v", err)
			}
			h.same("read", h.read(a, 0), nil)
			h.same("read after", h.read(a, 0), nil)
			want := h.fill(a, []string{"small"})
			h.same("read", h.read(a, 0), want)
		}},
		{"the log does not keep the bytes it is given, and does not change them", func(h *harness) {
			c := h.everything(a)
			before := c.Clone()
			r := h.want(stores.Applied, c)[0]
			if !reflect.DeepEqual(&c, before) {
				h.Errorf("append changed the commit to %+v", c)
			}
			for i := range c.Events {
				e := &c.Events[i]
				spoil(e.Payload)
				e.Name, e.Version = "spoilt", 99
			}
			for i := range c.Commands {
				p := &c.Commands[i]
				spoil(p.Payload)
				spoil(p.Reply)
				if p.Meta != nil {
					p.Meta["principal"] = "spoilt"
				}
				p.Name, p.ID = "spoilt", "spoilt"
			}
			want := []*stores.Record{recorded(before, r)}
			h.same("read", h.read(a, 0), want)
			h.same("scan", h.scan(stores.Query{}), want)
		}},
	}
}

// damageCases are about stored bytes that have changed.
func damageCases() []testCase {
	return []testCase{{"a damaged record is an error that names the place, never an end", func(h *harness) {
		a, b := entity("counter", "a"), entity("counter", "b")
		h.fill(a, []string{"1", "2"}, []string{"3"}, []string{"4"})
		h.fill(b, []string{"1"})
		h.f.DamageRecord(h, h.s, a, 2)
		defer func() { h.closed = true }() // its invariants are broken on purpose
		got, err := gather(h.log.Read(h.ctx, a, 0))
		if len(got) != 1 || !errors.Is(err, stores.ErrCorrupt) {
			h.Errorf("read: %d records and then %v, want 1 and %v", len(got), err, stores.ErrCorrupt)
		}
		var place *stores.EntityError
		if !errors.As(err, &place) || place.Entity != a || place.Seq != 3 {
			h.Errorf("read: the error names another place than %s at 3: %v", a, err)
		}
		if _, err := gather(h.log.Scan(h.ctx, stores.Query{})); !errors.Is(err, stores.ErrCorrupt) {
			h.Errorf("scan ends with %v, want %v", err, stores.ErrCorrupt)
		}
		if err := Check(context.Background(), h.log); !errors.Is(err, stores.ErrCorrupt) {
			h.Errorf("the check of the log says %v, want %v", err, stores.ErrCorrupt)
		}
		if got, err := gather(h.log.Read(h.ctx, b, 0)); len(got) != 1 || err != nil {
			h.Errorf("another entity: %d records and %v", len(got), err)
		}
	}}}
}

// everything returns a commit with every field in use.
func (h *harness) everything(id stores.EntityID) stores.Commit {
	c := h.commit(id, "1", "2", "3")
	c.Plugin = stores.Digest{0: 0xff, 31: 1}
	c.Flags = 0x81
	c.Events[1] = stores.Event{Name: "decreased", Version: 4_000_000_000}
	c.Commands = []stores.CommandRecord{
		{ID: "id *>.💥", Print: 1<<64 - 1, Name: "increase", Payload: []byte("by 1"), Meta: map[string]string{"principal": "ann", "traceparent": "00-1-2-3"}, Events: 2, Seq: c.Expected + 2, Reply: []byte("reply")},
		{Name: "noop", Seq: c.Expected + 2},
		{ID: "x", Name: "decrease", Events: 1, Seq: c.Expected + 3},
	}
	return c
}

func spoil(b []byte) {
	for i := range b {
		b[i] ^= 0xff
	}
}
