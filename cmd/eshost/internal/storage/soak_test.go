package storage_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/eshost/eshost/cmd/eshost/internal/storage"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/pgstore/pgtest"
	"github.com/eshost/eshost/stores/transfer"
)

// TestAMillionEventsAreCopied reports how fast that goes, and folds every entity of every copy.
func TestAMillionEventsAreCopied(t *testing.T) {
	if os.Getenv("ESHOST_SOAK") == "" {
		t.Skip("set ESHOST_SOAK=1")
	}
	const entities, commits = 100_000, 10
	source := open(t, "pebble:"+filepath.Join(t.TempDir(), "source"), "")
	for n := range commits {
		for first := 0; first < entities; first += 4000 {
			var all []stores.Commit
			for e := first; e < first+4000; e++ {
				all = append(all, stores.Commit{Entity: stores.EntityID{Type: "counter", ID: fmt.Sprintf("e%011d", e)}, Expected: uint64(n),
					ID: stores.CommitID{byte(n), byte(e), byte(e >> 8), byte(e >> 16)}, Time: time.UnixMilli(1763892000000).UTC(),
					Events:   []stores.Event{{Name: "increased", Version: 1, Payload: []byte{0x81, 0xa2, 'b', 'y', 1}}},
					Commands: []stores.CommandRecord{{Name: "increase", Payload: []byte{0x81, 0xa2, 'b', 'y', 1}, Events: 1, Seq: uint64(n + 1), Reply: []byte{byte(n)}}}})
			}
			for _, r := range source.Log.Append(t.Context(), stores.Fence{}, all) {
				if r.Outcome != stores.Applied {
					t.Fatal(r.Err)
				}
			}
		}
	}
	want := states(t, source, entities)
	for name, url := range map[string]func() string{
		"postgres":       func() string { return pgtest.Start(t, nil).URL() },
		"nats":           func() string { return natstest.Start(t, nil).URL() },
		"nats, synced":   func() string { return natstest.Start(t, &natstest.Options{SyncAlways: true}).URL() + "?sync=always" },
		"another folder": func() string { return "pebble:" + filepath.Join(t.TempDir(), "target") },
	} {
		t.Run(name, func(t *testing.T) {
			to := open(t, url(), "")
			start := time.Now()
			out, err := transfer.Copy(t.Context(), whole(source), whole(to), nil)
			took := time.Since(start)
			if err != nil || out.Events != entities*commits {
				t.Fatalf("%+v, %v", out, err)
			}
			t.Logf("%d events moved in %v, %.0f/s; with reading and comparing %v", out.Moved, out.Took.Round(time.Millisecond), float64(out.Moved)/out.Took.Seconds(), took.Round(time.Millisecond))
			if got := states(t, to, entities); got != want {
				t.Error("the entities of the copy have other states")
			}
		})
	}
}

// states is a sum over the numbers and state bytes of all entities, which a new host folds from the first event.
func states(t *testing.T, s *storage.Stores, entities int) (sum [sha256.Size]byte) {
	h, err := host.New(t.Context(), &host.Options{Log: s.Log})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	if _, err := h.Deploy(t.Context(), hosttest.Built(t, "counter-rust")); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(128)
	for i := range entities {
		g.Go(func() error {
			id := fmt.Sprintf("e%011d", i)
			state, err := h.Entity("counter", id).State(ctx)
			if err != nil {
				return err
			}
			one := sha256.Sum256(fmt.Appendf(nil, "%s %d %x", id, state.Seq, state.Payload))
			mu.Lock()
			defer mu.Unlock()
			for i := range sum {
				sum[i] ^= one[i]
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return sum
}
