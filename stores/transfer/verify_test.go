package transfer_test

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
	"github.com/eshost/eshost/stores/transfer"
)

func TestAWholeStoreIsVerifiedAndCounted(t *testing.T) {
	for name, e := range map[string]engine{"memory": memory(t), "pebble": pebble(t)} {
		w := filled(t, e, 3000)
		r, err := transfer.Verify(t.Context(), whole(e), nil)
		if err != nil || !r.OK() || r.Written || r.Blobs != 2 || r.Counts.Entities != 50 || r.Counts.Commits != 3000 || r.Counts.Events != int64(w.events) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		counts, err := transfer.Count(t.Context(), e, nil)
		if err != nil || counts.Checksum != r.Counts.Checksum || counts.Commands != 3000 || counts.Plugins != 3 || counts.Last.UnixMilli() != w.clock {
			t.Errorf("%s: %+v, %v", name, counts, err)
		}
		if len(counts.Types) != 3 || counts.Types[0].Type != "_deployments" || counts.Types[0].Entities+counts.Types[1].Entities+counts.Types[2].Entities != 50 {
			t.Errorf("%s: types %+v", name, counts.Types)
		}
	}
}

// broken is a log that shows something else than it holds.
type broken struct {
	*memstore.Store
	scan  func(*stores.Record) bool
	read  func(*stores.Record) bool
	head  func(*stores.Head)
	kinds func([]stores.Kind) []stores.Kind
}

func filter(seq iter.Seq2[*stores.Record, error], keep func(*stores.Record) bool) iter.Seq2[*stores.Record, error] {
	return func(yield func(*stores.Record, error) bool) {
		for rec, err := range seq {
			if err == nil && keep != nil && !keep(rec) {
				continue
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}

func (b *broken) Scan(ctx context.Context, q stores.Query) iter.Seq2[*stores.Record, error] {
	return filter(b.Store.Scan(ctx, q), b.scan)
}

func (b *broken) Read(ctx context.Context, id stores.EntityID, after uint64) iter.Seq2[*stores.Record, error] {
	return filter(b.Store.Read(ctx, id, after), b.read)
}

func (b *broken) Heads(ctx context.Context, ids []stores.EntityID) ([]stores.Head, error) {
	h, err := b.Store.Heads(ctx, ids)
	for i := range h {
		if b.head != nil {
			b.head(&h[i])
		}
	}
	return h, err
}

func (b *broken) Kinds(ctx context.Context, typ string) ([]stores.Kind, error) {
	k, err := b.Store.Kinds(ctx, typ)
	if b.kinds != nil {
		k = b.kinds(k)
	}
	return k, err
}

func TestWhatIsBrokenIsFound(t *testing.T) {
	nth := func(n int) func(*stores.Record) bool {
		return func(*stores.Record) bool { n--; return n != 0 }
	}
	for name, test := range map[string]struct {
		b    broken
		want string
	}{
		"a commit that the feed lacks":       {broken{scan: nth(50)}, "does not hold the same as the streams"},
		"a commit that a stream lacks":       {broken{read: func(r *stores.Record) bool { return r.Expected == 0 || r.Seq() > 4 }}, "comes a commit that begins at"},
		"a stream that ends early":           {broken{read: func(r *stores.Record) bool { return r.Seq() < 5 }}, "its head is"},
		"a head below its stream":            {broken{head: func(h *stores.Head) { h.Seq-- }}, "its head is"},
		"a head with another token":          {broken{head: func(h *stores.Head) { h.Token += "x" }}, "the token of its head is"},
		"a blob that is listed, and missing": {broken{}, "it is listed, and not there"},
		"a head that is not there":           {broken{head: func(h *stores.Head) { h.Seq++ }}, "its head is"},
		"a feed that shows other bytes":      {broken{scan: func(r *stores.Record) bool { r.Flags = 7; return true }}, "does not hold the same as the streams"},
		"a kind that is not listed":          {broken{kinds: func(k []stores.Kind) []stores.Kind { return slices.Delete(k, 1, 2) }}, "is in the log, and not among them"},
		"a feed that ends before the head":   {broken{scan: func(r *stores.Record) bool { return r.Time.UnixMilli() < 1763892002000 }}, "the head of the log is"},
		"a commit without events in between": {broken{read: func(r *stores.Record) bool { r.Events = nil; return true }}, "has no events"},
	} {
		t.Run(name, func(t *testing.T) {
			test.b.Store = memory(t)
			filled(t, test.b.Store, 200)
			var blobs stores.BlobStore = test.b.Store
			if strings.HasPrefix(name, "a blob") {
				blobs = gone{blobs}
			}
			r, err := transfer.Verify(t.Context(), transfer.Store{Log: &test.b, Blobs: blobs}, nil)
			if err != nil || r.OK() || !slices.ContainsFunc(r.Problems, func(p transfer.Problem) bool { return strings.Contains(p.What, test.want) }) {
				t.Errorf("%+v, %v, want %q", r, err, test.want)
			}
		})
	}
}

// gone are blobs that are listed, and lost.
type gone struct{ stores.BlobStore }

func (gone) Blob(context.Context, stores.Digest) ([]byte, error) { return nil, stores.ErrNotFound }

func TestALogThatIsWrittenToMeanwhileIsNotCalledBroken(t *testing.T) {
	m := memory(t)
	w := filled(t, m, 100)
	b := &broken{Store: m, kinds: func(k []stores.Kind) []stores.Kind { w.fill(10, 60); return k }}
	r, err := transfer.Verify(t.Context(), transfer.Store{Log: b, Blobs: m}, nil)
	if err != nil || !r.OK() || !r.Written {
		t.Errorf("%+v, %v", r, err)
	}
}
