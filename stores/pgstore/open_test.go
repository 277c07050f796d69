package pgstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pgstore"
	"github.com/eshost/eshost/stores/pgstore/pgtest"
	"github.com/eshost/eshost/stores/storetest"
)

func TestHostsThatStartAtOnceOnAnEmptyDatabaseShareOneLog(t *testing.T) {
	t.Parallel()
	for range 5 {
		o := server.Options(t)
		const hosts = 6
		all := make([]*pgstore.Store, hosts)
		var starting sync.WaitGroup
		for i := range all {
			starting.Go(func() {
				s, err := pgstore.Open(t.Context(), o)
				if err != nil {
					t.Error(err)
					return
				}
				all[i] = s
			})
		}
		starting.Wait()
		for i, s := range all {
			if s == nil {
				continue
			}
			if s.Info() != all[0].Info() {
				t.Errorf("host %d has %+v, host 0 %+v", i, s.Info(), all[0].Info())
			}
			mustApply(t, s, commitOf(counter(fmt.Sprint(i)), 0, i))
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		if n := count(t, open(t, o)); n != hosts {
			t.Errorf("the log has %d records, want %d", n, hosts)
		}
	}
}

func TestTwoPrefixesInOneSchemaAreTwoLogs(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	other := *o
	other.TablePrefix = "other_"
	a, b := open(t, o), open(t, &other)
	mustApply(t, a, commitOf(counter("a"), 0, 1))
	if n := count(t, b); n != 0 || a.Info().ID == b.Info().ID {
		t.Errorf("the other log shows %d records; ids %x and %x", n, a.Info().ID, b.Info().ID)
	}
}

func TestNothingIsMadeOutsideOfTheSchemaAndThePrefix(t *testing.T) {
	t.Parallel()
	srv := pgtest.Start(t, nil)
	o := srv.Options(t)
	o.TablePrefix = "mine_"
	s := open(t, o)
	mustApply(t, s, commitOf(counter("a"), 0, 1))
	if err := s.SaveCheckpoint(t.Context(), "p", stores.Position{}); err != nil {
		t.Fatal(err)
	}
	rows, err := srv.Connect(t).Query(t.Context(), `SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema' AND (n.nspname <> $1 OR c.relname NOT LIKE 'mine\_%')`, o.Schema)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		t.Errorf("%s is there", rows.RawValues()[0])
	}
}

func TestAStoreThatIsNotToSetUpOnlyLooks(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	only := *o
	only.NoSetup = true
	if _, err := pgstore.Open(t.Context(), &only); err == nil || !strings.Contains(err.Error(), "setup=true") || !strings.Contains(err.Error(), o.Schema) {
		t.Errorf("without tables: %v, want an error that names the schema and what to do", err)
	}
	id := open(t, o).Info().ID
	if s := open(t, &only); s.Info().ID != id {
		t.Errorf("the log has id %x, want %x", s.Info().ID, id)
	}
}

func TestTablesOfANewerVersionAreRefused(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	s := mustOpen(t, o)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	change(t, "UPDATE "+table(o, "meta")+" SET format = format + 1")
	if _, err := pgstore.Open(t.Context(), o); !errors.Is(err, stores.ErrFormat) {
		t.Errorf("open: %v, want %v", err, stores.ErrFormat)
	}
	change(t, "DELETE FROM "+table(o, "meta"))
	if _, err := pgstore.Open(t.Context(), o); !errors.Is(err, stores.ErrCorrupt) {
		t.Errorf("open: %v, want %v", err, stores.ErrCorrupt)
	}
}

func TestADatabaseThatCannotHoldAllIDsIsRefused(t *testing.T) {
	t.Parallel()
	conn := server.Connect(t)
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'"); err != nil {
		t.Fatal(err)
	}
	o := server.Options(t)
	o.DBName = "latin"
	if _, err := pgstore.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "UTF8") {
		t.Errorf("open: %v, want an error that names the encoding", err)
	}
}

func TestInfoSaysWhatTheServerDoesNotKeep(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fsync, commit, standbys string
		want                    stores.Durability
	}{
		{"on", "on", "", stores.Synced},
		{"on", "local", "", stores.Synced},
		{"on", "remote_apply", "", stores.Synced},
		{"on", "off", "", stores.Volatile},
		{"off", "off", "", stores.Volatile},
		{"off", "on", "", stores.Process},
		{"off", "on", "a", stores.Process},
		{"on", "on", "ANY 1 (a, b)", stores.Replicated},
		{"on", "remote_write", "a", stores.Replicated},
		{"on", "local", "a", stores.Synced},
		{"on", "off", "a", stores.Volatile},
	} {
		if got := pgstore.DurabilityOf(test.fsync, test.commit, test.standbys); got != test.want {
			t.Errorf("%+v is level %d", test, got)
		}
	}
	unsafe := pgtest.Start(t, &pgtest.Options{Settings: map[string]string{"fsync": "off"}})
	hasty := server.Options(t)
	hasty.Params = map[string]string{"synchronous_commit": "off"}
	for want, o := range map[stores.Durability]*pgstore.Options{stores.Synced: server.Options(t), stores.Process: unsafe.Options(t), stores.Volatile: hasty} {
		var said bytes.Buffer
		o.Logger = slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelWarn}))
		i := open(t, o).Info()
		if i.Durability != want || (said.Len() > 0) != (want < stores.Synced) {
			t.Errorf("level %d (%s), want %d; said %q", i.Durability, i.DurabilityIs, want, &said)
		}
	}
}

func TestCloseLeavesNothingRunning(t *testing.T) {
	srv := pgtest.Start(t, nil) // not in parallel: it looks at all goroutines
	for range 3 {
		s := mustOpen(t, srv.Options(t))
		mustApply(t, s, commitOf(counter("a"), 0, 1))
		head, err := s.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		waits := make(chan error)
		go func() { waits <- s.Wait(context.Background(), head) }()
		for listening := false; !listening; time.Sleep(time.Millisecond) {
			listening = strings.Contains(stacks(), "WaitForNotification")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-waits; !errors.Is(err, stores.ErrClosed) {
			t.Errorf("wait: %v, want %v", err, stores.ErrClosed)
		}
	}
	for began := time.Now(); strings.Contains(stacks(), "jackc/"); time.Sleep(time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("goroutines are left:\n%s", stacks())
		}
	}
	conn := srv.Connect(t)
	for n, began := 1, time.Now(); n > 0; { // the server takes a moment to end them
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'eshost'").Scan(&n); err != nil || time.Since(began) > patience {
			t.Fatalf("%d connections are left (%v)", n, err)
		}
	}
}

func stacks() string {
	b := make([]byte, 4<<20)
	return string(b[:runtime.Stack(b, true)])
}

func TestSnapshotsCheckpointsAndBlobsOfALogElsewhere(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options(t))
	n := &stores.Snapshot{Entity: counter("a"), Log: stores.LogID{9}, Seq: 7, Head: "of another engine", Time: time.UnixMilli(1e12).UTC(), State: []byte("state")}
	if err := s.Save(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	got, errs, err := s.Load(t.Context(), []stores.EntityID{n.Entity})
	if err != nil || errs[0] != nil || got[0].Log != n.Log || got[0].Head != n.Head {
		t.Errorf("the snapshot is %+v (%v, %v)", got, errs, err)
	}
	p := stores.NewPosition("another.engines_place", 3)
	if err := s.SaveCheckpoint(t.Context(), "p", p); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Checkpoint(t.Context(), "p"); err != nil || got != p {
		t.Errorf("the checkpoint is %s (%v)", got, err)
	}
	storetest.Verify(t, s)
}
