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
	number, err := s.batches.next(ctx, s)
	if err == nil {
		err = s.plugins.note(ctx, s, []stores.Commit{*c}, []int{0})
	}
	if err != nil {
		t.Fatal(err)
	}
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	record := stores.AppendRecord(nil, c, s.plugins.number(c.Plugin))
	_, err = tx.Exec(ctx, s.sql.insert, []string{c.Entity.Type}, []string{c.Entity.ID}, []int64{int64(before(c.Head))}, []int64{int64(c.Expected + 1)}, []int64{int64(c.Seq())},
		[]int16{int16(c.Entity.Slice())}, [][]byte{record}, number)
	if err != nil {
		t.Fatal(err)
	}
	return &Held{t, s, tx, number}
}

// Place takes the log's lock and the next position, and still does not commit.
func (h *Held) Place() {
	h.t.Helper()
	if _, err := h.tx.Exec(context.Background(), h.s.sql.order, h.s.lock); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.tx.Exec(context.Background(), h.s.sql.place, h.number); err != nil {
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
