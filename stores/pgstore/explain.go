package pgstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/eshost/eshost/stores"
)

var errFenced = errors.New("a newer epoch has been named for its slice, or the fence does not hold for it")

// explain finds out why the log did not take commits: a duplicate, which comes
// before everything else, a fence, or a conflict.
func (a *call) explain(ctx context.Context) {
	if len(a.missing) == 0 {
		return
	}
	if err := a.lookup(ctx); err != nil {
		// They were not written now. Whether an earlier try of the same commit was cannot be told.
		a.refuseAll(a.missing, stores.Unknown, failure(fmt.Errorf("look for the commit in the log: %w", err)))
	}
}

func (a *call) lookup(ctx context.Context) error {
	n := len(a.missing)
	types, ids, firsts, slices := make([]string, n), make([]string, n), make([]int64, n), make([]int16, n)
	for at, i := range a.missing {
		c := &a.commits[i]
		types[at], ids[at], firsts[at], slices[at] = c.Entity.Type, c.Entity.ID, int64(c.Expected+1), int16(c.Entity.Slice())
	}
	rows, err := a.s.pool.Query(ctx, a.s.sql.lookup, types, ids, firsts, slices, strconv.FormatUint(a.fence.Epoch, 10))
	if err != nil {
		return err
	}
	defer rows.Close()
	var d stores.Decoder
	var rec stores.Record
	at := 0
	for ; rows.Next() && at < n; at++ {
		i := a.missing[at]
		c, values := &a.commits[i], rows.RawValues()
		if values[rowPosition] != nil {
			_, err := d.Record(values[rowRecord], c.Entity, c.Expected, &rec)
			if err == nil && rec.ID == c.ID {
				p := place{uint64Value(values[rowPosition]), uint32Value(values[rowPlace]), uint32(len(rec.Events) - 1)}
				a.results[i] = stores.Result{Outcome: stores.Duplicate, Head: tokenOf(c.Expected), Place: a.s.position(p)}
				continue
			}
		}
		if newer := values[rowRecord+1]; a.outside(i) || a.fence.Epoch != 0 && len(newer) == 1 && newer[0] == 1 {
			a.refuse(i, stores.Fenced, errFenced)
		} else {
			a.results[i] = stores.Result{Outcome: stores.Conflict}
		}
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return err
	}
	if at < n {
		return fmt.Errorf("the server answered %d of %d questions", at, n)
	}
	return nil
}
