package natsapi

import (
	"container/list"
	"context"
	"fmt"
	"sync"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// lines are the commands that wait for room in the mailboxes of their entities.
// Each entity has its own line, so that a busy one holds up no other.
type lines struct {
	mu sync.Mutex
	of map[stores.EntityID]*list.List // of *queued; there is one as long as its goroutine runs
}

// queued is a command in a line.
type queued struct {
	*command
	leave func() bool // stops what takes it out when its deadline ends
}

// join puts a command at the end of its entity's line, if there is one. A command that does
// not wait is refused then: it would overtake those that do.
func (l *lines) join(s *Service, c *command) (queued bool, p *wire.Problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := l.of[c.Entity]
	switch {
	case line == nil:
		return false, nil
	case !c.Command.Wait:
		return false, wire.ProblemOf(fmt.Errorf("%s: %w: %d commands wait for room in it", c.Entity, host.ErrMailboxFull, line.Len()+1))
	}
	l.push(s, line, c)
	return true, nil
}

// open makes a line for the command's entity, with the command in it.
func (l *lines) open(s *Service, c *command) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := list.New()
	l.of[c.Entity] = line
	l.push(s, line, c)
	go l.serve(s, c.Entity, line)
}

func (l *lines) push(s *Service, line *list.List, c *command) {
	q := &queued{command: c}
	at := line.PushBack(q)
	q.leave = context.AfterFunc(c.ctx, func() {
		defer s.recovered(c.request)
		l.mu.Lock()
		waited := l.remove(line, at)
		l.mu.Unlock()
		if waited {
			s.end(c, host.Reply{}, wire.ProblemOf(fmt.Errorf("%s: %w: %w", c.Entity, host.ErrNotStarted, c.ctx.Err())))
		}
	})
}

// remove takes an element out, if it is still there.
func (l *lines) remove(line *list.List, at *list.Element) bool {
	n := line.Len()
	line.Remove(at)
	return line.Len() < n
}

// serve hands over the commands of a line, one after the other, until it is empty.
func (l *lines) serve(s *Service, id stores.EntityID, line *list.List) {
	for {
		l.mu.Lock()
		at := line.Front()
		if at == nil {
			delete(l.of, id)
			l.mu.Unlock()
			return
		}
		q := line.Remove(at).(*queued)
		l.mu.Unlock()
		q.leave()
		s.handOver(q.command)
	}
}

// handOver hands over the command whose turn it is, and returns when its entity has it.
func (s *Service) handOver(c *command) {
	defer s.recovered(c.request)
	p, err := s.host.Begin(c.ctx, c.Entity, c.Command)
	if err != nil {
		s.end(c, host.Reply{}, wire.ProblemOf(err))
		return
	}
	go s.await(c, p)
}
