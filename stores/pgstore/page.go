package pgstore

import (
	"context"
	"fmt"

	"github.com/eshost/eshost/stores"
)

// How much of an answer is fetched at once: the connection is given back
// before the first record of a page is shown, however long its reader takes. A
// page ends with the record that makes it pageBytes.
const (
	pageRows  = 1024
	pageBytes = 4 << 20
)

// row is a commit's row in a page.
type row struct {
	first, last uint64
	at          place // without the event
	commits     uint32
	entity      stores.EntityID
	from, to    int // the record in the page's bytes
}

// page is a part of an answer.
type page struct {
	rows  []row
	b     []byte
	full  bool   // there may be more
	known *known // when it was read
}

// fetch runs a query for at most pageRows rows and pageBytes bytes, which are its last arguments. Entity is that of all
// rows unless they name theirs.
func (s *Store) fetch(ctx context.Context, p *page, entity stores.EntityID, sql string, args ...any) error {
	ctx, leave, err := s.look(ctx)
	if err != nil {
		return err
	}
	defer leave()
	conn, err := s.session(ctx)
	if err != nil {
		return s.failure(err)
	}
	defer conn.Release()
	if err := conn.plugins.begin(ctx, s, conn); err != nil {
		return s.failure(err)
	}
	p.rows, p.b, p.known = p.rows[:0], p.b[:0], conn.known
	rows, err := conn.Query(ctx, sql, append(args, pageRows, pageBytes)...)
	if err != nil {
		return s.failure(err)
	}
	defer rows.Close()
	for rows.Next() {
		v := rows.RawValues()
		r := row{first: uint64Value(v[rowFirst]), last: uint64Value(v[rowLast]), at: place{group: uint64Value(v[rowPosition]), mark: uint64Value(v[rowMark]), member: uint32Value(v[rowPlace])}, entity: entity, from: len(p.b)}
		if len(v) > rowType {
			r.entity, r.commits = p.entity(v[rowType], v[rowID]), uint32Value(v[rowCommits])
		}
		p.b = append(p.b, v[rowRecord]...)
		r.to = len(p.b)
		p.rows = append(p.rows, r)
	}
	p.full = len(p.rows) == pageRows || len(p.b) >= pageBytes
	return s.failure(rows.Err())
}

// entity returns an entity's id: neighbours often have the same type, or are the same.
func (p *page) entity(typ, id []byte) (e stores.EntityID) {
	if len(p.rows) > 0 {
		e = p.rows[len(p.rows)-1].entity
	}
	if e.Type != string(typ) {
		e.Type = string(typ)
	}
	if e.ID != string(id) {
		e.ID = string(id)
	}
	return e
}

// record decodes a row.
func (s *Store) record(ctx context.Context, d *stores.Decoder, p *page, r *row, rec *stores.Record) error {
	if r.first == 0 || r.at.group == 0 || r.at.member == 0 {
		return fmt.Errorf("%w: the row from number %d on has no place in the feed", stores.ErrCorrupt, r.first)
	}
	number, err := d.Record(p.b[r.from:r.to:r.to], r.entity, r.first-1, rec)
	if err != nil {
		return err
	}
	if rec.Seq() != r.last {
		return fmt.Errorf("%w: the record ends at %d, its row says %d", stores.ErrCorrupt, rec.Seq(), r.last)
	}
	if rec.Plugin, err = s.digest(ctx, p.known, number); err != nil {
		return err
	}
	rec.Head = tokenOf(rec.Expected)
	r.at.event = uint32(len(rec.Events) - 1)
	rec.Place = r.at.position()
	return nil
}
