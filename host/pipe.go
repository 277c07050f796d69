package host

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"github.com/eshost/eshost/host/internal/entity"
)

// Pipe sends many commands without waiting for each answer: for throughput.
// Commands to one entity are decided in the order they were sent; answers come as they are
// ready. One goroutine sends and one receives.
type Pipe struct {
	h      *Host
	window uint64
	sent   atomic.Uint64
	taken  atomic.Uint64 // answers that were received
	room   wakeup        // of the sender
	more   wakeup        // of the receiver

	mu       sync.Mutex
	answered []*entity.Call
	closed   bool

	// The receiver's.
	batch []*entity.Call // taken from answered
	next  int            // in batch
}

// Answer is the answer to one command of a pipe: Reply, or Err as Handle gives it.
type Answer struct {
	Ref   any // as given to Send
	Reply Reply
	Err   error
}

// Pipe returns a pipe that has at most window commands in flight, and at least 1. A pipe
// whose sender closed it, and whose answers were received, holds nothing.
func (h *Host) Pipe(window int) *Pipe {
	return &Pipe{h: h, window: uint64(max(window, 1)), room: newWakeup(), more: newWakeup()}
}

// Send sends a command. It waits while the pipe is full, and returns ctx's
// error when ctx ends first: then nothing was sent. Whatever becomes of the command is its answer. ctx governs the command
// too, as long as it is not taken up: after that, its outcome is waited for.
func (p *Pipe) Send(ctx context.Context, e Entity, c Command, ref any) error {
	full := func() bool { return p.sent.Load()-p.taken.Load() >= p.window }
	if full() {
		if err := p.room.wait(ctx, func() bool { return !full() }); err != nil {
			return err
		}
	}
	p.sent.Add(1)
	call := pipeCalls.Get().(*entity.Call)
	call.Command, call.Ctx, call.Caller, call.Ref = c, ctx, p, ref
	t, err := e.accepts(&c)
	if err == nil {
		_, err = p.h.engine.Post(t, e.id.ID, call)
	}
	if err != nil {
		call.Fail(err)
	}
	return nil
}

// pipeCalls are reused between commands of pipes; they are empty.
var pipeCalls = sync.Pool{New: func() any { return new(entity.Call) }}

// Answered implements entity.Caller.
func (p *Pipe) Answered(c *entity.Call) {
	p.mu.Lock()
	p.answered = append(p.answered, c)
	p.mu.Unlock()
	p.more.wake()
}

// CloseSend says that no more commands will be sent. It is idempotent.
func (p *Pipe) CloseSend() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.more.wake()
}

// Receive returns the next answer; io.EOF after CloseSend and the last
// answer; ctx's error when ctx ends first.
func (p *Pipe) Receive(ctx context.Context) (Answer, error) {
	for p.next == len(p.batch) {
		if p.take() {
			break
		}
		if p.ended() {
			return Answer{}, io.EOF
		}
		if err := p.more.wait(ctx, func() bool { return p.take() || p.ended() }); err != nil {
			return Answer{}, err
		}
	}
	c := p.batch[p.next]
	p.batch[p.next] = nil
	p.next++
	a := Answer{Ref: c.Ref, Reply: c.Reply, Err: c.Err}
	*c = entity.Call{}
	pipeCalls.Put(c)
	p.taken.Add(1)
	p.room.wake()
	return a, nil
}

// take takes all answers there are, and reports whether there were any.
func (p *Pipe) take() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.batch, p.answered, p.next = p.answered, p.batch[:0], 0
	return len(p.batch) > 0
}

// ended reports whether no answer will come any more.
func (p *Pipe) ended() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed && len(p.answered) == 0 && p.taken.Load() == p.sent.Load()
}

// wakeup wakes one goroutine that waits for a condition. Waking costs a load
// while nobody waits.
type wakeup struct {
	waits atomic.Bool
	c     chan struct{}
}

func newWakeup() wakeup { return wakeup{c: make(chan struct{}, 1)} }

// wait waits until the condition holds, or ctx ends. Whoever makes it true calls wake afterwards.
func (w *wakeup) wait(ctx context.Context, holds func() bool) error {
	defer w.waits.Store(false)
	for {
		w.waits.Store(true)
		if holds() {
			return nil
		}
		select {
		case <-w.c:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w *wakeup) wake() {
	if w.waits.Load() && w.waits.CompareAndSwap(true, false) {
		select {
		case w.c <- struct{}{}:
		default:
		}
	}
}
