package pgstore

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eshost/eshost/stores"
)

// Held is an append that stands still on its way.
type Held struct {
	t      testing.TB
	s      *Store
	tx     pgx.Tx
	number int64
}

// Hold does with a commit what Append does, up to where it would take the log's lock.
func Hold(t testing.TB, s *Store, c *stores.Commit) *Held {
	t.Helper()
	ctx := context.Background()
	conn, err := s.session(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	number, err := conn.batches.next(ctx, s, conn)
	if err == nil {
		err = conn.plugins.note(ctx, s, conn, []stores.Commit{*c}, []int{0})
	}
	if err != nil {
		t.Fatal(err)
	}
	record := stores.AppendRecord(nil, c, conn.plugins.number(c.Plugin))
	conn.Release()
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tx.Exec(ctx, s.sql.insert.text, []string{c.Entity.Type}, []string{c.Entity.ID}, []int64{int64(before(c.Head))}, []int64{int64(c.Expected + 1)}, []int64{int64(c.Seq())},
		[]int16{int16(c.Entity.Slice())}, [][]byte{record}, number)
	if err != nil {
		t.Fatal(err)
	}
	return &Held{t, s, tx, number}
}

// Place takes the log's lock and the next position, and still does not commit.
func (h *Held) Place() {
	h.t.Helper()
	if _, err := h.tx.Exec(context.Background(), h.s.sql.order.text, h.s.lock, h.number); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.tx.Exec(context.Background(), h.s.sql.place.text, h.number, h.number); err != nil {
		h.t.Fatal(err)
	}
}

// Commit commits, if Place was called before.
func (h *Held) Commit() {
	h.t.Helper()
	if err := h.tx.Commit(context.Background()); err != nil {
		h.t.Fatal(err)
	}
}

// Channel is what notifications of the store's log are sent under.
func (s *Store) Channel() string { return s.channel() }

// DurabilityOf is the level that settings of a server give.
func DurabilityOf(fsync, commit, standbys string) stores.Durability {
	level, _ := server{fsync, commit, standbys}.durability()
	return level
}

// ReadStatements are the texts of what reads the log, by name.
func (s *Store) ReadStatements() map[string]string {
	return map[string]string{"scan": s.sql.scan, "head": s.sql.head, "read": s.sql.read, "entities": s.sql.entities, "heads": s.sql.heads, "lookup": s.sql.lookup,
		"insert": s.sql.insert.text, "insert fenced": s.sql.insertFenced.text, "order": s.sql.order.text, "place": s.sql.place.text, "load snapshots": s.sql.snapshotLoad}
}

// Settings is what begins the store's sessions.
func (s *Store) Settings() string { return s.o.settings() }

// Deallocate makes the server forget the statements of one of the pool's connections.
func Deallocate(t testing.TB, s *Store) {
	t.Helper()
	if _, err := s.pool.Exec(context.Background(), "DEALLOCATE ALL", pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
}

// Spend uses up the numbers of batches that the store has taken.
func Spend(s *Store) {
	b := &s.known.Load().batches
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at = b.until
}

// StatementNames are the names under which the server keeps the statements of transactions.
func (s *Store) StatementNames() []string {
	return []string{s.sql.insert.name, s.sql.insertFenced.name, s.sql.order.name, s.sql.place.name}
}

// Refuses reports whether an error proves that nothing was written.
func Refuses(err error) bool { return refuses(err) }

// Migrations are the texts that make the tables, by name.
func Migrations(t testing.TB) map[string]string {
	t.Helper()
	all, err := migrations.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	texts := make(map[string]string)
	for _, f := range all {
		text, err := migrations.ReadFile("migrations/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		texts[f.Name()] = string(text)
	}
	return texts
}

// Waiting counts the sessions that wait for one of the store's two locks.
func (s *Store) Waiting(t testing.TB, conn *pgx.Conn) (n int) {
	t.Helper()
	err := conn.QueryRow(context.Background(), `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid::bigint << 32 | objid::bigint IN ($1, $2)`, s.lock, s.fence).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Listen makes a connection that is told of commits; Rest returns when there may be more.
func (s *Store) Listen() *pgx.Conn { return s.listen() }

// Rest is Store.rest.
func (s *Store) Rest(conn *pgx.Conn) { s.rest(conn) }
