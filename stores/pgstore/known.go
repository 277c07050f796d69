package pgstore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/eshost/eshost/stores"
)

// known is what the store remembers of the tables. A server whose data went back, because a backup was restored or a
// standby that lagged took over, has ended all connections before: so whatever was found out while a connection was open
// holds for as long as that is open, and each new connection begins a new known.
type known struct {
	batches batches
	plugins plugins
	kinds   kinds
	raised  raised
}

// session is a connection of the pool, with what is known for it.
type session struct {
	*pgxpool.Conn
	*known
}

// session takes a connection. The caller must release it, and use no second one before.
func (s *Store) session(ctx context.Context) (session, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return session{}, err
	}
	return session{conn, s.known.Load()}, nil
}

// digest returns the plugin of a number that a record has, which was read when k was known.
func (s *Store) digest(ctx context.Context, k *known, number uint32) (stores.Digest, error) {
	if d, ok := k.plugins.digest(number); ok {
		return d, nil
	}
	ctx, leave, err := s.look(ctx)
	if err != nil {
		return stores.Digest{}, err
	}
	defer leave()
	conn, err := s.session(ctx)
	if err != nil {
		return stores.Digest{}, s.failure(err)
	}
	defer conn.Release()
	if conn.known != k {
		return stores.Digest{}, fmt.Errorf("%w: since the record was read the store has connected anew, and plugin number %d may be another one now: read it again", stores.ErrUnavailable, number)
	}
	if err := k.plugins.load(ctx, s, conn); err != nil {
		return stores.Digest{}, s.failure(err)
	}
	d, ok := k.plugins.digest(number)
	if !ok {
		return d, fmt.Errorf("%w: the record names plugin number %d, which is not in %s", stores.ErrCorrupt, number, s.names.full("plugins"))
	}
	return d, nil
}
