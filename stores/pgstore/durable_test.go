package pgstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pgstore"
	"github.com/eshost/eshost/stores/pgstore/pgtest"
)

// withoutStandby returns a store on a server that waits for a standby which is not there, and a client of it.
func withoutStandby(t *testing.T) (*pgstore.Store, *pgx.Conn) {
	t.Helper()
	srv := pgtest.Start(t, nil)
	s, conn := open(t, srv.Options(t)), srv.Connect(t)
	mustApply(t, s, commitOf(counter("before"), 0, 9)) // what comes before a commit is there
	for _, sql := range []string{"ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for began := time.Now(); ; { // it counts once the server's checkpointer has read it
		_, err := srv.Connect(t).Exec(impatient(t), "SELECT pg_logical_emit_message(true, 'test', '')")
		if errors.Is(err, context.DeadlineExceeded) {
			return s, conn
		}
		if err != nil || time.Since(began) > patience {
			t.Fatalf("the server does not wait for a standby (%v)", err)
		}
	}
}

// impatient is a context that ends before a standby answers.
func impatient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func TestACommitThatNoStandbyHasIsNoDuplicate(t *testing.T) {
	t.Parallel()
	s, conn := withoutStandby(t)
	c := commitOf(counter("a"), 0, 1)
	for n := range 3 {
		if r := s.Append(impatient(t), stores.Fence{}, []stores.Commit{c})[0]; r.Outcome != stores.Unknown {
			t.Fatalf("try %d: %s (%v), want unknown", n, r.Outcome, r.Err)
		}
	}
	if heads, err := s.Heads(t.Context(), []stores.EntityID{c.Entity}); err != nil || heads[0].Seq != 1 {
		t.Errorf("the head is %v (%v): the test is none unless the server has the commit", heads, err)
	}
	for _, sql := range []string{"ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if r := one(t, s, c); r.Outcome != stores.Duplicate {
		t.Errorf("without a standby to wait for it is %s (%v), want a duplicate", r.Outcome, r.Err)
	}
}

func TestAWaitForAStandbyThatSomebodyElseEndsIsNotApplied(t *testing.T) {
	t.Parallel()
	s, conn := withoutStandby(t)
	for _, end := range []string{"pg_cancel_backend", "pg_terminate_backend"} {
		result := make(chan stores.Result, 1)
		c := commitOf(counter(end), 0, 1)
		go func() { result <- s.Append(context.Background(), stores.Fence{}, []stores.Commit{c})[0] }()
		var r stores.Result
		for waits, began := true, time.Now(); waits; {
			if _, err := conn.Exec(t.Context(), "SELECT "+end+"(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"); err != nil || time.Since(began) > patience {
				t.Fatal(err)
			}
			select {
			case r = <-result:
				waits = false
			case <-time.After(time.Millisecond):
			}
		}
		if r.Outcome != stores.Unknown {
			t.Errorf("after %s it is %s (%v), want unknown", end, r.Outcome, r.Err)
		}
	}
}

func TestCheckpointsAndBlobsWaitUntilTheyAreDurable(t *testing.T) {
	t.Parallel()
	s, _ := withoutStandby(t)
	if err := s.SaveCheckpoint(impatient(t), "p", stores.Position{}); err == nil {
		t.Error("a checkpoint is saved that no standby has")
	}
	if _, err := s.PutBlob(impatient(t), []byte("blob")); err == nil {
		t.Error("a blob is stored that no standby has")
	}
	if err := s.Save(t.Context(), &stores.Snapshot{Entity: counter("a"), Seq: 1, Time: time.UnixMilli(0).UTC()}); err != nil {
		t.Errorf("a snapshot waits for what it need not: %v", err)
	}
}

func TestACommitThatFailsAtItsVeryEndIsRefused(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	s, conn := open(t, o), server.Connect(t)
	mustApply(t, s, commitOf(counter("before"), 0, 1))
	schema := pgx.Identifier{o.Schema}.Sanitize()
	for _, sql := range []string{
		"CREATE FUNCTION " + schema + ".refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$",
		"CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON " + table(o, "groups") + " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION " + schema + ".refuse()",
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	c := commitOf(counter("a"), 0, 1)
	if r := one(t, s, c); r.Outcome != stores.Refused || !errors.Is(r.Err, stores.ErrUnavailable) {
		t.Errorf("it is %s (%v), want refused", r.Outcome, r.Err)
	}
	if heads, err := s.Heads(t.Context(), []stores.EntityID{c.Entity}); err != nil || heads[0].Seq != 0 {
		t.Errorf("the head is %v (%v), want none", heads, err)
	}
	if _, err := conn.Exec(t.Context(), "DROP TRIGGER refuse ON "+table(o, "groups")); err != nil {
		t.Fatal(err)
	}
	mustApply(t, s, c)
}

func TestWhatTheServerCallsFatalProvesNothing(t *testing.T) {
	for _, test := range []struct {
		err  pgconn.PgError
		want bool
	}{
		{pgconn.PgError{SeverityUnlocalized: "FATAL", Code: "57P01"}, false},
		{pgconn.PgError{Severity: "FATAL", Code: "57P02"}, false},
		{pgconn.PgError{SeverityUnlocalized: "PANIC", Code: "53100"}, false},
		{pgconn.PgError{SeverityUnlocalized: "ERROR", Code: "40003"}, false},
		{pgconn.PgError{SeverityUnlocalized: "ERROR", Code: "08006"}, false},
		{pgconn.PgError{SeverityUnlocalized: "ERROR", Severity: "FEHLER", Code: "57014"}, true},
		{pgconn.PgError{Severity: "ERROR", Code: "23505"}, true},
	} {
		if got := pgstore.Refuses(&test.err); got != test.want {
			t.Errorf("%+v proves that nothing was written: %t", test.err, got)
		}
	}
}
