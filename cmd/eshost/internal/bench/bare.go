package bench

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
)

// engine is a store's client library with nothing of ours around it, for one goroutine. It
// checks, reads and decodes nothing.
type engine interface {
	// add puts a write into the batch.
	add(entity int, n uint64)
	// commit makes the batch durable.
	commit(records int) error
	// remove gives all back and deletes what was written.
	remove() error
}

// bare is the ceiling: group commit over a store's client library, by as many goroutines as the host's store has appends
// in flight. Each gathers all writes that are ready into a batch, commits it, and says so. It is a target.
type bare struct {
	engines  []engine
	maxBatch int // writes of one batch, as the host's store has it

	mu      sync.Mutex
	cond    sync.Cond
	pending []pendingWrite
	closed  bool
	failed  error

	answering sync.Mutex
	running   sync.WaitGroup
}

type pendingWrite struct {
	command *command
	client  *bareClient
}

func newBare(engines []engine, maxBatch int) *bare {
	b := &bare{engines: engines, maxBatch: maxBatch}
	b.cond.L = &b.mu
	return b
}

// start commits what clients send until stop.
func (b *bare) start() {
	for _, e := range b.engines {
		b.running.Go(func() { b.serve(e) })
	}
}

func (b *bare) serve(e engine) {
	var taken []pendingWrite
	for {
		if taken = b.take(taken[:0]); len(taken) == 0 {
			return
		}
		for _, w := range taken {
			e.add(w.command.entity, w.command.n)
		}
		err := e.commit(len(taken))
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
func (b *bare) take(buf []pendingWrite) []pendingWrite {
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
	n := min(len(b.pending), b.maxBatch)
	buf = append(buf, b.pending[:n]...)
	rest := copy(b.pending, b.pending[n:])
	clear(b.pending[rest:])
	b.pending = b.pending[:rest]
	return buf
}

// answer tells each client, once.
func (b *bare) answer(taken []pendingWrite, err error) {
	b.answering.Lock()
	defer b.answering.Unlock()
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
func (b *bare) stop() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.cond.Broadcast()
	b.running.Wait()
}

// connect implements target.
func (b *bare) connect(int) client { return &bareClient{b: b, more: make(chan struct{}, 1)} }

// bareClient hands writes over, and is handed them back when they are durable.
type bareClient struct {
	b     *bare
	ready []*command // of what is being answered
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
			return nil, fmt.Errorf("commit by the bare client: %w", err)
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
