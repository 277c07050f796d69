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
	h       *Host
	room    chan struct{}
	answers chan *entity.Call
	open    atomic.Int64 // sent and not received, plus one until CloseSend
	eof     chan struct{}
	once    sync.Once
}

// Answer is the answer to one command of a pipe: Reply, or Err as Handle gives it.
type Answer struct {
	Ref   any // as given to Send
	Reply Reply
	Err   error
}

// Pipe returns a pipe that has at most window commands in flight. A pipe
// whose sender closed it, and whose answers were received, holds nothing.
func (h *Host) Pipe(window int) *Pipe {
	p := &Pipe{h: h, room: make(chan struct{}, window), answers: make(chan *entity.Call, window), eof: make(chan struct{})}
	p.open.Store(1)
	return p
}

// Send sends a command. It waits while the pipe is full, and returns ctx's
// error when ctx ends first: then nothing was sent. Whatever becomes of the command is its answer. ctx governs the command
// too, as long as it is not taken up: after that, its outcome is waited for.
func (p *Pipe) Send(ctx context.Context, e Entity, c Command, ref any) error {
	select {
	case p.room <- struct{}{}:
	default:
		select {
		case p.room <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p.open.Add(1)
	call := pipeCalls.Get().(*entity.Call)
	*call = entity.Call{Command: c, Ctx: ctx, Done: p.answers, Ref: ref}
	t, err := e.accepts(&c)
	if err == nil {
		_, err = p.h.engine.Post(t, e.id.ID, call)
	}
	if err != nil {
		call.Fail(err)
	}
	return nil
}

// pipeCalls are reused between commands of pipes.
var pipeCalls = sync.Pool{New: func() any { return new(entity.Call) }}

// CloseSend says that no more commands will be sent. It is idempotent.
func (p *Pipe) CloseSend() {
	p.once.Do(func() { p.done() })
}

func (p *Pipe) done() {
	if p.open.Add(-1) == 0 {
		close(p.eof)
	}
}

// Receive returns the next answer; io.EOF after CloseSend and the last
// answer; ctx's error when ctx ends first.
func (p *Pipe) Receive(ctx context.Context) (Answer, error) {
	select {
	case c := <-p.answers:
		a := Answer{Ref: c.Ref, Reply: c.Reply, Err: c.Err}
		*c = entity.Call{}
		pipeCalls.Put(c)
		p.done()
		<-p.room
		return a, nil
	case <-p.eof:
		return Answer{}, io.EOF
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
}
