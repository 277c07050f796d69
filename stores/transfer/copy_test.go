package transfer_test

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
	"github.com/eshost/eshost/stores/pebblestore"
	"github.com/eshost/eshost/stores/storetest"
	"github.com/eshost/eshost/stores/transfer"
)

// pebble returns an embedded store.
func pebble(t testing.TB) *pebblestore.Store {
	s, err := pebblestore.Open(filepath.Join(t.TempDir(), "data"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// same fails unless the stores hold the same commits and blobs.
func same(t testing.TB, from, to engine) {
	t.Helper()
	if got, want := records(t, to), records(t, from); !reflect.DeepEqual(got, want) {
		t.Errorf("the copy has %d entities that are not what the %d of the source are", len(got), len(want))
	}
	for d, err := range from.Blobs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.Blob(t.Context(), d); err != nil {
			t.Errorf("blob %s: %v", d, err)
		}
	}
	storetest.Verify(t, to)
}

func TestACopyHoldsTheSameByteForByteInALogOfItsOwn(t *testing.T) {
	stage := map[string]func(testing.TB) engine{"memory": func(t testing.TB) engine { return memory(t) }, "pebble": func(t testing.TB) engine { return pebble(t) }}
	for a, from := range stage {
		for b, to := range stage {
			t.Run(a+" to "+b, func(t *testing.T) {
				source, target := from(t), to(t)
				w := filled(t, source, 1000)
				if err := source.SaveCheckpoint(t.Context(), "projection", w.position()); err != nil {
					t.Fatal(err)
				}
				var last transfer.Progress
				out, err := transfer.Copy(t.Context(), whole(source), whole(target), &transfer.Options{Progress: func(p transfer.Progress) { last = p }})
				if err != nil {
					t.Fatal(err)
				}
				same(t, source, target)
				if out.Commits != 1000 || out.Events != int64(w.events) || out.Moved != out.Events || out.Entities != 50 || out.Blobs != 2 || out.Resumed || out.Checksum == 0 {
					t.Errorf("it says %+v", out)
				}
				if p, err := target.Checkpoint(t.Context(), "projection"); err != nil || !p.IsZero() {
					t.Errorf("a checkpoint was copied: %v %v", p, err)
				}
				if last.Done == 0 || last.Done != last.Total {
					t.Errorf("the last progress is %+v", last)
				}
				if source.Info().ID == target.Info().ID {
					t.Error("the copy has the id of its source")
				}
				again, err := transfer.Copy(t.Context(), whole(source), whole(target), nil)
				if err != nil || again.Moved != 0 || !again.Resumed || again.Checksum != out.Checksum {
					t.Errorf("again: %+v, %v", again, err)
				}
				w.fill(100, 60)
				if more, err := transfer.Copy(t.Context(), whole(source), whole(target), nil); err != nil || more.Commits != 1100 || more.Moved != int64(w.events)-out.Events {
					t.Errorf("after the source has grown: %+v, %v", more, err)
				}
				same(t, source, target)
			})
		}
	}
}

// position is where the log ends.
func (w *writer) position() stores.Position {
	p, err := w.log.Head(context.Background())
	if err != nil {
		w.Fatal(err)
	}
	return p
}

func TestAnEmptyStoreIsCopied(t *testing.T) {
	from, to := memory(t), memory(t)
	if out, err := transfer.Copy(t.Context(), whole(from), whole(to), nil); err != nil || out.Commits != 0 || out.Blobs != 0 {
		t.Errorf("%+v, %v", out, err)
	}
}

// dying is a log whose process ends at an append: before or after the log has it.
type dying struct {
	*memstore.Store
	left  atomic.Int64
	end   context.CancelFunc
	after bool
}

func (d *dying) Append(ctx context.Context, f stores.Fence, commits []stores.Commit) []stores.Result {
	// One commit a call, so that an end leaves some of what was taken.
	out := make([]stores.Result, len(commits))
	for i := range commits {
		if d.left.Add(-1) < 0 {
			if d.after {
				d.Store.Append(context.Background(), f, commits[i:i+1])
			}
			d.end()
			return out
		}
		out[i] = d.Store.Append(ctx, f, commits[i:i+1])[0]
	}
	return out
}

func (d *dying) SaveCheckpoint(ctx context.Context, name string, p stores.Position) error {
	if d.left.Load() < 0 {
		return ctx.Err()
	}
	return d.Store.SaveCheckpoint(ctx, name, p)
}

func TestACopyThatWasKilledGoesOn(t *testing.T) {
	source := memory(t)
	filled(t, source, 2000)
	for _, after := range []bool{false, true} {
		target := memory(t)
		kills := 0
		for n := int64(1); ; n += 97 {
			ctx, cancel := context.WithCancel(t.Context())
			d := &dying{Store: target, end: cancel, after: after}
			d.left.Store(n)
			out, err := transfer.Copy(ctx, whole(source), transfer.Store{Log: d, Blobs: target, Checkpoints: d}, nil)
			cancel()
			if head, e := target.Head(t.Context()); e != nil || !head.IsZero() {
				if unfinished, e := transfer.Unfinished(t.Context(), target); e != nil || unfinished != (err != nil) {
					t.Fatalf("the copy ended with %v, and the target says that it is unfinished: %v, %v", err, unfinished, e)
				}
			}
			if err == nil {
				if !out.Resumed || out.Commits != 2000 {
					t.Errorf("in the end: %+v", out)
				}
				break
			}
			if kills++; !errors.Is(err, context.Canceled) {
				t.Fatalf("killed: %v", err)
			}
		}
		if kills < 5 {
			t.Errorf("it was killed %d times", kills)
		}
		same(t, source, target)
	}
}

func TestACopyWaitsForATargetThatFails(t *testing.T) {
	source, target := memory(t), memory(t)
	filled(t, source, 500)
	faults := &storetest.Faults{Before: 0.1, After: 0.1, Lost: 0.1, Late: 0.05, AfterHead: 0.05, Disconnects: 0.02}
	log := storetest.Faulty(target, faults)
	t.Logf("seed %d", faults.Seed)
	out, err := transfer.Copy(t.Context(), whole(source), transfer.Store{Log: log, Blobs: target, Checkpoints: target}, nil)
	log.Flush()
	if err != nil {
		// What reads may fail by the outages; a second call goes on.
		faults.Stop()
		if out, err = transfer.Copy(t.Context(), whole(source), transfer.Store{Log: log, Blobs: target, Checkpoints: target}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if out.Commits != 500 || faults.Injected(storetest.FaultAfter) == 0 || faults.Injected(storetest.FaultLost) == 0 {
		t.Errorf("%+v", out)
	}
	same(t, source, target)
}

func TestATargetThatStaysAwayEndsTheCopy(t *testing.T) {
	source, target := memory(t), memory(t)
	filled(t, source, 100)
	faults := &storetest.Faults{Before: 1}
	_, err := transfer.Copy(t.Context(), whole(source), transfer.Store{Log: storetest.Faulty(target, faults), Blobs: target, Checkpoints: target}, &transfer.Options{Patience: time.Millisecond})
	if !errors.Is(err, stores.ErrUnavailable) || !strings.Contains(err.Error(), "copy again") {
		t.Errorf("%v", err)
	}
}

func TestATargetThatHoldsSomethingElseIsLeftAlone(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, source, target *memstore.Store){
		"a log of its own": func(t *testing.T, _, target *memstore.Store) { newWriter(t, target).fill(10, 5) },
		"a copy of another log": func(t *testing.T, _, target *memstore.Store) {
			other := memory(t)
			filled(t, other, 100)
			copied(t, other, target)
		},
		"a copy that is in use": func(t *testing.T, source, target *memstore.Store) {
			copied(t, source, target)
			newWriter(t, target).write(stores.EntityID{Type: "counter", ID: "new"})
		},
		"a copy whose entities are in use": func(t *testing.T, source, target *memstore.Store) {
			copied(t, source, target)
			w := newWriter(t, target)
			id := stores.EntityID{Type: "counter", ID: "e 0/*.>é"}
			h, err := target.Heads(t.Context(), []stores.EntityID{id})
			if err != nil || h[0].Seq == 0 {
				t.Fatal(h, err)
			}
			w.seqs[id] = h[0]
			w.write(id)
		},
	} {
		t.Run(name, func(t *testing.T) {
			source, target := memory(t), memory(t)
			w := filled(t, source, 200)
			prepare(t, source, target)
			before := records(t, target)
			w.fill(50, 70)
			if _, err := transfer.Copy(t.Context(), whole(source), whole(target), nil); !errors.Is(err, transfer.ErrNotACopy) {
				t.Errorf("%v, want %v", err, transfer.ErrNotACopy)
			}
			if after := records(t, target); !reflect.DeepEqual(after, before) {
				t.Error("it has written to the target")
			}
		})
	}
	s := memory(t)
	if _, err := transfer.Copy(t.Context(), whole(s), whole(s), nil); err == nil || !strings.Contains(err.Error(), "the same log") {
		t.Errorf("onto itself: %v", err)
	}
}

func copied(t *testing.T, source, target engine) {
	t.Helper()
	if _, err := transfer.Copy(t.Context(), whole(source), whole(target), nil); err != nil {
		t.Fatal(err)
	}
}

// growing is a log that somebody writes to whenever it is read.
type growing struct {
	*memstore.Store
	w    *writer
	left int
}

func (g *growing) Head(ctx context.Context) (stores.Position, error) {
	if g.left--; g.left >= 0 {
		g.w.fill(5, 5)
	}
	return g.Store.Head(ctx)
}

func TestASourceThatGrowsIsFollowedUntilItRests(t *testing.T) {
	for left, want := range map[int]error{2: nil, 1000: transfer.ErrWritten} {
		source, target := memory(t), memory(t)
		g := &growing{source, filled(t, source, 100), left}
		_, err := transfer.Copy(t.Context(), transfer.Store{Log: g, Blobs: source}, whole(target), nil)
		if !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		copied(t, source, target) // it goes on
		same(t, source, target)
	}
}

// losing is a target that acknowledges what it does not keep, or keeps something else.
type losing struct {
	*memstore.Store
	change func(*stores.Commit)
}

func (l losing) Append(ctx context.Context, f stores.Fence, commits []stores.Commit) []stores.Result {
	for i := range commits {
		l.change(&commits[i])
	}
	return l.Store.Append(ctx, f, commits)
}

func TestACopyThatDiffersIsFound(t *testing.T) {
	for name, change := range map[string]func(*stores.Commit){
		"time":     func(c *stores.Commit) { c.Time = c.Time.Add(time.Millisecond) },
		"plugin":   func(c *stores.Commit) { c.Plugin[31]++ },
		"id":       func(c *stores.Commit) { c.ID[0]++ },
		"payload":  func(c *stores.Commit) { c.Events[0].Payload = append(c.Events[0].Payload, 0) },
		"reply":    func(c *stores.Commit) { c.Commands[0].Reply = nil },
		"meta":     func(c *stores.Commit) { c.Commands[0].Meta = nil },
		"flags":    func(c *stores.Commit) { c.Flags ^= 0x80 },
		"commands": func(c *stores.Commit) { c.Commands = nil },
	} {
		source, target := memory(t), memory(t)
		filled(t, source, 20)
		n := 0
		l := losing{target, func(c *stores.Commit) {
			if n++; n == 10 {
				change(c)
			}
		}}
		_, err := transfer.Copy(t.Context(), whole(source), transfer.Store{Log: l, Blobs: target, Checkpoints: target}, nil)
		if !errors.Is(err, transfer.ErrDiffers) || !strings.Contains(err.Error(), "such as entity ") {
			t.Errorf("another %s: %v, want %v", name, err, transfer.ErrDiffers)
		}
	}
}

func TestACommitThatTheTargetCannotHoldIsNamed(t *testing.T) {
	source := memory(t)
	w := filled(t, source, 10)
	id := stores.EntityID{Type: "counter", ID: "large"}
	c := w.commit(id)
	c.Events[0].Payload = make([]byte, 5000)
	if r := source.Append(t.Context(), stores.Fence{}, []stores.Commit{c})[0]; r.Outcome != stores.Applied {
		t.Fatal(r)
	}
	target := memstore.New(&memstore.Options{MaxCommitBytes: 4000})
	defer target.Close()
	_, err := transfer.Copy(t.Context(), whole(source), whole(target), nil)
	if !errors.Is(err, stores.ErrTooLarge) || !strings.Contains(err.Error(), id.String()) {
		t.Errorf("%v", err)
	}
}
