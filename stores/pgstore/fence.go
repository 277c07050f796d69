package pgstore

import (
	"context"
	"strconv"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/eshost/eshost/stores"
)

// raised remembers fences whose epoch has been named to the log. Epochs only
// grow, so what was once raised stays so.
type raised struct {
	mu     sync.Mutex
	fences map[stores.Fence]struct{}
}

// raisedKept bounds raised.fences; past it all are forgotten.
const raisedKept = 1024

func (r *raised) has(f stores.Fence) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.fences[f]
	return ok
}

// raise names the fence's epoch for its slices. An append under an older one
// holds the lock shared from before it looks at the epochs until it is committed:
// so once this returns, none will be committed any more.
func (r *raised) raise(ctx context.Context, s *Store, conn session, f stores.Fence) error {
	if r.has(f) {
		return nil
	}
	from, to := int(f.Slices.From), min(int(f.Slices.To), stores.Slices)-1
	if f.Slices.IsZero() {
		from, to = 0, stores.Slices-1
	}
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, s.fence); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, s.sql.raise, from, to, strconv.FormatUint(f.Epoch, 10))
		return err
	})
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fences == nil || len(r.fences) >= raisedKept {
		r.fences = make(map[stores.Fence]struct{})
	}
	r.fences[f] = struct{}{}
	return nil
}
