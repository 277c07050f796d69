package pgstore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/eshost/eshost/stores"
)

var errFenced = errors.New("a newer epoch has been named for its slice, or the fence does not hold for it")

// explain finds out why the log did not take commits: a duplicate, which comes
// before everything else, a fence, or a conflict.
func (a *call) explain(ctx context.Context) {
	if len(a.missing) == 0 {
		return
	}
	duplicates, err := a.lookup(ctx)
	if err != nil {
		// They were not written now. Whether an earlier try of the same commit was cannot be told.
		a.refuseAll(a.missing, stores.Unknown, a.s.failure(fmt.Errorf("look for the commit in the log: %w", err)))
		return
	}
	if len(duplicates) == 0 {
		return
	}
	if err := a.s.flush(ctx); err != nil {
		a.refuseAll(duplicates, stores.Unknown, a.s.failure(fmt.Errorf("the commit is in the log, and may not be durable: %w", err)))
	}
}

// lookup gives the missing commits their results, and returns which of them are duplicates.
func (a *call) lookup(ctx context.Context) (duplicates []int, err error) {
	rows, err := a.ask(ctx)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	at := 0
	for ; rows.Next() && at < len(a.missing); at++ {
		i, v := a.missing[at], rows.RawValues()
		same, err := a.is(i, v)
		newer := v[rowRecord+1]
		switch {
		case err != nil: // there is something, and what cannot be told
			a.refuse(i, stores.Unknown, err)
		case same:
			p := place{uint64Value(v[rowPosition]), uint64Value(v[rowMark]), uint32Value(v[rowPlace]), uint32(len(a.commits[i].Events) - 1)}
			a.results[i] = stores.Result{Outcome: stores.Duplicate, Head: tokenOf(a.commits[i].Expected), Place: p.position()}
			duplicates = append(duplicates, i)
		case a.outside(i) || a.fence.Epoch != 0 && len(newer) == 1 && newer[0] == 1:
			a.refuse(i, stores.Fenced, errFenced)
		default:
			a.results[i] = stores.Result{Outcome: stores.Conflict}
		}
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if at < len(a.missing) {
		return nil, fmt.Errorf("the server answered %d of %d questions", at, len(a.missing))
	}
	return duplicates, nil
}

// ask asks for the rows at the numbers of the missing commits.
func (a *call) ask(ctx context.Context) (pgx.Rows, error) {
	n := len(a.missing)
	types, ids, firsts, slices, sums := make([]string, n), make([]string, n), make([]int64, n), make([]int16, n), make([][]byte, n)
	var b []byte
	for at, i := range a.missing {
		c := &a.commits[i]
		types[at], ids[at], firsts[at], slices[at] = c.Entity.Type, c.Entity.ID, int64(c.Expected+1), int16(c.Entity.Slice())
		b = stores.AppendRecord(b[:0], c, a.conn.plugins.number(c.Plugin))
		sum := sha256.Sum256(b)
		sums[at] = sum[:]
	}
	return a.s.pool.Query(ctx, a.s.sql.lookup, types, ids, firsts, slices, sums, strconv.FormatUint(a.fence.Epoch, 10))
}

// is reports whether a row is the commit. A record that is not sent has the commit's very bytes.
func (a *call) is(i int, v [][]byte) (bool, error) {
	if v[rowFirst] == nil {
		return false, nil
	}
	c := &a.commits[i]
	if v[rowRecord] != nil {
		var rec stores.Record
		if _, err := stores.DecodeRecord(v[rowRecord], c.Entity, c.Expected, &rec); err != nil || rec.ID != c.ID {
			return false, err
		}
	}
	if v[rowPosition] == nil {
		return false, fmt.Errorf("%w: the row from number %d on has no place in the feed", stores.ErrCorrupt, c.Expected+1)
	}
	return true, nil
}
