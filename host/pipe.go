package host

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/eshost/eshost/host/internal/engine"
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

	// The sender's.
	one   [1]Sending
	posts []engine.Posting

	mu       sync.Mutex
	answered []*entity.Call
	closed   bool

	// The receiver's.
	batch []*entity.Call // taken from answered
	next  int            // in batch
}

// Answer is the answer to one command of a pipe: Reply, or Err as Handle gives it,
// but for a *Fault, which [Entity.Explain] makes a *CommandError.
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

// Sending is a command for SendAll.
type Sending struct {
	Entity  Entity
	Command Command
	Ref     any // comes back with the answer
}

// Send sends a command. It waits while the pipe is full, and returns ctx's
// error when ctx ends first: then nothing was sent. Whatever becomes of the command is its answer. ctx governs the command
// too, as long as it is not taken up: after that, its outcome is waited for.
func (p *Pipe) Send(ctx context.Context, e Entity, c Command, ref any) error {
	p.one[0] = Sending{e, c, ref}
	_, err := p.SendAll(ctx, p.one[:])
	p.one[0] = Sending{}
	return err
}

// SendAll sends commands in order, as Send does one, and at less cost for each.
// It returns how many were sent: all, unless ctx ended while it waited. The slice may be used again then, the payloads
// not before their answers. ctx governs the commands as in Send, so it should outlive them. A command with Wait whose entity's mailbox
// is full holds up those behind it.
func (p *Pipe) SendAll(ctx context.Context, all []Sending) (sent int, err error) {
	for sent < len(all) {
		if p.free() == 0 {
			if err := p.room.wait(ctx, func() bool { return p.free() > 0 }); err != nil {
				return sent, err
			}
		}
		n := min(len(all)-sent, p.free(), engine.PostSize)
		p.send(ctx, all[sent:sent+n])
		sent += n
	}
	return sent, nil
}

// free is how many commands may be sent now.
func (p *Pipe) free() int { return int(p.window - (p.sent.Load() - p.taken.Load())) }

// send sends commands for which there is room.
func (p *Pipe) send(ctx context.Context, some []Sending) {
	p.sent.Add(uint64(len(some)))
	p.posts = p.posts[:0]
	var t *engine.Type
	var name string
	for i := range some {
		s := &some[i]
		call := pipeCalls.Get().(*entity.Call)
		call.Command, call.Ctx, call.Caller, call.Ref = s.Command, ctx, p, s.Ref
		var err error
		if s.Entity.h != p.h {
			call.Fail(errOtherHost)
			continue
		}
		if t == nil || s.Entity.id.Type != name {
			name = s.Entity.id.Type
			t, err = s.Entity.served()
		}
		if err == nil {
			err = s.Entity.acceptable(t, &call.Command)
		}
		if err != nil {
			call.Fail(err)
			continue
		}
		p.posts = append(p.posts, engine.Posting{Type: t, ID: s.Entity.id.ID, Call: call})
	}
	p.h.engine.PostAll(p.posts)
	clear(p.posts)
}

var errOtherHost = errors.New("send through a pipe: the entity is none of the pipe's host: take it from the same host")

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
	var one [1]Answer
	_, err := p.ReceiveSome(ctx, one[:])
	return one[0], err
}

// ReceiveSome waits as Receive does, puts answers that are ready into buf, and
// returns how many they are: at least one, unless there is an error; not always all that are ready. buf must have room for one.
func (p *Pipe) ReceiveSome(ctx context.Context, buf []Answer) (int, error) {
	for p.next == len(p.batch) {
		if p.take() {
			break
		}
		if p.ended() {
			return 0, io.EOF
		}
		if err := p.more.wait(ctx, func() bool { return p.take() || p.ended() }); err != nil {
			return 0, err
		}
	}
	some := p.batch[p.next:min(p.next+len(buf), len(p.batch))]
	p.next += len(some)
	for i, c := range some {
		buf[i] = Answer{Ref: c.Ref, Reply: c.Reply, Err: c.Err}
	}
	for i, c := range some {
		*c = entity.Call{}
		pipeCalls.Put(c)
		some[i] = nil
	}
	p.taken.Add(uint64(len(some)))
	p.room.wake()
	return len(some), nil
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
