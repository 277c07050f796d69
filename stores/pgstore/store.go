// Package pgstore keeps log, snapshots, checkpoints and blobs in a Postgres
// database, 14 or later, which any number of hosts may share.
//
// A commit is one row, whose key (type, id, first sequence number) is the
// concurrency check: the database decides between two writers. An append is one
// transaction, sent in one go: it inserts the commits' rows, then takes the log's
// lock, which orders transactions by when they are committed, and inserts one row
// that gives its batch of commits the next position. So positions are
// 1, 2, 3, ... without a gap to guess at, and whoever reads one has all before it.
// The lock is held until the commit is durable: appends insert side by side, and
// are synced one after the other, which is why a few large ones do more than many
// small ones.
//
// A pooler between the store and the server must give each client a session of
// its own: PgBouncer with pool_mode=session.
package pgstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/eshost/eshost/stores"
)

// maxCommit is how large a record may be. Postgres itself takes a row of less than 1 GiB.
const maxCommit = 64 << 20

// Store is an open store. Its methods may be called by many goroutines.
type Store struct {
	o     Options
	names names
	sql   statements
	pool  *pgxpool.Pool
	info  stores.Info
	lock  int64 // key of the advisory lock that orders appends
	fence int64 // key of the advisory lock that epochs are raised under

	calls   sync.RWMutex // held for reading by what uses the pool
	closing atomic.Bool
	ctx     context.Context // ends when the store closes
	cancel  context.CancelFunc
	aside   sync.WaitGroup // the goroutines that wait and notify

	known atomic.Pointer[known] // of the newest connection
	feed  feed
}

// Open connects to the database, makes or renews the tables unless told not
// to, and says in the log what durability the server gives. Several hosts may
// do so at once on an empty database. Nil options: all defaults.
//
// # Errors
//
//   - stores.ErrUnavailable: the server cannot be reached, refuses, or lacks tables
//   - stores.ErrFormat: a newer version of eshost made the tables
//   - stores.ErrCorrupt: the tables are not as any version made them
func Open(ctx context.Context, o *Options) (*Store, error) {
	s := &Store{}
	if o != nil {
		s.o = *o
	}
	s.o.defaults()
	s.ctx, s.cancel = context.WithCancel(context.Background())
	limited, done := context.WithTimeout(ctx, s.o.callTimeout())
	defer done()
	if err := s.open(limited); err != nil {
		s.cancel()
		if s.pool != nil {
			s.pool.Close()
		}
		return nil, fmt.Errorf("open store in Postgres%s: %w", s.o.where(), err)
	}
	s.aside.Go(s.watch)
	s.aside.Go(s.notify)
	return s, nil
}

// where names the server and the database for messages.
func (o *Options) where() string {
	where := ""
	if o.Host != "" {
		where = " at " + o.Host
		if o.Port != "" {
			where += " port " + o.Port
		}
	}
	if o.DBName != "" {
		where += ", database " + o.DBName
	}
	return where
}

func (s *Store) open(ctx context.Context) error {
	config, err := s.o.pool()
	if err != nil {
		return err
	}
	settings := s.o.settings()
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		ctx, cancel := context.WithTimeout(ctx, s.o.ConnectTimeout)
		defer cancel()
		s.known.Store(new(known))
		_, err := conn.PgConn().Exec(ctx, settings).ReadAll()
		return err
	}
	if s.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	if err := s.findSchema(ctx); err != nil {
		return err
	}
	if err := s.names.check(); err != nil {
		return err
	}
	s.sql = newStatements(s.names)
	id, err := s.setup(ctx)
	if err != nil {
		return err
	}
	s.lock, s.fence = int64(binary.BigEndian.Uint64(id[:8])), int64(binary.BigEndian.Uint64(id[8:]))
	s.feed.init()
	s.info = stores.Info{
		Name: "postgres", ID: id, Fencing: true, MaxCommit: maxCommit,
		Concurrency: concurrency, AppendCommits: appendCommits, AppendBytes: appendBytes,
	}
	return s.findDurability(ctx)
}

// enter begins a use of the pool, which Close waits for. The context it returns ends when the server has not answered
// for longer than its own time-out explains: a network that swallows packets says nothing at all. Unless there is an
// error, the caller must call leave when it is done.
func (s *Store) enter(ctx context.Context) (limited context.Context, leave func(), err error) {
	if s.closing.Load() {
		return nil, nil, stores.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	s.calls.RLock()
	if s.closing.Load() {
		s.calls.RUnlock()
		return nil, nil, stores.ErrClosed
	}
	limited, cancel := context.WithTimeout(ctx, s.o.callTimeout())
	return limited, func() { cancel(); s.calls.RUnlock() }, nil
}

// look is enter for what only reads: Close does not wait for the answer.
func (s *Store) look(ctx context.Context) (limited context.Context, leave func(), err error) {
	limited, left, err := s.enter(ctx)
	if err != nil {
		return nil, nil, err
	}
	limited, cancel := context.WithCancel(limited)
	stop := context.AfterFunc(s.ctx, cancel)
	return limited, func() { stop(); cancel(); left() }, nil
}

// grace is what a call may take beyond the server's own limit.
const grace = 5 * time.Second

// callTimeout bounds one call: it may have to connect, and the server may take as long as it is allowed to.
func (o *Options) callTimeout() time.Duration { return o.ConnectTimeout + o.StatementTimeout + grace }

// Info implements stores.Log.
func (s *Store) Info() stores.Info { return s.info }

// Close waits for writes under way, ends reads, and closes all connections. All
// that was appended is durable without it.
func (s *Store) Close() error {
	s.closing.Store(true)
	s.cancel()
	s.aside.Wait() // before the lock, for they make calls as well
	s.calls.Lock()
	defer s.calls.Unlock()
	s.pool.Close()
	return nil
}
