package bench

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// command is one command on its way: the n-th (from 0) of an entity. It belongs to the
// client that sent it until it is received again.
type command struct {
	entity int
	n      uint64
	start  time.Duration // since the load began
}

// target is what a load is put on.
type target interface {
	// connect returns a client that has at most window commands in flight.
	connect(window int) client
}

// client sends commands and receives them again once they are done and
// durable. One goroutine sends and flushes, one receives; they may be the same.
type client interface {
	// send sends a command. Commands to one entity are done in the order they were sent.
	send(ctx context.Context, c *command) error
	// flush says that nothing more will be sent just now.
	flush(ctx context.Context) error
	// receive waits for commands that are done. The slice is valid until the next call.
	// It returns io.EOF after end and the last command.
	receive(ctx context.Context) ([]*command, error)
	// end says that nothing will be sent any more; the sender calls it.
	end()
}

// source says what is sent next. It belongs to one client.
type source interface {
	// next fills in the entity and the number of a command that is free again,
	// and reports false when there is nothing more to send for it.
	next(c *command) bool
}

// counters count each entity's commands. A client has its own range of entities, so
// that the commands of an entity are numbered in the order they are sent.
type counters []uint64

func (t counters) number(entity int) uint64 {
	n := t[entity]
	t[entity]++
	return n
}

// inTurn keeps a command with its entity until the entity had all of its own.
type inTurn struct {
	sent counters
	upTo uint64
}

func (s *inTurn) next(c *command) bool {
	if s.sent[c.entity] >= s.upTo {
		return false
	}
	c.n = s.sent.number(c.entity)
	return true
}

// once goes through the entities, one command each.
type once struct {
	sent     counters
	entities []int // that are left
}

// newOnce goes through the entities from first up to and without last, in random order: a real load
// does not come sorted, and keys that do are cheaper to write.
func newOnce(sent counters, first, last int, random *rand.Rand) *once {
	s := &once{sent: sent, entities: random.Perm(last - first)}
	for i := range s.entities {
		s.entities[i] += first
	}
	return s
}

func (s *once) next(c *command) bool {
	if len(s.entities) == 0 {
		return false
	}
	c.entity, s.entities = s.entities[0], s.entities[1:]
	c.n = s.sent.number(c.entity)
	return true
}

// drawn draws entities at random.
type drawn struct {
	sent        counters
	first, last int
	left        int
	random      *rand.Rand
}

func (s *drawn) next(c *command) bool {
	if s.left == 0 {
		return false
	}
	s.left--
	c.entity = s.first + s.random.IntN(s.last-s.first)
	c.n = s.sent.number(c.entity)
	return true
}

// measured is what came of a part of a load.
type measured struct {
	commands int64
	took     time.Duration
	latency  *hdrhistogram.Histogram // in nanoseconds
}

func (m *measured) perSecond() float64 { return perSecond(float64(m.commands), m.took) }

func perSecond(n float64, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return n / took.Seconds()
}

// newLatency returns a histogram of nanoseconds, from 100 to 100 s, precise to a thousandth.
func newLatency() *hdrhistogram.Histogram { return hdrhistogram.New(100, 100e9, 3) }

// recordLatency counts what is out of the histogram's range at its border.
func recordLatency(h *hdrhistogram.Histogram, took time.Duration) {
	_ = h.RecordValue(min(max(int64(took), 100), 100e9))
}

// load is one part of a load, spread over clients.
type load struct {
	clients  int
	entities int
	window   int           // commands in flight over all
	rate     float64       // commands/s; 0: closed loop
	limit    time.Duration // after which nothing more is sent; 0: no limit
	// source returns the source of a client, which has the entities from first up to and without last.
	source func(client, first, last int) source
	// pinned commands belong to an entity each: window is a multiple of the entities.
	pinned bool
}

// sender is one client's share of a load.
type sender struct {
	client  client
	source  source
	window  int
	first   int // of its entities
	last    int
	begin   time.Time
	limit   time.Duration
	pinned  bool
	latency *hdrhistogram.Histogram
	done    atomic.Int64
	_       [64]byte // senders count at the same time: each on a cache line of its own
}

// run puts the load on the target, and waits for the last answer.
func (l *load) run(ctx context.Context, t target, begin func(done func() int64)) (*measured, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	n := max(1, min(l.clients, l.entities, l.window))
	senders := make([]*sender, n)
	for i := range senders {
		first, last := i*l.entities/n, (i+1)*l.entities/n
		window := l.window*(i+1)/n - l.window*i/n
		if l.pinned {
			window = l.window / l.entities * (last - first)
		}
		senders[i] = &sender{client: t.connect(window), source: l.source(i, first, last), window: window, first: first, last: last,
			limit: l.limit, pinned: l.pinned, latency: newLatency()}
	}
	begin(func() (done int64) {
		for _, s := range senders {
			done += s.done.Load()
		}
		return done
	})
	var wg sync.WaitGroup
	start := time.Now()
	for _, s := range senders {
		s.begin = start
		wg.Go(func() {
			var err error
			if l.rate > 0 {
				err = s.open(ctx, cancel, l.rate/float64(n))
			} else {
				err = s.closed(ctx)
			}
			if err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	m := &measured{took: time.Since(start), latency: newLatency()}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	for _, s := range senders {
		m.commands += s.done.Load()
		m.latency.Merge(s.latency)
	}
	return m, nil
}

// closed keeps the window full: an answer is followed by the next command.
func (s *sender) closed(ctx context.Context) error {
	commands := make([]command, s.window)
	under := 0
	for i := range commands {
		c := &commands[i]
		if s.pinned {
			c.entity = s.first + i%(s.last-s.first)
		}
		if !s.source.next(c) {
			continue
		}
		c.start = time.Since(s.begin)
		if err := s.client.send(ctx, c); err != nil {
			return err
		}
		under++
	}
	if err := s.client.flush(ctx); err != nil {
		return err
	}
	for under > 0 {
		done, err := s.client.receive(ctx)
		if err != nil {
			return err
		}
		now := time.Since(s.begin)
		for _, c := range done {
			s.record(now - c.start)
			if s.limit > 0 && now > s.limit || !s.source.next(c) {
				under--
				continue
			}
			c.start = now
			if err := s.client.send(ctx, c); err != nil {
				return err
			}
		}
		if err := s.client.flush(ctx); err != nil {
			return err
		}
	}
	s.client.end()
	return nil
}

// record counts an answer.
func (s *sender) record(took time.Duration) {
	recordLatency(s.latency, took)
	s.done.Add(1)
}
