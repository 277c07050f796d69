package pgstore

import (
	"context"
	"strconv"
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
func Hold(t testing.TB, s *Store, c *stores.Commit) *Held { t.Helper(); return HoldFenced(t, s, c, 0) }

// HoldFenced is Hold under a fence's epoch, which somebody has named; 0: none.
func HoldFenced(t testing.TB, s *Store, c *stores.Commit, epoch uint64) *Held {
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
	text, params := s.sql.insert.text, []any{[]string{c.Entity.Type}, []string{c.Entity.ID}, []int64{int64(before(c.Head))}, []int64{int64(c.Expected + 1)}, []int64{int64(c.Seq())},
		[]int16{int16(c.Entity.Slice())}, [][]byte{record}, number}
	if epoch != 0 {
		if _, err := tx.Exec(ctx, s.sql.shared.text, s.fence); err != nil {
			t.Fatal(err)
		}
		text, params = s.sql.insertFenced.text, append(params, strconv.FormatUint(epoch, 10))
	}
	if _, err = tx.Exec(ctx, text, params...); err != nil {
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
