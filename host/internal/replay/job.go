package replay

import (
	"context"
	"iter"
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/eshost/eshost/stores"
)

// Job says which entities are compared, and how.
type Job struct {
	Pair
	// Until is where in the log it ends: events behind it are not looked at. The
	// zero Position: each entity is compared up to where it is when it is its turn.
	Until    stores.Position
	IDs      []string // of the entities; nil: all that there are
	Sample   float64  // share of them, above 0 and up to 1; 0: all. The same entities each time
	Seq      uint64   // of each entity, to end at; 0: its last event
	Decide   bool     // recorded commands are decided again by the new plugin, too
	Examples int      // of findings, and of decisions, that are given; 0: 10
}

// selects reports whether the entity is in the sample.
func (j *Job) selects(id stores.EntityID) bool {
	if j.Sample <= 0 || j.Sample >= 1 {
		return true
	}
	return xxhash.Sum64String(id.ID) < uint64(j.Sample*math.MaxUint64)
}

// entities yields those of the job.
func (j *Job) entities(ctx context.Context, log stores.Log) iter.Seq2[stores.EntityID, error] {
	typ := j.New.Type.Name
	return func(yield func(stores.EntityID, error) bool) {
		if j.IDs != nil {
			for _, id := range j.IDs {
				if !yield(stores.EntityID{Type: typ, ID: id}, nil) {
					return
				}
			}
			return
		}
		for id, err := range log.Entities(ctx, typ, "") {
			if err != nil {
				yield(id, err)
				return
			}
			if j.selects(id) && !yield(id, nil) {
				return
			}
		}
	}
}
