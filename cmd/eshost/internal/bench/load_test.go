package bench

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// recorder is a target that answers at once, and keeps what it was sent.
type recorder struct {
	stall   time.Duration // before its first answer
	fail    error         // of its first answer
	mu      sync.Mutex
	clients []*recorded
}

type recorded struct {
	of     *recorder
	window int
	sent   chan *command

	mu     sync.Mutex
	order  []command
	under  int
	most   int
	stalls sync.Once
}

func (r *recorder) connect(window int) client {
	c := &recorded{of: r, window: window, sent: make(chan *command, 1<<16)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clients = append(r.clients, c)
	return c
}

func (c *recorded) send(_ context.Context, cmd *command) error {
	c.mu.Lock()
	c.order = append(c.order, *cmd)
	c.under++
	c.most = max(c.most, c.under)
	c.mu.Unlock()
	c.sent <- cmd
	return nil
}

func (c *recorded) flush(context.Context) error { return nil }
func (c *recorded) end()                        { close(c.sent) }

func (c *recorded) receive(context.Context) ([]*command, error) {
	c.stalls.Do(func() { time.Sleep(c.of.stall) })
	cmd, ok := <-c.sent
	if !ok {
		return nil, io.EOF
	}
	c.mu.Lock()
	c.under--
	c.mu.Unlock()
	return []*command{cmd}, c.of.fail
}

func nothing(func() int64) {}

func TestTheCommandsOfEveryEntityAreSentInOrderAndWithinTheWindow(t *testing.T) {
	for _, test := range []struct {
		name           string
		config         Config
		window, offset int
	}{
		{"in turn", Config{Entities: 10, Events: 7, Inflight: 3, Clients: 3}, 30, 0},
		{"drawn", Config{Entities: 10, Events: 7, Concurrency: 8, Clients: 3}, 8, 1},
		{"at a rate", Config{Entities: 10, Events: 7, Rate: 1e6, Clients: 3}, 70, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := test.config
			target := new(recorder)
			sent := make(counters, cfg.Entities)
			l := (&run{cfg: &cfg}).main(sent)
			m, err := l.run(context.Background(), target, nothing)
			if err != nil {
				t.Fatal(err)
			}
			want := int64(cfg.Entities * (cfg.Events - test.offset))
			if m.commands != want || m.latency.TotalCount() != want {
				t.Errorf("%d commands, %d latencies, want %d", m.commands, m.latency.TotalCount(), want)
			}
			next, most := make([]uint64, cfg.Entities), 0
			owner := make(map[int]int)
			for i, c := range target.clients {
				most += c.most
				for _, cmd := range c.order {
					if cmd.n != next[cmd.entity] {
						t.Fatalf("entity %d: command %d follows %d", cmd.entity, cmd.n, next[cmd.entity])
					}
					next[cmd.entity]++
					if of, ok := owner[cmd.entity]; ok && of != i {
						t.Fatalf("entity %d belongs to two clients", cmd.entity)
					}
					owner[cmd.entity] = i
				}
			}
			if len(target.clients) != 3 || most > test.window {
				t.Errorf("%d clients had %d commands in flight, want 3 and at most %d", len(target.clients), most, test.window)
			}
			for e, n := range next {
				if n != sent[e] || cfg.Concurrency == 0 && cfg.Rate == 0 && n != uint64(cfg.Events) {
					t.Errorf("entity %d got %d commands, %d were counted", e, n, sent[e])
				}
			}
		})
	}
}

func TestTheFirstPartHasEveryEntityOnceInNoOrder(t *testing.T) {
	s := newOnce(make(counters, 100), 20, 80, seeded(0))
	seen, sorted := make(map[int]bool), true
	last := 0
	for c := new(command); s.next(c); {
		if seen[c.entity] || c.entity < 20 || c.entity >= 80 || c.n != 0 {
			t.Fatalf("command %d of entity %d", c.n, c.entity)
		}
		seen[c.entity] = true
		sorted = sorted && c.entity > last
		last = c.entity
	}
	if len(seen) != 60 || sorted {
		t.Errorf("%d entities, sorted %v", len(seen), sorted)
	}
}

// A target that stalls must be blamed for all the commands that were due meanwhile, not for the one
// that it held.
func TestAtARateAStallCountsForAllThatWasDueMeanwhile(t *testing.T) {
	const stall, rate = 200 * time.Millisecond, 1000
	cfg := Config{Entities: 5, Events: 40, Rate: rate, Clients: 1}
	m, err := (&run{cfg: &cfg}).main(make(counters, cfg.Entities)).run(context.Background(), &recorder{stall: stall}, nothing)
	if err != nil {
		t.Fatal(err)
	}
	late := int64(0) // answered more than half of the stall after they were due
	for _, b := range m.latency.Distribution() {
		if b.From >= int64(stall/2) {
			late += b.Count
		}
	}
	if due := int64(rate * stall.Seconds() / 2); late < due*9/10 {
		t.Errorf("%d commands count as late, want %d", late, due)
	}
}

func TestAClosedLoopStopsAtItsLimitAndAtTheFirstError(t *testing.T) {
	cfg := Config{Entities: 2, Events: 1 << 60, Inflight: 2, Clients: 2}
	l := (&run{cfg: &cfg}).main(make(counters, cfg.Entities))
	l.limit = time.Millisecond
	if m, err := l.run(context.Background(), new(recorder), nothing); err != nil || m.commands == 0 {
		t.Errorf("%v, %v", m, err)
	}
	l.limit = 0
	wrong := errors.New("wrong")
	if _, err := l.run(context.Background(), &recorder{fail: wrong}, nothing); !errors.Is(err, wrong) {
		t.Errorf("%v, want %v", err, wrong)
	}
}

func TestBarePebbleHoldsEveryWriteAndAListForEachBatch(t *testing.T) {
	s := &shape{prefix: []byte("rcounter\x00"), value: make([]byte, 70)}
	dir := filepath.Join(t.TempDir(), "bare")
	b, err := openPebble(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	front := newBare([]engine{b}, 4096)
	front.start()
	cfg := Config{Entities: 7, Events: 30, Inflight: 4, Clients: 2}
	m, err := (&run{cfg: &cfg}).main(make(counters, cfg.Entities)).run(context.Background(), front, nothing)
	if err != nil || m.commands != 210 {
		t.Fatalf("%v, %v", m, err)
	}
	front.stop()
	records, members := 0, 0
	it, err := b.db.NewIter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for it.First(); it.Valid(); it.Next() {
		switch key := it.Key(); key[0] {
		case 'r':
			records++
			if len(it.Value()) != 70 || len(key) != len("rcounter\x00")+12+1+8 {
				t.Fatalf("key %q with %d bytes", key, len(it.Value()))
			}
		case 'g':
			members += (len(it.Value()) - groupSumBytes) / len(s.appendMember(nil, 0, 0))
		}
	}
	if err := it.Close(); err != nil {
		t.Fatal(err)
	}
	if records != 210 || members != 210 || b.number != 210 {
		t.Errorf("%d records, %d of them in lists, %d counted", records, members, b.number)
	}
	if err := b.remove(); err != nil {
		t.Error(err)
	}
	if _, err := pebble.Open(dir, &pebble.Options{ErrorIfNotExists: true, Logger: panics{}}); err == nil {
		t.Error("the database is still there")
	}
}

func TestAFailureOfBarePebbleReachesTheClients(t *testing.T) {
	b, err := openPebble(filepath.Join(t.TempDir(), "bare"), &shape{prefix: []byte("rcounter\x00"), value: make([]byte, 70)})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.batch.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.db.Close(); err != nil { // a commit to a closed database panics with pebble.ErrClosed
		t.Fatal(err)
	}
	b.batch = b.db.NewBatch()
	front := newBare([]engine{b}, 4096)
	front.start()
	defer front.stop()
	cfg := Config{Entities: 2, Events: 30, Inflight: 1, Clients: 2}
	if _, err := (&run{cfg: &cfg}).main(make(counters, cfg.Entities)).run(context.Background(), front, nothing); !errors.Is(err, pebble.ErrClosed) {
		t.Errorf("%v, want %v", err, pebble.ErrClosed)
	}
}
