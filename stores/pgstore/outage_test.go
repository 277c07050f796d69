package pgstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pgstore"
	"github.com/eshost/eshost/stores/pgstore/pgtest"
	"github.com/eshost/eshost/stores/storetest"
	"github.com/eshost/eshost/stores/storetest/proxy"
)

// outage is a server of its own with a store, and a client that does something to it.
type outage struct {
	*testing.T
	srv    *pgtest.Server
	o      *pgstore.Options
	store  *pgstore.Store
	client *pgx.Conn
	next   uint64
}

func newOutage(t *testing.T, o *pgtest.Options) *outage {
	t.Parallel()
	h := &outage{T: t, srv: pgtest.Start(t, o)}
	h.o = h.srv.Options(t)
	h.o.ConnectTimeout = 2 * time.Second
	h.store, h.client = open(t, h.o), h.srv.Connect(t)
	h.applies()
	return h
}

func (h *outage) exec(sql string) {
	h.Helper()
	if _, err := h.client.Exec(h.Context(), sql); err != nil {
		h.Fatalf("%s: %v", sql, err)
	}
}

// terminate ends all connections but the client's.
func (h *outage) terminate() {
	h.Helper()
	h.exec("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
}

// applies goes on until an append is applied: the store comes back by itself.
func (h *outage) applies() {
	h.Helper()
	w := writer{log: h.store, id: counter("a"), seq: h.next, took: make(map[stores.Outcome]int)}
	if !w.settle(h.T, commitOf(w.id, w.seq, 1)) {
		h.FailNow()
	}
	h.next = w.seq
}

// refuses goes on until an append is refused, with an error that says what it must.
func (h *outage) refuses(want string) {
	h.Helper()
	for began := time.Now(); ; {
		r := one(h, h.store, commitOf(counter("refused"), 0, 1))
		if !errors.Is(r.Err, stores.ErrUnavailable) || r.Outcome != stores.Refused && r.Outcome != stores.Unknown {
			h.Fatalf("an append is %s (%v), want refused because the store is unavailable", r.Outcome, r.Err)
		}
		if r.Outcome == stores.Refused && strings.Contains(r.Err.Error(), want) {
			break
		}
		if time.Since(began) > patience { // those on connections that were cut are unknown
			h.Fatalf("an append is %s (%v), want refused with %q", r.Outcome, r.Err, want)
		}
	}
}

// unreadable checks that reads say that the store is unavailable.
func (h *outage) unreadable() {
	h.Helper()
	if _, err := h.store.Head(h.Context()); !errors.Is(err, stores.ErrUnavailable) {
		h.Errorf("head: %v, want %v", err, stores.ErrUnavailable)
	}
	for _, err := range h.store.Read(h.Context(), counter("a"), 0) {
		if !errors.Is(err, stores.ErrUnavailable) {
			h.Errorf("read: %v, want %v", err, stores.ErrUnavailable)
		}
	}
}

// ends checks that all is well again, and that nothing refused has come in.
func (h *outage) ends() {
	h.Helper()
	h.applies()
	storetest.Verify(h, h.store)
	if heads, err := h.store.Heads(h.Context(), []stores.EntityID{counter("refused")}); err != nil || heads[0].Seq != 0 {
		h.Errorf("what was refused is there: %v (%v)", heads, err)
	}
}

func TestAServerOutOfConnections(t *testing.T) {
	h := newOutage(t, &pgtest.Options{Settings: map[string]string{"superuser_reserved_connections": "0"}})
	h.exec("ALTER DATABASE " + pgtest.Database + " CONNECTION LIMIT 0") // superusers are exempt
	h.exec("CREATE ROLE plain LOGIN")
	h.exec("GRANT CREATE ON DATABASE " + pgtest.Database + " TO plain")
	h.exec("ALTER DATABASE " + pgtest.Database + " CONNECTION LIMIT -1")
	o := *h.o
	o.User, o.Schema = "plain", h.srv.Schema()
	h.store, h.next = open(t, &o), 0
	h.applies()
	h.exec("ALTER DATABASE " + pgtest.Database + " CONNECTION LIMIT 0")
	h.terminate()
	h.refuses("too many connections")
	h.unreadable()
	h.exec("ALTER DATABASE " + pgtest.Database + " CONNECTION LIMIT -1")
	h.ends()
}

func TestADatabaseThatIsReadOnly(t *testing.T) {
	h := newOutage(t, nil)
	h.exec("ALTER DATABASE " + pgtest.Database + " SET default_transaction_read_only = on")
	h.terminate()
	h.refuses("read-only")
	if n := count(t, h.store); n != 1 {
		t.Errorf("a scan of what is read-only shows %d records, want 1", n)
	}
	again := open(t, h.o)
	if n := count(t, again); n != 1 {
		t.Errorf("a scan of what was opened read-only shows %d records, want 1", n)
	}
	h.exec("ALTER DATABASE " + pgtest.Database + " RESET default_transaction_read_only")
	h.terminate()
	h.ends()
}

func TestATableThatWasDropped(t *testing.T) {
	for _, name := range []string{"commits", "groups"} {
		t.Run(name, func(t *testing.T) {
			h := newOutage(t, nil)
			h.exec("ALTER TABLE " + table(h.o, name) + " RENAME TO away")
			h.refuses("restore the table")
			h.unreadable()
			if _, err := pgstore.Open(t.Context(), h.o); !errors.Is(err, stores.ErrUnavailable) || !strings.Contains(err.Error(), name) {
				t.Errorf("open: %v, want %v with the table's name", err, stores.ErrUnavailable)
			}
			h.exec("ALTER TABLE " + pgx.Identifier{h.o.Schema, "away"}.Sanitize() + " RENAME TO " + pgstore.DefaultTablePrefix + name)
			h.ends()
		})
	}
}

func TestAServerThatIsDown(t *testing.T) {
	h := newOutage(t, nil)
	h.srv.Stop(t)
	h.refuses("")
	h.unreadable()
	if _, err := pgstore.Open(t.Context(), h.o); !errors.Is(err, stores.ErrUnavailable) || !strings.Contains(err.Error(), h.o.Port) {
		t.Errorf("open: %v, want %v with the address", err, stores.ErrUnavailable)
	}
	h.srv.Restart(t)
	h.ends()
}

func TestAStatementThatTakesTooLongIsRefusedByTheServer(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	s := open(t, o)
	slow := *o
	slow.StatementTimeout = 50 * time.Millisecond
	hurried := open(t, &slow)
	held := commitOf(counter("a"), 0, 1)
	h := pgstore.Hold(t, s, &held)
	h.Place()
	r := one(t, hurried, commitOf(counter("b"), 0, 2)) // waits for the lock
	if r.Outcome != stores.Refused || !errors.Is(r.Err, stores.ErrUnavailable) {
		t.Errorf("it is %s (%v), want refused", r.Outcome, r.Err)
	}
	h.Commit()
	mustApply(t, hurried, commitOf(counter("b"), 0, 2))
	storetest.Verify(t, s)
}

func TestACallerWaitsForAConnectionNoLongerThanItWants(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	o.MaxConns = 1
	s := open(t, o)
	held := commitOf(counter("a"), 0, 1)
	h := pgstore.Hold(t, s, &held) // has the only connection
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	r := s.Append(ctx, stores.Fence{}, []stores.Commit{commitOf(counter("b"), 0, 2)})[0]
	if r.Outcome != stores.Refused || !errors.Is(r.Err, context.DeadlineExceeded) || !errors.Is(r.Err, stores.ErrUnavailable) {
		t.Errorf("it is %s (%v), want refused", r.Outcome, r.Err)
	}
	h.Place()
	h.Commit()
	mustApply(t, s, commitOf(counter("b"), 0, 2))
}

func TestAStandbyIsNoPlaceForAStore(t *testing.T) {
	t.Parallel()
	primary, standby := pgtest.Start(t, nil), pgtest.Start(t, nil)
	o := standby.Options(t)
	mustApply(t, open(t, o), commitOf(counter("a"), 0, 1))
	standby.Demote(t)
	for _, attrs := range []string{"", "primary", "read-write"} {
		o := *o
		if attrs != "" {
			o.Params = map[string]string{"target_session_attrs": attrs}
		}
		if s, err := pgstore.Open(t.Context(), &o); !errors.Is(err, stores.ErrUnavailable) {
			t.Errorf("open with %q: %v, %v, want %v", attrs, s, err, stores.ErrUnavailable)
		}
	}
	other := primary.Options(t)
	o.Host, o.Port = o.Host+","+other.Host, o.Port+","+other.Port
	mustApply(t, open(t, o), commitOf(counter("a"), 0, 1)) // the log of the other one
}

func TestANetworkThatSwallowsEverythingHoldsNobodyForEver(t *testing.T) {
	t.Parallel()
	p := proxy.Start(t, server.Addr)
	o := through(t, server.Options(t), p)
	o.StatementTimeout = 200 * time.Millisecond
	s := mustOpen(t, o)
	mustApply(t, s, commitOf(counter("a"), 0, 1))
	p.Hang()
	head, put := make(chan error), make(chan stores.Result)
	go func() { _, err := s.Head(context.Background()); head <- err }()
	go func() { put <- one(t, s, commitOf(counter("b"), 0, 1)) }()
	if err := <-head; !errors.Is(err, stores.ErrUnavailable) {
		t.Errorf("head: %v, want %v", err, stores.ErrUnavailable)
	}
	if r := <-put; r.Outcome != stores.Unknown && r.Outcome != stores.Refused || !errors.Is(r.Err, stores.ErrUnavailable) {
		t.Errorf("append: %s (%v), want unknown or refused", r.Outcome, r.Err)
	}
	go func() { _, err := s.Head(context.Background()); head <- err }()
	time.Sleep(10 * time.Millisecond) // it may be on its way, or not have begun
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	if err := <-head; !errors.Is(err, stores.ErrClosed) {
		t.Errorf("a read while the store closes: %v, want %v", err, stores.ErrClosed)
	}
	p.Cut() // the client takes 15 s to give up the connections
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestADeadlineHoldsWhileAnotherAsksForNumbers(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	p := proxy.Start(t, server.Addr)
	s := open(t, through(t, o, p))
	mustApply(t, s, commitOf(counter("a"), 0, 1))
	pgstore.Spend(s)
	p.Hang()
	first, cancel := context.WithCancel(t.Context())
	asks := make(chan stores.Result)
	go func() { asks <- s.Append(first, stores.Fence{}, []stores.Commit{commitOf(counter("b"), 0, 1)})[0] }()
	for range 3 {
		ctx, done := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if r := s.Append(ctx, stores.Fence{}, []stores.Commit{commitOf(counter("c"), 0, 1)})[0]; !errors.Is(r.Err, context.DeadlineExceeded) {
			t.Errorf("%s (%v), want an end by the deadline", r.Outcome, r.Err)
		}
		done()
	}
	cancel()
	<-asks
	p.Resume()
}
