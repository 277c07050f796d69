package host

import (
	"context"
	"sync"

	"github.com/eshost/eshost/host/internal/entity"
)

// Pending is a command that its entity has. Its answer is taken once.
type Pending struct {
	entity Entity
	name   string
	ent    *entity.Entity
	call   *waiting
	span   *span
}

// Begin is the first half of Handle: it hands the command to its entity and does not wait
// for the answer, so that the commands of one goroutine are decided in the order it began them. A full mailbox is ErrMailboxFull, or is
// waited for, as the command says. ctx is that of Answer too. An error is as Handle's, and then nothing happened.
func (e Entity) Begin(ctx context.Context, c Command) (Pending, error) {
	t, err := e.accepts(&c)
	if err != nil {
		return Pending{}, e.Explain(c.Name, err)
	}
	call := calls.Get().(*waiting)
	call.Command, call.Ctx = c, ctx
	span := e.h.tracer.begin(e.id, &call.Call)
	ent, err := e.h.engine.Post(t, e.id.ID, &call.Call)
	if err != nil {
		span.end(call.Times, err)
		call.free()
		return Pending{}, err
	}
	return Pending{e, c.Name, ent, call, span}, nil
}

// Answer waits for the answer, as Handle does. It is called once, and panics if it is called again.
func (p *Pending) Answer(ctx context.Context) (Reply, error) {
	call := p.call
	if call == nil {
		panic("host: Pending.Answer is called again, or without a Begin that succeeded")
	}
	p.call = nil // it may be another command's from now on
	answered, err := p.entity.await(ctx, p.ent, call)
	if !answered {
		p.span.end(nil, err)
		return Reply{}, err
	}
	reply := call.Reply
	p.span.end(call.Times, err)
	call.free()
	if err != nil {
		err = p.entity.Explain(p.name, err)
	}
	return reply, err
}

// waiting is a call whose caller waits for the answer.
type waiting struct {
	entity.Call
	answer entity.Answers
}

// calls are reused between commands whose callers waited for the answer.
var calls = sync.Pool{New: func() any {
	c := &waiting{answer: make(entity.Answers, 1)}
	c.Caller = c.answer
	return c
}}

// free gives the call back: nobody uses it any more.
func (c *waiting) free() {
	c.Reset()
	calls.Put(c)
}
