package pgstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eshost/eshost/stores"
)

// binaryFormat is the format code of all parameters and results.
var binaryFormat = []int16{1}

// write inserts the batch in one transaction, gives its commits their results,
// and begins the next batch. What the log did not take is missing from then on.
func (a *call) write(ctx context.Context) {
	b := &a.batch
	if len(b.members) == 0 {
		return
	}
	places, group, err := a.s.insert(ctx, b, a.fence.Epoch)
	if err != nil {
		outcome := stores.Unknown
		if refuses(err) {
			outcome = stores.Refused
		}
		a.refuseAll(b.members, outcome, failure(err))
	} else {
		a.applied(places, group)
	}
	b.reset()
	b.members = b.members[:0]
}

// applied gives the commits at the places their results. Places are in order.
func (a *call) applied(places []uint32, group uint64) {
	b := &a.batch
	prefix := a.s.places + strconv.FormatUint(group, 10) + "."
	var end place
	for at, i := range b.members {
		member := uint32(at + 1)
		if len(places) == 0 || places[0] != member {
			a.missing = append(a.missing, i)
			continue
		}
		places = places[1:]
		event := uint32(len(a.commits[i].Events) - 1)
		a.results[i] = stores.Result{Outcome: stores.Applied, Head: tokenOf(a.commits[i].Expected), Place: stores.NewPosition(prefix+strconv.FormatUint(uint64(member), 10), event)}
		end = place{group, member, event}
	}
	if end.group != 0 {
		a.s.feed.appended(end)
	}
}

// insert runs the transaction. It returns the places of the commits that were inserted, and the
// position of their group.
func (s *Store) insert(ctx context.Context, b *batch, epoch uint64) (places []uint32, group uint64, err error) {
	notSent := func(err error) ([]uint32, uint64, error) { return nil, 0, fmt.Errorf("%w: %w", errNotSent, err) }
	number, err := s.batches.next(ctx, s)
	if err != nil {
		return notSent(err)
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return notSent(err)
	}
	defer conn.Release()
	t := transaction{conn: conn.Conn().PgConn()}
	params := [][]byte{b.types.bytes(), b.ids.bytes(), b.befores.bytes(), b.firsts.bytes(), b.lasts.bytes(), b.slices.bytes(), b.records.bytes(), int64Param(number)}
	if epoch == 0 {
		t.add("insert", s.sql.insert, params...)
	} else {
		t.add("shared", `SELECT pg_advisory_xact_lock_shared($1::int8)`, int64Param(s.fence))
		t.add("insert_fenced", s.sql.insertFenced, append(params, strconv.AppendUint(nil, epoch, 10))...)
	}
	t.add("order", s.sql.order, int64Param(s.lock))
	t.add("place", s.sql.place, int64Param(number))
	if err := t.prepare(ctx, conn.Conn()); err != nil {
		return notSent(err)
	}
	err = t.run(ctx, func(step string, value []byte) {
		switch step {
		case "place":
			group = binary.BigEndian.Uint64(value)
		case "insert", "insert_fenced":
			places = append(places, binary.BigEndian.Uint32(value))
		}
	})
	if err == nil && len(places) > 0 && group == 0 {
		err = errors.New("the server gave the commits no position")
	}
	return places, group, err
}

// transaction is a sequence of statements that is sent in one go, and
// committed by its end.
type transaction struct {
	conn  *pgconn.PgConn
	steps []step
}

type step struct {
	name, sql string
	params    [][]byte
	described *pgconn.StatementDescription
}

func (t *transaction) add(name, sql string, params ...[]byte) {
	t.steps = append(t.steps, step{name: name, sql: sql, params: params})
}

// prepare makes the connection know the statements, which takes no time but at first.
func (t *transaction) prepare(ctx context.Context, conn *pgx.Conn) (err error) {
	for i := range t.steps {
		st := &t.steps[i]
		if st.described, err = conn.Prepare(ctx, "eshost_"+st.name, st.sql); err != nil {
			return err
		}
	}
	return nil
}

// run sends all statements and calls each with the first column of every row.
// Only when it returns nil the transaction is committed.
func (t *transaction) run(ctx context.Context, each func(step string, value []byte)) (err error) {
	p := t.conn.StartPipeline(ctx)
	for i := range t.steps {
		p.SendQueryStatement(t.steps[i].described, t.steps[i].params, binaryFormat, binaryFormat)
	}
	if err = p.Sync(); err == nil {
		for i := range t.steps {
			var result any
			if result, err = p.GetResults(); err != nil {
				break
			}
			if err = rows(result, func(value []byte) { each(t.steps[i].name, value) }); err != nil {
				break
			}
		}
	}
	if closed := p.Close(); err == nil { // only here does the server say that it has committed
		err = closed
	}
	if outdated(err) {
		_ = t.conn.Close(ctx)
	}
	return err
}

func rows(result any, each func(value []byte)) error {
	reader, ok := result.(*pgconn.ResultReader)
	if !ok {
		return fmt.Errorf("the client gave %T instead of rows", result)
	}
	for reader.NextRow() {
		each(reader.Values()[0])
	}
	_, err := reader.Close()
	return err
}
