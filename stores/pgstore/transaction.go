package pgstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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
	places, group, err := a.s.insert(ctx, a.conn, b, a.fence.Epoch)
	if err != nil {
		outcome := stores.Unknown
		if refuses(err) {
			outcome = stores.Refused
		}
		a.refuseAll(b.members, outcome, a.s.failure(err))
	} else {
		a.applied(places, group)
	}
	b.reset()
	b.members = b.members[:0]
}

// applied gives the commits at the places of the group their results. Places are in order.
func (a *call) applied(places []uint32, group place) {
	b := &a.batch
	prefix := strconv.FormatUint(group.group, 10) + "." + strconv.FormatUint(group.mark, 36) + "."
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
		end = place{group.group, group.mark, member, event}
	}
	if end.group != 0 {
		a.s.feed.appended(end)
	}
}

// insert runs the transaction. It returns the places of the commits that were inserted, and their group.
func (s *Store) insert(ctx context.Context, conn session, b *batch, epoch uint64) (places []uint32, group place, err error) {
	number, err := conn.batches.next(ctx, s, conn)
	if err != nil {
		return nil, place{}, fmt.Errorf("%w: %w", errNotSent, err)
	}
	group.mark = rand.Uint64()
	t := transaction{conn: conn.Conn.Conn()}
	took := func(value []byte) { places = append(places, uint32Value(value)) }
	params := [][]byte{b.types.bytes(), b.ids.bytes(), b.befores.bytes(), b.firsts.bytes(), b.lasts.bytes(), b.slices.bytes(), b.records.bytes(), int64Param(number)}
	if epoch == 0 {
		t.add(s.sql.insert, took, params...)
	} else {
		t.add(s.sql.shared, nil, int64Param(s.fence))
		t.add(s.sql.insertFenced, took, append(params, strconv.AppendUint(nil, epoch, 10))...)
	}
	t.add(s.sql.order, nil, int64Param(s.lock), int64Param(number))
	t.add(s.sql.place, func(value []byte) { group.group = uint64Value(value) }, int64Param(number), int64Param(int64(group.mark)))
	err = t.run(ctx)
	if err == nil && len(places) > 0 && group.group == 0 {
		err = errors.New("the server gave the commits no position")
	}
	return places, group, err
}

// flush returns when all that was committed before is as durable as the server makes it. A commit may be seen before
// that, when somebody gave up waiting for it.
func (s *Store) flush(ctx context.Context) error {
	conn, err := s.session(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	t := transaction{conn: conn.Conn.Conn()}
	t.add(s.sql.flush, nil)
	return t.run(ctx)
}

// transaction is a sequence of statements that is sent in one go, and
// committed by its end.
type transaction struct {
	conn  *pgx.Conn
	steps []step
}

type step struct {
	statement
	each      func(value []byte) // takes the first column of a row; nil: nobody
	params    [][]byte
	described *pgconn.StatementDescription
}

func (t *transaction) add(s statement, each func(value []byte), params ...[]byte) {
	t.steps = append(t.steps, step{statement: s, each: each, params: params})
}

// warned is set in a connection's data when the server has warned. Of the store's statements it does so only
// when it gives up waiting for a standby.
const warned = "eshost_warned"

// run makes the connection know the statements, which takes no time but at first, and sends them all. Only when it
// returns nil the transaction is committed, with the durability that the server is set to.
func (t *transaction) run(ctx context.Context) (err error) {
	for i := range t.steps {
		st := &t.steps[i]
		if st.described, err = t.conn.Prepare(ctx, st.name, st.text); err != nil {
			return fmt.Errorf("%w: %w", errNotSent, err)
		}
	}
	conn := t.conn.PgConn()
	delete(conn.CustomData(), warned)
	p := conn.StartPipeline(ctx)
	for i := range t.steps {
		p.SendQueryStatement(t.steps[i].described, t.steps[i].params, binaryFormat, binaryFormat)
	}
	if err = p.Sync(); err == nil {
		err = t.receive(p)
	}
	if closed := p.Close(); err == nil { // only here does the server say that it has committed
		err = closed
	}
	if _, ok := conn.CustomData()[warned]; ok && err == nil {
		err = errLocal
	}
	if outdated(err) {
		_ = conn.Close(ctx)
	}
	return err
}

func (t *transaction) receive(p *pgconn.Pipeline) error {
	for i := range t.steps {
		result, err := p.GetResults()
		if err != nil {
			return err
		}
		rows, ok := result.(*pgconn.ResultReader)
		if !ok {
			return fmt.Errorf("the client gave %T instead of rows", result)
		}
		for rows.NextRow() {
			if each := t.steps[i].each; each != nil {
				each(rows.Values()[0])
			}
		}
		if _, err := rows.Close(); err != nil {
			return err
		}
	}
	return nil
}
