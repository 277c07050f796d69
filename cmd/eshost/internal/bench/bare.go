package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
)

// The list of the records of a durable write has a key of a letter and a
// number, and ends with a checksum.
const (
	groupKeyBytes = 1 + 8
	groupSumBytes = 4
)

// maxBatch is how many writes one batch holds at most, as the host's store has it.
const maxBatch = 4096

// barePebble is the ceiling: the client library of the embedded store, with the
// options the store gives it, and nothing of ours around it but one goroutine
// that gathers all writes that are ready into a batch, commits it, and says so. It checks,
// reads, decodes and encodes nothing. It is a target.
type barePebble struct {
	shape  *shape
	dir    string
	db     *pebble.DB
	cache  *pebble.Cache
	random *rand.PCG

	batch  *pebble.Batch
	key    []byte
	value  []byte
	group  []byte
	number uint64 // of the next record

	mu      sync.Mutex
	cond    sync.Cond
	pending []pendingWrite
	closed  bool
	failed  error
	stopped chan struct{}
}

type pendingWrite struct {
	command *command
	client  *bareClient
}

// openBare opens a new database in the folder, with the options of the host's store.
func openBare(dir string, s *shape) (*barePebble, error) {
	b := &barePebble{shape: s, dir: dir, cache: pebble.NewCache(128 << 20), random: rand.NewPCG(1, 2), stopped: make(chan struct{})}
	b.cond.L = &b.mu
	o := &pebble.Options{
		Comparer: bareComparer(), Cache: b.cache, FormatMajorVersion: pebble.FormatNewest, Logger: panics{},
		MemTableSize: 64 << 20, MemTableStopWritesThreshold: 4, L0CompactionThreshold: 4, L0StopWritesThreshold: 1000, BytesPerSync: 1 << 20,
	}
	o.Experimental.SpanPolicyFunc = func([]byte) (pebble.SpanPolicy, []byte, error) {
		return pebble.SpanPolicy{DisableValueSeparationBySuffix: true}, nil, nil
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy, o.Levels[i].FilterType = bloom.FilterPolicy(10), pebble.TableFilter
	}
	var err error
	if b.db, err = pebble.Open(dir, o); err != nil {
		b.cache.Unref()
		return nil, fmt.Errorf("open bare Pebble: %w", err)
	}
	b.batch = b.db.NewBatchWithSize(64 << 10)
	return b, nil
}

// bareComparer orders keys by their bytes, and takes the number off a record's key, as the store's does.
func bareComparer() *pebble.Comparer {
	c := *pebble.DefaultComparer
	c.Name = "bench.records"
	c.Split = func(key []byte) int {
		if len(key) > 8 && key[0] == 'r' {
			return len(key) - 8
		}
		return len(key)
	}
	c.Separator = func(dst, a, _ []byte) []byte { return append(dst, a...) }
	c.Successor = func(dst, a []byte) []byte { return append(dst, a...) }
	return &c
}

// panics is a logger that drops what Pebble says, and panics where Pebble would end the process.
type panics struct{}

func (panics) Infof(string, ...any)              {}
func (panics) Errorf(string, ...any)             {}
func (panics) Fatalf(format string, args ...any) { panic(fmt.Errorf(format, args...)) }

// remove closes the database and deletes it.
func (b *barePebble) remove() error {
	var errs []error
	if b.failed == nil { // else Pebble holds its locks for good
		errs = append(errs, b.batch.Close(), b.db.Close())
		b.cache.Unref()
	}
	return errors.Join(append(errs, os.RemoveAll(b.dir))...)
}

// add puts a write into the batch.
func (b *barePebble) add(entity int, n uint64) {
	b.key = b.shape.appendKey(b.key[:0], entity, n)
	b.value = b.shape.appendValue(b.value[:0], b.random.Uint64(), b.random.Uint64())
	_ = b.batch.Set(b.key, b.value, nil) // an open batch takes everything
	b.group = b.shape.appendMember(b.group, entity, n)
}

// commit makes the batch durable, with the list of its records.
func (b *barePebble) commit(records int) (err error) {
	defer func() { // of what Pebble panics with when it cannot go on
		switch p := recover().(type) {
		case nil:
		case runtime.Error:
			panic(p)
		case error:
			err = p
		default:
			panic(p)
		}
	}()
	b.group = append(b.group, make([]byte, groupSumBytes)...)
	b.key = binary.BigEndian.AppendUint64(append(b.key[:0], 'g'), b.number)
	_ = b.batch.Set(b.key, b.group, nil)
	b.number += uint64(records)
	if err := b.batch.Commit(pebble.Sync); err != nil {
		return err
	}
	b.batch.Reset()
	b.group = b.group[:0]
	return nil
}

// serve commits what clients send until stop.
func (b *barePebble) serve() {
	defer close(b.stopped)
	var taken []pendingWrite
	for {
		if taken = b.take(taken[:0]); len(taken) == 0 {
			return
		}
		for _, w := range taken {
			b.add(w.command.entity, w.command.n)
		}
		err := b.commit(len(taken))
		if err != nil {
			b.mu.Lock()
			b.failed = err
			b.mu.Unlock()
		}
		b.answer(taken, err)
		if err != nil {
			return
		}
	}
}

// take waits for writes, and takes all that are ready: as long as letting others run brings
// more of them, it does. It returns none once stopped.
func (b *barePebble) take(buf []pendingWrite) []pendingWrite {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.pending) == 0 {
		if b.closed {
			return buf
		}
		b.cond.Wait()
	}
	for n := 0; n < len(b.pending); {
		n = len(b.pending)
		b.mu.Unlock()
		runtime.Gosched()
		b.mu.Lock()
	}
	n := min(len(b.pending), maxBatch)
	buf = append(buf, b.pending[:n]...)
	rest := copy(b.pending, b.pending[n:])
	clear(b.pending[rest:])
	b.pending = b.pending[:rest]
	return buf
}

// answer tells each client, once.
func (b *barePebble) answer(taken []pendingWrite, err error) {
	var told []*bareClient
	for _, w := range taken {
		if len(w.client.ready) == 0 {
			told = append(told, w.client)
		}
		w.client.ready = append(w.client.ready, w.command)
	}
	for _, c := range told {
		c.answered(err)
		c.ready = c.ready[:0]
	}
}

// stop ends serve. Nothing may be sent any more.
func (b *barePebble) stop() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.cond.Signal()
	<-b.stopped
}

// connect implements target.
func (b *barePebble) connect(int) client { return &bareClient{b: b, more: make(chan struct{}, 1)} }

// bareClient hands writes over, and is handed them back when they are durable.
type bareClient struct {
	b     *barePebble
	ready []*command // the committer's
	sends []pendingWrite

	more chan struct{} // something happened
	mu   sync.Mutex
	done []*command
	sent int
	ends bool
	err  error

	received int
	taken    []*command // the receiver's
}

func (c *bareClient) send(_ context.Context, command *command) error {
	c.sends = append(c.sends, pendingWrite{command, c})
	return nil
}

func (c *bareClient) flush(context.Context) error {
	if len(c.sends) == 0 {
		return nil
	}
	c.mu.Lock()
	c.sent += len(c.sends)
	c.mu.Unlock()
	c.b.mu.Lock()
	c.b.pending = append(c.b.pending, c.sends...)
	err := c.b.failed
	c.b.mu.Unlock()
	c.b.cond.Signal()
	c.sends = c.sends[:0]
	if err != nil {
		c.answered(err)
	}
	return nil
}

func (c *bareClient) end() {
	c.mu.Lock()
	c.ends = true
	c.mu.Unlock()
	c.wake()
}

func (c *bareClient) wake() {
	select {
	case c.more <- struct{}{}:
	default:
	}
}

// answered hands ready back.
func (c *bareClient) answered(err error) {
	c.mu.Lock()
	if err == nil {
		c.done = append(c.done, c.ready...)
	}
	c.err = err
	c.mu.Unlock()
	c.wake()
}

func (c *bareClient) receive(ctx context.Context) ([]*command, error) {
	for {
		c.mu.Lock()
		c.taken, c.done = c.done, c.taken[:0]
		c.received += len(c.taken)
		ended := c.ends && c.received == c.sent
		err := c.err
		c.mu.Unlock()
		switch {
		case err != nil:
			return nil, fmt.Errorf("commit to bare Pebble: %w", err)
		case len(c.taken) > 0:
			return c.taken, nil
		case ended:
			return nil, io.EOF
		}
		select {
		case <-c.more:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
