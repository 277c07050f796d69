package transfer_test

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"sync/atomic"
	"testing"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
	"github.com/eshost/eshost/stores/pebblestore"
	"github.com/eshost/eshost/stores/transfer"
)

// hasty is a log that many append to at once, a few commits at a time, each of which takes its time: it has them in an order that
// is not the source's. It ends with its process after some of them, in the middle of all the others.
type hasty struct {
	*memstore.Store
	left atomic.Int64
	end  context.CancelFunc
}

func (h *hasty) Info() stores.Info {
	i := h.Store.Info()
	i.Concurrency, i.AppendCommits = 8, 3
	return i
}

func (h *hasty) Append(ctx context.Context, f stores.Fence, commits []stores.Commit) []stores.Result {
	for range rand.IntN(5) {
		if h.left.Add(-1) == 0 {
			h.end()
		}
	}
	if h.left.Load() <= 0 && rand.IntN(2) == 0 {
		return make([]stores.Result, len(commits))
	}
	return h.Store.Append(context.WithoutCancel(ctx), f, commits)
}

func TestACopyThatManyStoreAtOnceGoesOn(t *testing.T) {
	source, target := memory(t), memory(t)
	filled(t, source, 3000)
	kills := 0
	for {
		ctx, cancel := context.WithCancel(t.Context())
		h := &hasty{Store: target, end: cancel}
		h.left.Store(300)
		out, err := transfer.Copy(ctx, whole(source), transfer.Store{Log: h, Blobs: target, Checkpoints: target}, nil)
		cancel()
		if err == nil {
			if out.Commits != 3000 || !out.Resumed {
				t.Errorf("in the end: %+v", out)
			}
			break
		}
		if kills++; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if kills < 3 {
		t.Errorf("it was killed %d times", kills)
	}
	same(t, source, target)
	if out, err := transfer.Copy(t.Context(), whole(source), whole(target), nil); err != nil || out.Moved != 0 {
		t.Errorf("again: %+v, %v", out, err)
	}
}

func TestACopyDoesNotGoOnFromASourceThatWentApart(t *testing.T) {
	dir := t.TempDir()
	source, target := pebble(t), memory(t)
	w := filled(t, source, 300)
	if err := source.Backup(t.Context(), filepath.Join(dir, "backup")); err != nil {
		t.Fatal(err)
	}
	backup, err := pebblestore.Open(filepath.Join(dir, "backup"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer backup.Close()
	w.write(stores.EntityID{Type: "counter", ID: "only in the source"})
	w.fill(100, 50)
	copied(t, source, target)
	before := records(t, target)
	apart := newWriter(t, backup)
	apart.r = rand.New(rand.NewPCG(3, 4))
	for range 500 {
		apart.write(stores.EntityID{Type: "counter", ID: "only in the backup"})
	}
	if _, err := transfer.Copy(t.Context(), whole(backup), whole(target), nil); !errors.Is(err, transfer.ErrNotACopy) {
		t.Errorf("%v, want %v", err, transfer.ErrNotACopy)
	}
	if !reflect.DeepEqual(records(t, target), before) {
		t.Error("it has written to the target")
	}
	copied(t, source, target)
}

// watched is a target whose reader is told when its entities are listed, which is while it is compared.
type watched struct {
	*memstore.Store
	listed func()
}

func (w *watched) Entities(ctx context.Context, typ, after string) iter.Seq2[stores.EntityID, error] {
	w.listed()
	return w.Store.Entities(ctx, typ, after)
}

func TestASourceThatIsWrittenToWhileItIsComparedDoesNotDiffer(t *testing.T) {
	for left, want := range map[int]error{1: nil, 1000: transfer.ErrWritten} {
		source, target := memory(t), memory(t)
		w := filled(t, source, 100)
		l := &watched{target, func() {
			if left--; left >= 0 {
				w.fill(20, 5)
			}
		}}
		_, err := transfer.Copy(t.Context(), whole(source), transfer.Store{Log: l, Blobs: target, Checkpoints: target}, nil)
		if !errors.Is(err, want) || errors.Is(err, transfer.ErrDiffers) {
			t.Errorf("%v, want %v", err, want)
		}
		if unfinished, e := transfer.Unfinished(t.Context(), target); e != nil || unfinished != (err != nil) {
			t.Errorf("unfinished: %v, %v", unfinished, e)
		}
		copied(t, source, target)
		same(t, source, target)
	}
}
