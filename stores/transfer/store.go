package transfer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/eshost/eshost/stores"
)

// heads knows where the entities of the target end.
type heads struct {
	log   stores.Log
	fresh bool // the target was empty when the copy began

	mu    sync.Mutex
	known map[stores.EntityID]stores.Head
}

// keptHeads bounds what is known; past it all is forgotten, and asked for again.
const keptHeads = 1 << 18

// of returns the heads that the commits go on from.
func (h *heads) of(ctx context.Context, items []*item) ([]stores.Head, error) {
	out := make([]stores.Head, len(items))
	var ids []stores.EntityID
	var at []int
	h.mu.Lock()
	for i, it := range items {
		id := it.commit.Entity
		head, ok := h.known[id]
		if out[i] = head; !ok && !(h.fresh && it.commit.Expected == 0) {
			ids, at = append(ids, id), append(at, i)
		}
	}
	h.mu.Unlock()
	if len(ids) == 0 {
		return out, nil
	}
	got, err := h.log.Heads(ctx, ids)
	if err != nil {
		return nil, err
	}
	for n, i := range at {
		out[i] = got[n]
	}
	return out, nil
}

// stored notes that a commit is there.
func (h *heads) stored(c *stores.Commit, token stores.HeadToken) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.known) >= keptHeads {
		clear(h.known)
	}
	h.known[c.Entity] = stores.Head{Seq: c.Seq(), Token: token}
}

// store stores what the queue holds until all is stored.
func (c *copier) store(ctx context.Context) error {
	info := c.to.Log.Info()
	for {
		items := c.queue.take(max(1, info.AppendCommits), max(1, info.AppendBytes))
		if len(items) == 0 {
			return nil
		}
		if err := c.append(ctx, items); err != nil {
			return err
		}
	}
}

// append stores commits, as often as it takes. Those that are there already are left alone.
func (c *copier) append(ctx context.Context, items []*item) error {
	w := &waiter{patience: c.o.Patience}
	for len(items) > 0 {
		left, err := c.try(ctx, items)
		if err != nil || len(left) == 0 {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if len(left) < len(items) {
			w.progress()
		}
		if err := w.wait(ctx, left[0].err); err != nil {
			return err
		}
		items = items[:0:0]
		for _, l := range left {
			items = append(items, l.item)
		}
	}
	return nil
}

// open is a commit of which it is not known whether it is stored.
type open struct {
	*item
	err error
}

// try appends the commits once. It returns those that must be appended again; an error is for good.
func (c *copier) try(ctx context.Context, items []*item) (left []open, err error) {
	heads, err := c.heads.of(ctx, items)
	if err != nil {
		if !again(err) {
			return nil, err
		}
		for _, it := range items {
			left = append(left, open{it, err})
		}
		return left, nil
	}
	var commits []stores.Commit
	var sent, done []*item
	for i, it := range items {
		switch {
		case it.commit.Seq() <= heads[i].Seq:
			done = append(done, it)
		case it.commit.Expected != heads[i].Seq:
			return nil, foreign(&it.commit, heads[i].Seq)
		default:
			it.commit.Head = heads[i].Token
			commits, sent = append(commits, it.commit), append(sent, it)
		}
	}
	if len(commits) > 0 {
		for i, r := range c.to.Log.Append(ctx, stores.Fence{}, commits) {
			switch it := sent[i]; r.Outcome {
			case stores.Applied, stores.Duplicate:
				c.heads.stored(&it.commit, r.Head)
				c.moved.Add(int64(len(it.commit.Events)))
				done = append(done, it)
			case stores.Unknown:
				left = append(left, open{it, r.Err})
			case stores.Conflict:
				return nil, foreign(&it.commit, heads[i].Seq)
			default:
				if !again(r.Err) {
					return nil, fmt.Errorf("store in the target: %w", r.Err)
				}
				left = append(left, open{it, r.Err})
			}
		}
	}
	c.queue.done(done)
	return left, nil
}

// foreign says that somebody else writes to the target.
func foreign(c *stores.Commit, head uint64) error {
	return &stores.EntityError{Op: "copy", Entity: c.Entity, Seq: c.Expected + 1,
		Err: fmt.Errorf("%w: the target is at %d and has other events: somebody writes to it", ErrNotACopy, head)}
}

// again reports whether the same may succeed later.
func again(err error) bool {
	return errors.Is(err, stores.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
}

// waiter waits between tries, longer each time, until its patience ends.
type waiter struct {
	patience time.Duration
	since    time.Time // of the first try without success
	pause    time.Duration
}

func (w *waiter) progress() { w.since, w.pause = time.Time{}, 0 }

func (w *waiter) wait(ctx context.Context, cause error) error {
	if cause == nil {
		cause = stores.ErrUnavailable
	}
	if w.since.IsZero() {
		w.since = time.Now()
	}
	if time.Since(w.since) > w.patience {
		return fmt.Errorf("the target is away for more than %v, copy again once it is back: it goes on where it has ended: %w", w.patience, cause)
	}
	w.pause = min(2*time.Second, max(20*time.Millisecond, 2*w.pause))
	select {
	case <-time.After(w.pause):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
