package replay

import (
	"context"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// reader reads an entity's events, up to a number.
type reader struct {
	log  stores.Log
	id   stores.EntityID
	read uint64    // of the last event read; at first, of the one to begin after
	to   uint64    // the number to end at; 0: the durable head
	time time.Time // of the commit of the last event read
}

// records calls f with each record, cut off at the end. It is valid until f returns.
func (r *reader) records(ctx context.Context, f func(*stores.Record) error) error {
	if r.to > 0 && r.read >= r.to {
		return nil
	}
	for rec, err := range r.log.Read(ctx, r.id, r.read) {
		if err != nil {
			return err
		}
		if err := entity.Follows(rec, r.read, r.id); err != nil {
			return err
		}
		if r.to > 0 && rec.Seq() > r.to {
			part := *rec
			part.Events = rec.Events[:r.to-rec.Expected]
			rec = &part
		}
		if err := f(rec); err != nil {
			return err
		}
		r.read, r.time = rec.Seq(), rec.Time
		if r.read == r.to {
			return nil
		}
	}
	return nil
}

// chunks calls fold with chunks of the events. The chunk's size is as the recovery, which
// is the first to fold it, or the chunk's own limit has it.
func (r *reader) chunks(ctx context.Context, c *entity.Chunk, first *entity.Recovery, fold func(*entity.Chunk) error) error {
	c.Reset()
	c.Again(first)
	err := r.records(ctx, func(rec *stores.Record) error {
		i := 0
		if rec.Expected < r.read {
			i = int(r.read - rec.Expected)
		}
		for i < len(rec.Events) {
			i = c.Add(rec, i)
			if c.Full() {
				if err := fold(c); err != nil {
					return err
				}
				c.Reset()
				c.Again(first)
			}
		}
		return nil
	})
	if err == nil && !c.Empty() {
		err = fold(c)
	}
	return err
}
