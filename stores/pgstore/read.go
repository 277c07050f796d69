package pgstore

import (
	"context"
	"fmt"
	"iter"
	"math"

	"github.com/jackc/pgx/v5"

	"github.com/eshost/eshost/stores"
)

// Heads implements stores.Log.
func (s *Store) Heads(ctx context.Context, ids []stores.EntityID) ([]stores.Head, error) {
	ctx, leave, err := s.look(ctx)
	if err != nil {
		return nil, fmt.Errorf("read heads: %w", err)
	}
	defer leave()
	heads := make([]stores.Head, len(ids))
	if len(ids) == 0 {
		return heads, nil
	}
	types, names := split(ids)
	rows, err := s.pool.Query(ctx, s.sql.heads, types, names)
	if err != nil {
		return nil, fmt.Errorf("read heads: %w", s.failure(err))
	}
	n := 0
	var first, last int64
	_, err = pgx.ForEachRow(rows, []any{&first, &last}, func() error {
		if first > 0 {
			heads[n] = stores.Head{Seq: uint64(last), Token: tokenOf(uint64(first) - 1)}
		}
		n++
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read heads: %w", s.failure(err))
	}
	return heads, nil
}

func split(ids []stores.EntityID) (types, names []string) {
	types, names = make([]string, len(ids)), make([]string, len(ids))
	for i := range ids {
		if ids[i].Validate() == nil { // no other has records
			types[i], names[i] = ids[i].Type, ids[i].ID
		}
	}
	return types, names
}

// Read implements stores.Log.
func (s *Store) Read(ctx context.Context, id stores.EntityID, after uint64) iter.Seq2[*stores.Record, error] {
	return func(yield func(*stores.Record, error) bool) {
		r := reader{s: s, id: id, after: after, next: after + 1}
		if err := r.run(ctx, yield); err != nil {
			yield(nil, &stores.EntityError{Op: "read", Entity: id, Seq: r.at, Err: err})
		}
	}
}

// reader goes through one entity's records.
type reader struct {
	s       *Store
	id      stores.EntityID
	after   uint64
	next    uint64 // the number that the next page is to hold
	at      uint64 // the number that an error concerns; 0: none
	page    page
	decoder stores.Decoder
	rec     stores.Record
}

func (r *reader) run(ctx context.Context, yield func(*stores.Record, error) bool) error {
	if err := r.id.Validate(); err != nil {
		return err
	}
	until := uint64(math.MaxInt64)
	for first := true; r.next > 0 && r.next <= until; first = false {
		err := r.s.fetch(ctx, &r.page, r.id, r.s.sql.read, r.id.Type, r.id.ID, int64(r.next), int64(until))
		if err != nil {
			return err
		}
		full := r.page.full
		if first && full { // it may be written to faster than it is read
			heads, err := r.s.Heads(ctx, []stores.EntityID{r.id})
			if err != nil {
				return err
			}
			until = heads[0].Seq
		}
		for i := range r.page.rows {
			more, err := r.show(ctx, &r.page.rows[i], first && i == 0, yield)
			if err != nil || !more {
				return err
			}
		}
		if !full {
			break
		}
	}
	return ctx.Err()
}

// show yields a row's record.
func (r *reader) show(ctx context.Context, row *row, first bool, yield func(*stores.Record, error) bool) (more bool, err error) {
	if err := r.s.stop(ctx); err != nil {
		return false, err
	}
	if row.first > r.next || row.first < r.next && !first {
		r.at = r.next
		return false, fmt.Errorf("%w: the record is missing, the next one begins at %d", stores.ErrCorrupt, row.first)
	}
	r.at = row.first
	if err := r.s.record(ctx, &r.decoder, &r.page, row, &r.rec); err != nil {
		return false, err
	}
	r.at = 0
	r.next = max(r.next, row.last+1)
	return row.last <= r.after || yield(&r.rec, nil), nil
}

// stop says why a read must not go on.
func (s *Store) stop(ctx context.Context) error {
	if s.closing.Load() {
		return stores.ErrClosed
	}
	return ctx.Err()
}

// entitiesPage is how many ids are fetched at once.
const entitiesPage = 4096

// Entities implements stores.Log.
func (s *Store) Entities(ctx context.Context, typ, after string) iter.Seq2[stores.EntityID, error] {
	return func(yield func(stores.EntityID, error) bool) {
		after := after
		if !holds(typ) {
			return // no entity has it
		}
		if !holds(after) {
			yield(stores.EntityID{}, fmt.Errorf("list entities of type %s after %.80q: %w: an id is UTF-8 without control characters", typ, after, stores.ErrInvalidID))
			return
		}
		for {
			ids, err := s.entities(ctx, typ, after)
			if err != nil {
				yield(stores.EntityID{}, fmt.Errorf("list entities of type %s: %w", typ, err))
				return
			}
			for _, id := range ids {
				if err := s.stop(ctx); err != nil {
					yield(stores.EntityID{}, fmt.Errorf("list entities of type %s: %w", typ, err))
					return
				}
				if after = id; !yield(stores.EntityID{Type: typ, ID: id}, nil) {
					return
				}
			}
			if len(ids) < entitiesPage {
				return
			}
		}
	}
}

func (s *Store) entities(ctx context.Context, typ, after string) ([]string, error) {
	ctx, leave, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	rows, err := s.pool.Query(ctx, s.sql.entities, typ, after, entitiesPage)
	if err != nil {
		return nil, s.failure(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return ids, s.failure(err)
}

// Kinds implements stores.Log.
func (s *Store) Kinds(ctx context.Context, typ string) ([]stores.Kind, error) {
	fail := func(err error) ([]stores.Kind, error) {
		return nil, fmt.Errorf("list kinds of type %s: %w", typ, s.failure(err))
	}
	if !holds(typ) {
		return nil, nil // no entity has it
	}
	ctx, leave, err := s.look(ctx)
	if err != nil {
		return nil, fmt.Errorf("list kinds of type %s: %w", typ, err)
	}
	defer leave()
	rows, err := s.pool.Query(ctx, s.sql.kindList, typ)
	if err != nil {
		return fail(err)
	}
	var all []stores.Kind
	var name string
	var version int64
	_, err = pgx.ForEachRow(rows, []any{&name, &version}, func() error {
		all = append(all, stores.Kind{Name: name, Version: uint32(version)})
		return nil
	})
	if err != nil {
		return fail(err)
	}
	return all, nil
}
