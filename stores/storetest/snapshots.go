package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/eshost/eshost/stores"
)

func snapshotCases(f Factory) []testCase {
	a, b := entity("counter", "a"), entity("counter", "b")
	all := []testCase{
		{"a snapshot comes back as it was saved", func(h *harness) {
			s := snapshotOf(a, 7)
			h.save(s)
			h.loads(s)
			plain := &stores.Snapshot{Entity: b, Seq: 1, Time: time.UnixMilli(0).UTC()}
			h.save(plain)
			h.loads(plain, s)
		}},
		{"snapshots come in the order asked for, nil where there is none", func(h *harness) {
			sa, sb := snapshotOf(a, 7), snapshotOf(b, 8)
			h.save(sa, sb)
			h.loads(sb, nil, sa)
			h.loads()
		}},
		{"the highest number stays", func(h *harness) {
			h.save(snapshotOf(a, 7), snapshotOf(a, 9), snapshotOf(a, 8))
			h.loads(snapshotOf(a, 9))
			h.save(snapshotOf(a, 256), snapshotOf(a, 255))
			h.loads(snapshotOf(a, 256))
		}},
		{"at the same number the later one stays, for another plugin may have made it", func(h *harness) {
			s := snapshotOf(a, 7)
			h.save(s)
			s.Plugin[0]++
			s.State = []byte("folded again")
			h.save(s)
			h.loads(s)
		}},
		{"a snapshot of another log takes the place of any", func(h *harness) {
			s := snapshotOf(a, 3)
			s.Log[0]++
			h.save(snapshotOf(a, 7), s)
			h.loads(s)
		}},
		{"entities are told apart by type and id", func(h *harness) {
			var all []*stores.Snapshot
			for n, id := range []stores.EntityID{a, b, entity("order", "a"), entity("order.a", "b"), entity("order", "a.b"), entity("order", "a/b"), entity("order-line", "a"), entity("order", ".."), entity("order", "💥 *>")} {
				all = append(all, snapshotOf(id, uint64(n)+1))
			}
			h.save(all...)
			h.loads(all...)
		}},
		{"a deleted snapshot is gone, and only that one", func(h *harness) {
			h.save(snapshotOf(a, 7), snapshotOf(b, 7))
			for range 2 {
				if err := h.s.Snapshots.Delete(h.ctx, a); err != nil {
					h.Fatalf("delete: %v", err)
				}
			}
			h.loads(nil, snapshotOf(b, 7))
			h.save(snapshotOf(a, 2))
			h.loads(snapshotOf(a, 2))
		}},
		{"a large window and a large state come back", func(h *harness) {
			s := snapshotOf(a, 10_000)
			for n := range 4096 {
				s.Window = append(s.Window, stores.WindowEntry{ID: fmt.Sprint("command ", n), Print: uint64(n), Seq: uint64(n), Events: 1, Time: noon.Add(time.Duration(n) * time.Millisecond), Reply: []byte{byte(n)}})
			}
			s.State = make([]byte, 1<<20)
			h.save(s)
			h.loads(s)
		}},
		{"neither the store nor its callers keep each other's bytes", func(h *harness) {
			s := snapshotOf(a, 7)
			h.save(s)
			spoil(s.State)
			spoil(s.Window[0].Reply)
			got, _, err := h.s.Snapshots.Load(h.ctx, []stores.EntityID{a})
			if err != nil || got[0] == nil {
				h.Fatalf("load: %v, %v", got, err)
			}
			spoil(got[0].State)
			spoil(got[0].Window[0].Reply)
			h.loads(snapshotOf(a, 7))
		}},
		{"a closed or cancelled snapshot store says so", func(h *harness) {
			ended, cancel := context.WithCancel(h.ctx)
			cancel()
			if _, _, err := h.s.Snapshots.Load(ended, []stores.EntityID{a}); !errors.Is(err, context.Canceled) {
				h.Errorf("load in an ended context: %v", err)
			}
			h.closed = true
			for range 2 {
				if err := h.s.Snapshots.Close(); err != nil {
					h.Fatalf("close: %v", err)
				}
			}
			_, _, err := h.s.Snapshots.Load(h.ctx, []stores.EntityID{a})
			for what, err := range map[string]error{"load": err, "save": h.s.Snapshots.Save(h.ctx, snapshotOf(a, 1)), "delete": h.s.Snapshots.Delete(h.ctx, a)} {
				if !errors.Is(err, stores.ErrClosed) {
					h.Errorf("%s: %v, want %v", what, err, stores.ErrClosed)
				}
			}
		}},
	}
	if f.Reopen != nil {
		all = append(all, testCase{"a snapshot saved before the store was closed is there after", func(h *harness) {
			h.save(snapshotOf(a, 7), snapshotOf(b, 9))
			h.reopen()
			h.loads(snapshotOf(a, 7), snapshotOf(b, 9))
			h.save(snapshotOf(a, 6), snapshotOf(b, 10))
			h.loads(snapshotOf(a, 7), snapshotOf(b, 10))
		}})
	}
	if f.DamageSnapshot != nil {
		all = append(all, testCase{"a damaged snapshot fails alone, and can be replaced", func(h *harness) {
			h.save(snapshotOf(a, 7), snapshotOf(b, 7))
			h.f.DamageSnapshot(h, h.s, a)
			snaps, errs, err := h.s.Snapshots.Load(h.ctx, []stores.EntityID{b, a})
			if err != nil || len(snaps) != 2 || len(errs) != 2 {
				h.Fatalf("load: %d snapshots, %d errors, %v", len(snaps), len(errs), err)
			}
			if snaps[1] != nil || !errors.Is(errs[1], stores.ErrCorrupt) {
				h.Errorf("the damaged one: %+v, %v", snaps[1], errs[1])
			}
			if errs[0] != nil || !reflect.DeepEqual(snaps[0], snapshotOf(b, 7)) {
				h.Errorf("the other one: %+v, %v", snaps[0], errs[0])
			}
			h.save(snapshotOf(a, 9))
			h.loads(snapshotOf(a, 9))
		}})
	}
	return all
}

func snapshotOf(id stores.EntityID, seq uint64) *stores.Snapshot {
	return &stores.Snapshot{
		Entity: id, Log: stores.LogID{1, 2, 3}, Seq: seq, Head: "token", Plugin: stores.Digest{4, 5}, StateSchema: "counter/1", Time: noon, State: fmt.Append(nil, id, seq),
		Window: []stores.WindowEntry{{ID: "x", Print: math.MaxUint64, Events: 2, Seq: 1, Time: noon.Add(-time.Hour), Reply: []byte("reply")}, {ID: "y", Seq: 1, Time: noon}},
	}
}

func (h *harness) save(all ...*stores.Snapshot) {
	h.Helper()
	for _, s := range all {
		if err := h.s.Snapshots.Save(h.ctx, s); err != nil {
			h.Fatalf("save snapshot of %s at %d: %v", s.Entity, s.Seq, err)
		}
	}
}

// loads loads the snapshots in one call. Nil stands for an entity that has none:
// the first such is the one that cases delete.
func (h *harness) loads(want ...*stores.Snapshot) {
	h.Helper()
	ids := make([]stores.EntityID, len(want))
	for i, s := range want {
		if ids[i] = entity("counter", "a"); s != nil {
			ids[i] = s.Entity
		} else if len(want) > 2 {
			ids[i] = entity("counter", "none")
		}
	}
	snaps, errs, err := h.s.Snapshots.Load(h.ctx, ids)
	if err != nil || len(snaps) != len(ids) || len(errs) != len(ids) {
		h.Fatalf("load %v: %d snapshots, %d errors, %v", ids, len(snaps), len(errs), err)
	}
	for i := range want {
		if errs[i] != nil || !reflect.DeepEqual(snaps[i], want[i]) {
			h.Errorf("load %s: %v\n got %+v\nwant %+v", ids[i], errs[i], snaps[i], want[i])
		}
	}
}
