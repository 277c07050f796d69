package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pgstore"
	"github.com/eshost/eshost/stores/pgstore/pgtest"
	"github.com/eshost/eshost/stores/storetest"
)

// lose takes the log's last group away, as a restore does, or a standby that lagged and took over.
func lose(t *testing.T, o *pgstore.Options, id string) {
	t.Helper()
	change(t, "DELETE FROM "+table(o, "commits")+" WHERE entity_id = $1", id)
	change(t, "DELETE FROM "+table(o, "groups")+" WHERE position = (SELECT max(position) FROM "+table(o, "groups")+")")
}

func TestAPositionThatWasLostIsNoOtherCommitsPosition(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	s := open(t, o)
	kept := mustApply(t, s, commitOf(counter("a"), 0, 1)).Place
	lost := mustApply(t, s, commitOf(counter("b"), 0, 2)).Place
	lose(t, o, "b")
	other := mustApply(t, s, commitOf(counter("c"), 0, 3)).Place
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	beyond := stores.NewPosition(kept.Commit(), 7)
	for _, p := range []stores.Position{lost, beyond} {
		n := 0
		for rec, err := range s.Scan(ctx, stores.Query{After: p}) {
			if n++; !errors.Is(err, stores.ErrPosition) {
				t.Errorf("a scan after %s, which is lost or never was, shows %v and %v", p, rec, err)
			}
		}
		if n == 0 {
			t.Errorf("a scan after %s skips %s in silence", p, other)
		}
		if err := s.Wait(ctx, p); !errors.Is(err, stores.ErrPosition) {
			t.Errorf("wait: %v, want %v", err, stores.ErrPosition)
		}
	}
	storetest.Verify(t, s)
}

func TestAStoreNoticesThatTheLogHasLostItsEnd(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	s := open(t, o)
	mustApply(t, s, commitOf(counter("a"), 0, 1))
	last := mustApply(t, s, commitOf(counter("b"), 0, 2)).Place
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	waits := make(chan error)
	go func() { waits <- s.Wait(ctx, last) }()
	lose(t, o, "b")
	if err := <-waits; !errors.Is(err, stores.ErrPosition) {
		t.Errorf("who waits behind it is told %v, want %v", err, stores.ErrPosition)
	}
	head, err := s.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	wait, stop := context.WithTimeout(ctx, 50*time.Millisecond)
	defer stop()
	if err := s.Wait(wait, head); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("wait at the head: %v, and nothing was appended", err)
	}
}

func TestWhatAStoreKnewBeforeARestoreIsForgotten(t *testing.T) {
	t.Parallel()
	srv := pgtest.Start(t, nil) // all of its connections end
	o := srv.Options(t)
	o.ConnectTimeout = 2 * time.Second
	conn := srv.Connect(t)
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	s := open(t, o)
	c, d := commitOf(counter("a"), 0, 1), commitOf(counter("b"), 0, 2)
	c.Plugin, d.Plugin = stores.Digest{0xaa}, stores.Digest{0xbb}
	fence := stores.Fence{Epoch: 7}
	if r := s.Append(t.Context(), fence, []stores.Commit{c})[0]; r.Outcome != stores.Applied {
		t.Fatal(r)
	}
	for _, err := range s.Read(t.Context(), c.Entity, 0) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"commits", "groups", "plugins", "kinds", "fences"} {
		exec("DELETE FROM " + table(o, name))
	}
	exec("ALTER TABLE " + table(o, "plugins") + " ALTER COLUMN number RESTART")
	exec("ALTER SEQUENCE " + table(o, "batches") + " RESTART")
	other := open(t, o)
	mustApply(t, other, d) // has the plugin's number and the batch's of c
	exec("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
	w := writer{log: fenced{s, fence}, id: c.Entity, took: make(map[stores.Outcome]int)}
	if !w.settle(t, c) {
		t.FailNow()
	}
	for _, log := range []*pgstore.Store{s, open(t, o)} {
		for want, id := range map[stores.Digest]stores.EntityID{c.Plugin: c.Entity, d.Plugin: d.Entity} {
			for rec, err := range log.Read(t.Context(), id, 0) {
				if err != nil || rec.Plugin != want {
					t.Errorf("the record of %s is by plugin %s (%v), want %s", id, rec.Plugin, err, want)
				}
			}
		}
		storetest.Verify(t, log) // the kinds too
	}
	var epochs int
	if err := conn.QueryRow(t.Context(), fmt.Sprintf("SELECT count(*) FROM %s WHERE epoch = 7", table(o, "fences"))).Scan(&epochs); err != nil || epochs != stores.Slices {
		t.Errorf("%d slices know the epoch (%v), want %d", epochs, err, stores.Slices)
	}
}

// fenced appends under a fence.
type fenced struct {
	*pgstore.Store
	fence stores.Fence
}

func (f fenced) Append(ctx context.Context, _ stores.Fence, commits []stores.Commit) []stores.Result {
	return f.Store.Append(ctx, f.fence, commits)
}
