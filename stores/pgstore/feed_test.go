package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pgstore"
	"github.com/eshost/eshost/stores/storetest"
)

// patience ends what hangs. No test speaks of time.
const patience = time.Minute

func counter(id string) stores.EntityID { return stores.EntityID{Type: "counter", ID: id} }

// commitOf is a commit of one event.
func commitOf(id stores.EntityID, expected uint64, number int) stores.Commit {
	return stores.Commit{
		Entity: id, Expected: expected, ID: stores.CommitID{byte(number), byte(number >> 8), byte(number >> 16), 1, byte(expected), byte(expected >> 8)}, Time: time.UnixMilli(1e12).UTC(),
		Events:   []stores.Event{{Name: "increased", Version: 1, Payload: []byte("1")}},
		Commands: []stores.CommandRecord{{Name: "increase", Events: 1, Seq: expected + 1}},
	}
}

func one(t testing.TB, log stores.Log, c stores.Commit) stores.Result {
	t.Helper()
	return log.Append(t.Context(), stores.Fence{}, []stores.Commit{c})[0]
}

func mustApply(t testing.TB, log stores.Log, c stores.Commit) stores.Result {
	t.Helper()
	r := one(t, log, c)
	if r.Outcome != stores.Applied {
		t.Fatalf("append to %s: %s (%v)", c.Entity, r.Outcome, r.Err)
	}
	return r
}

// follow collects what a feed shows until it has shown the entity.
func follow(t *testing.T, log stores.Log, last stores.EntityID) (ids func() []stores.EntityID) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	var shown []stores.EntityID
	var reading sync.WaitGroup
	reading.Go(func() {
		for rec, err := range stores.Follow(ctx, log, stores.Query{}) {
			if err != nil {
				t.Errorf("the feed ends after %d records: %v", len(shown), err)
				return
			}
			if shown = append(shown, rec.Entity); rec.Entity == last {
				return
			}
		}
	})
	return func() []stores.EntityID {
		reading.Wait()
		return shown
	}
}

func TestAFeedSkipsNothingWhileATransactionIsHeldOpen(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	writer, reader := open(t, o), open(t, o)
	mustApply(t, writer, commitOf(counter("first"), 0, 1))
	last := counter("last")
	shown := follow(t, reader, last)
	held := commitOf(counter("held"), 0, 2)
	h := pgstore.Hold(t, writer, &held)
	for n := range 50 {
		mustApply(t, writer, commitOf(counter(fmt.Sprint(n)), 0, 100+n))
	}
	// The feed has passed them before the held one gets its place.
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	head, err := reader.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	h.Place()
	if now, err := reader.Head(ctx); err != nil || now != head {
		t.Errorf("the head was %s and is %s (%v) before the commit", head, now, err)
	}
	waits := make(chan stores.Result)
	go func() { waits <- writer.Append(ctx, stores.Fence{}, []stores.Commit{commitOf(last, 0, 3)})[0] }()
	if n := count(t, reader); n != 51 {
		t.Errorf("a scan shows %d records of what is committed, want 51", n)
	}
	h.Commit()
	if r := <-waits; r.Outcome != stores.Applied {
		t.Fatalf("the append behind it: %s (%v)", r.Outcome, r.Err)
	}
	ids := shown()
	if len(ids) != 53 || ids[51] != held.Entity {
		t.Errorf("the feed shows %d records, want 53, the last but one that of %s: %v", len(ids), held.Entity, ids)
	}
	storetest.Verify(t, reader)
}

func count(t *testing.T, log stores.Log) (n int) {
	t.Helper()
	for _, err := range log.Scan(t.Context(), stores.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

func TestAnOldSnapshotOfTheDatabaseSlowsNobodyToAHalt(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	s := open(t, o)
	mustApply(t, s, commitOf(counter("a"), 0, 1))
	conn := server.Connect(t)
	tx, err := conn.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow(t.Context(), "SELECT count(*) FROM "+table(o, "commits")).Scan(&n); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	for seq := range uint64(300) {
		mustApply(t, s, commitOf(counter("a"), seq+1, 2))
	}
	if n := count(t, s); n != 301 {
		t.Errorf("the feed shows %d records, want 301", n)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAWriteThatLandsLaterIsFoundByItsID(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	a, b := open(t, o), open(t, o)
	c := commitOf(counter("a"), 0, 1)
	h := pgstore.Hold(t, a, &c)
	h.Place()
	// Whoever tries the same commit or another one waits for what becomes of the first.
	other := c
	other.ID[0]++
	results := make(chan stores.Result, 2)
	for _, again := range []stores.Commit{c, other} {
		go func() { results <- b.Append(context.Background(), stores.Fence{}, []stores.Commit{again})[0] }()
	}
	if heads, err := b.Heads(t.Context(), []stores.EntityID{c.Entity}); err != nil || heads[0].Seq != 0 {
		t.Errorf("the head before the commit: %v (%v)", heads, err)
	}
	h.Commit()
	outcomes := map[stores.Outcome]int{(<-results).Outcome: 1}
	outcomes[(<-results).Outcome]++
	if outcomes[stores.Duplicate] != 1 || outcomes[stores.Conflict] != 1 {
		t.Errorf("the outcomes are %v, want a duplicate and a conflict", outcomes)
	}
	storetest.Verify(t, b)
}

func TestAHostIsToldOfWhatAnotherOneAppends(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	a, b := open(t, o), open(t, o)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for n := range 20 {
		head, err := b.Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		woken := make(chan error)
		go func() { woken <- b.Wait(ctx, head) }()
		r := mustApply(t, a, commitOf(counter(fmt.Sprint(n)), 0, n))
		if err := <-woken; err != nil {
			t.Fatalf("wait for append %d: %v", n, err)
		}
		if now, err := b.Head(ctx); err != nil || now != r.Place {
			t.Errorf("the head is %s (%v), want %s", now, err, r.Place)
		}
	}
}

func TestNotificationsAreNoPartOfAppends(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options(t))
	conn := server.Connect(t)
	if _, err := conn.Exec(t.Context(), "LISTEN "+pgx.Identifier{s.Channel()}.Sanitize()); err != nil {
		t.Fatal(err)
	}
	const appends = 400
	for n := range uint64(appends) {
		mustApply(t, s, commitOf(counter("a"), n, 1))
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for got := 0; ; got++ {
		if got == appends {
			t.Fatalf("there are as many notifications as appends")
		}
		wait, stop := ctx, context.CancelFunc(func() {})
		if got > 0 { // one there must be
			wait, stop = context.WithTimeout(ctx, 200*time.Millisecond)
		}
		_, err := conn.WaitForNotification(wait)
		stop()
		if got > 0 && errors.Is(err, context.DeadlineExceeded) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAScanSaysThatARowIsGone(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"a commit in the middle": "DELETE FROM %[1]s WHERE entity_id = '7'",
		"the last commit":        "DELETE FROM %[1]s WHERE entity_id = '19'",
		"a group":                "DELETE FROM %[2]s WHERE position = 3",
		"the place of a commit":  "UPDATE %[1]s SET batch = -1 WHERE entity_id = '7'",
	} {
		t.Run(name, func(t *testing.T) {
			o := server.Options(t)
			s := open(t, o)
			for n := range 10 {
				for _, r := range s.Append(t.Context(), stores.Fence{}, []stores.Commit{commitOf(counter(fmt.Sprint(2*n)), 0, 2*n), commitOf(counter(fmt.Sprint(2*n+1)), 0, 2*n+1)}) {
					if r.Outcome != stores.Applied {
						t.Fatal(r)
					}
				}
			}
			change(t, fmt.Sprintf(sql, table(o, "commits"), table(o, "groups")))
			var failed error
			for _, err := range s.Scan(t.Context(), stores.Query{}) {
				failed = err
			}
			if !errors.Is(failed, stores.ErrCorrupt) {
				t.Errorf("a scan ends with %v, want %v", failed, stores.ErrCorrupt)
			}
		})
	}
}

func TestNobodyListensForLongWhenNobodyWaits(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	s, conn := open(t, o), server.Connect(t)
	listeners := func() (n int) {
		t.Helper()
		err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN ' || $1 AND pid <> pg_backend_pid()", pgx.Identifier{s.Channel()}.Sanitize()).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		waits := make(chan error)
		go func() { waits <- s.Wait(ctx, stores.Position{}) }()
		for began := time.Now(); listeners() != 1; {
			if time.Since(began) > patience {
				t.Fatal("nobody listens while somebody waits")
			}
		}
		cancel()
		if err := <-waits; !errors.Is(err, context.Canceled) {
			t.Errorf("wait: %v, want %v", err, context.Canceled)
		}
		for began := time.Now(); listeners() != 0; {
			if time.Since(began) > patience {
				t.Fatal("the store still listens, and nobody waits")
			}
		}
	}
}

func TestManyNotificationsAtOnceWakeAFeedFewTimes(t *testing.T) {
	t.Parallel()
	s, conn := open(t, server.Options(t)), server.Connect(t)
	listens := s.Listen()
	if listens == nil {
		t.Fatal("nobody listens")
	}
	defer listens.Close(context.Background())
	const notifications = 200
	if _, err := conn.Exec(t.Context(), "SELECT pg_notify($1, n::text) FROM generate_series(1, $2::int) n", s.Channel(), notifications); err != nil {
		t.Fatal(err)
	}
	for n := 1; ; n++ {
		s.Rest(listens)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		_, err := listens.WaitForNotification(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		if err != nil || n > notifications/10 {
			t.Fatalf("%d notifications have woken it %d times, and there are more (%v)", notifications, n, err)
		}
	}
}
