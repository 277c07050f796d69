package engine

import (
	"fmt"

	"github.com/eshost/eshost/host/internal/entity"
)

// Post hands a call to an entity of the type. When it returns nil the call
// will be answered on its Done; an error means that it never will, and nothing happened.
func (g *Engine) Post(t *Type, id string, c *entity.Call) (*entity.Entity, error) {
	for {
		if g.closing.Load() {
			return nil, entity.ErrClosed
		}
		e, err := t.get(g, id)
		if err != nil {
			return nil, err
		}
		switch e.Post(c, g.clock.Load()) {
		case entity.Due:
			g.turns.Add(1)
			g.push(e)
			fallthrough
		case entity.Accepted:
			if g.stopped.Load() {
				e.FailMail(entity.ErrClosed)
			}
			return e, nil
		case entity.Full:
			if !c.Wait {
				return nil, fmt.Errorf("%s: %w: %d commands wait", e.ID(), entity.ErrMailboxFull, t.MailboxSize)
			}
			select {
			case <-e.Room():
			case <-c.Ctx.Done():
				return nil, fmt.Errorf("%s: %w: %w", e.ID(), entity.ErrNotStarted, c.Ctx.Err())
			case <-g.ctx.Done():
				return nil, entity.ErrClosed
			}
		case entity.Gone:
		}
	}
}

// Posting is a call on its way to an entity of a type.
type Posting struct {
	Type *Type
	ID   string
	Call *entity.Call

	hash   uint64
	entity *entity.Entity
}

// PostSize is how many calls are posted at once at most.
const PostSize = 64

// PostAll hands up to PostSize calls to their entities, in order. A call for which
// Post would return an error is failed with it.
//
// It goes through them in passes that are short, for a reason: one entity
// among many is in no cache, and a processor waits for several of them at the same time only
// if little else is to be done between one and the next.
func (g *Engine) PostAll(all []Posting) {
	if g.closing.Load() {
		for i := range all {
			all[i].Call.Fail(entity.ErrClosed)
		}
		return
	}
	g.lookUp(all)
	var room [PostSize]task
	due, now := room[:0], g.clock.Load()
	for i := range all {
		p := &all[i]
		if p.entity != nil {
			switch p.entity.Post(p.Call, now) {
			case entity.Due:
				g.turns.Add(1) // before anybody can end the turn
				if !g.divert(p.entity) {
					g.turns.Add(-1)
					due = append(due, task{typ: p.Type, entity: p.entity})
				}
				continue
			case entity.Accepted:
				continue
			}
		}
		// There is no such entity, or it has to be waited for: for which those before must have their turns.
		g.pushNew(due)
		due = due[:0]
		if _, err := g.Post(p.Type, p.ID, p.Call); err != nil {
			p.Call.Fail(err)
		}
	}
	g.pushNew(due)
	if g.stopped.Load() {
		for i := range all {
			if e := all[i].entity; e != nil {
				e.FailMail(entity.ErrClosed)
			}
		}
	}
}

// lookUp looks the entities up. One whose id is not valid stays nil.
func (g *Engine) lookUp(all []Posting) {
	for i := range all {
		all[i].hash = hashOf(all[i].ID)
	}
	for i := 0; i < len(all); {
		t := all[i].Type
		t.entities.mu.Lock()
		for ; i < len(all) && all[i].Type == t; i++ {
			all[i].entity, _ = t.getLocked(g, all[i].hash, all[i].ID)
		}
		t.entities.mu.Unlock()
	}
}

// pushNew puts entities that got a turn on the run queue.
func (g *Engine) pushNew(due []task) {
	if len(due) == 0 {
		return
	}
	g.turns.Add(int64(len(due)))
	g.deciding.Add(int64(len(due)))
	g.queue.push(due...)
}
