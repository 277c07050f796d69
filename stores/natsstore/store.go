// Package natsstore is the store on NATS JetStream: the log in one stream,
// snapshots and checkpoints in key-value buckets, blobs in an object bucket. Any
// number of hosts may use it at once.
//
// A commit is one message on its entity's own subject, under the condition that
// the subject's last message is the one the commit follows; the server decides
// between two writers. What the store promises depends on the servers; it is
// said in Info and, when the store is opened, to the logger.
package natsstore

import (
	"context"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/eshost/eshost/stores"
)

// Store is an open store. Its methods may be called by many goroutines.
//
// When its stream is deleted and made again, or has lost what it had
// acknowledged, the log fails for good with stores.ErrCorrupt: the store must be
// opened anew.
type Store struct {
	o        Options
	nc       *nats.Conn
	js       jetstream.JetStream
	api      string // what JetStream's API subjects begin with
	subjects subjects
	info     stores.Info
	places   string // what the log's positions and head tokens begin with
	failure  failure

	answers  answers
	plugins  pluginTable
	kinds    kindTable
	changes  changes
	strategy strategy
	buffers  sync.Pool // of *[]byte

	snapshots   bucket
	large       objects // snapshots that are too large for the bucket
	revisions   revisions
	checkpoints bucket
	blobs       objects

	base    context.Context // ends when the store closes; of what no caller waits for
	cancel  context.CancelFunc
	closing chan struct{} // closed when the store closes
	// connected has one when there is a new connection to the servers.
	connected chan struct{}
	running   sync.WaitGroup

	mu     sync.Mutex
	idle   sync.Cond // when calls is 0
	calls  int       // under way
	closed bool
}

// Open connects to the servers and opens the store. Without Options.NoSetup what
// is not there is made. ctx is for opening alone.
//
// # Errors
//
//   - stores.ErrUnavailable: no server answers, or JetStream is not enabled
//   - stores.ErrFormat: a newer version of eshost wrote the log
//   - stores.ErrCorrupt: the stream is not a log, or its last message is missing
//   - others say what of the options, the stream's configuration or what is there does not fit
func Open(ctx context.Context, o *Options) (*Store, error) {
	s := newStore(o)
	if err := s.o.defaults(); err != nil {
		return nil, fmt.Errorf("open NATS store: %w", err)
	}
	if err := s.open(ctx); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("open NATS store %s: %w", s.o, err)
	}
	return s, nil
}

func newStore(o *Options) *Store {
	s := &Store{closing: make(chan struct{}), connected: make(chan struct{}, 1)}
	if o != nil {
		s.o = *o
	}
	s.idle.L = &s.mu
	s.base, s.cancel = context.WithCancel(context.Background())
	s.failure.ch = make(chan struct{})
	s.plugins.init()
	s.kinds.known = make(map[kindOf]struct{})
	s.changes.init()
	return s
}

func (s *Store) open(ctx context.Context) (err error) {
	if err := s.connect(ctx); err != nil {
		return err
	}
	if err := s.answers.open(s.nc); err != nil {
		return err
	}
	s.api = "$JS.API."
	options := []jetstream.JetStreamOpt{jetstream.WithDefaultTimeout(s.o.AnswerTimeout)}
	if s.o.Domain != "" {
		s.api = "$JS." + s.o.Domain + ".API."
		s.js, err = jetstream.NewWithDomain(s.nc, s.o.Domain, options...)
	} else {
		s.js, err = jetstream.New(s.nc, options...)
	}
	if err != nil {
		return err
	}
	s.subjects = subjects{stream: s.o.Stream}
	s.buckets()
	if err := s.checkServer(ctx); err != nil {
		return err
	}
	if s.o.Use&UseLog != 0 {
		if err := s.openLog(ctx); err != nil {
			return err
		}
	}
	return s.checkBuckets(ctx)
}

// openLog opens the log's stream.
func (s *Store) openLog(ctx context.Context) error {
	config, err := s.openStream(ctx)
	if err != nil {
		return err
	}
	id, err := s.openAbout(ctx)
	if err != nil {
		return err
	}
	s.subjects.log = logToken(id)
	s.places = s.subjects.log + "."
	s.describe(id, config)
	if err := s.plugins.load(ctx, s); err != nil {
		return err
	}
	if err := s.listen(); err != nil {
		return err
	}
	s.running.Go(s.watch)
	return nil
}

// Info implements stores.Log. Without the log it is empty.
func (s *Store) Info() stores.Info { return s.info }

// enter begins a call that uses a part of the store. Unless it returns an error,
// the caller must call leave when it is done.
func (s *Store) enter(ctx context.Context, part Parts) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.o.Use&part == 0 {
		return nil, fmt.Errorf("%w: the store was opened without it", stores.ErrUnavailable)
	}
	if part == UseLog {
		if err := s.failed(); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, stores.ErrClosed
	}
	s.calls++
	return s.leave, nil
}

func (s *Store) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls--; s.calls == 0 {
		s.idle.Broadcast()
	}
}

func (s *Store) isClosing() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// until returns a context that ends when ctx does or the store closes.
func (s *Store) until(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.base, cancel)
	return ctx, func() { stop(); cancel() }
}

// Close ends reads and those who wait, waits for appends that are under way, and
// gives the connection back.
func (s *Store) Close() error {
	s.mu.Lock()
	first := !s.closed
	if first {
		s.closed = true
		close(s.closing)
		s.cancel()
	}
	for s.calls > 0 {
		s.idle.Wait()
	}
	s.mu.Unlock()
	if !first {
		return nil
	}
	s.running.Wait()
	if s.nc != nil {
		s.nc.Close()
	}
	return nil
}
