package storage_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/pgstore/pgtest"
	"github.com/eshost/eshost/stores/transfer"
)

// TestAMillionEventsAreCopied reports how fast that goes.
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
			if err != nil || out.Events != entities*commits {
				t.Fatalf("%+v, %v", out, err)
			}
			t.Logf("%d events moved in %v, %.0f/s; with reading and comparing %v", out.Moved, out.Took.Round(time.Millisecond), float64(out.Moved)/out.Took.Seconds(), time.Since(start).Round(time.Millisecond))
		})
	}
}
