package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// What is folded again after a swap, at most.
const (
	refoldEntities = 1000
	refoldTime     = 2 * time.Second
)

// refolder folds entities with the plugin that has just come to serve them, so
// that its author hears at once which it cannot fold.
type refolder struct {
	host   *host.Host
	seen   stores.Position   // up to here it is known whose events came
	recent []stores.EntityID // those whose events came since dev began, the latest last; each once
}

func newRefolder(ctx context.Context, h *host.Host) (*refolder, error) {
	head, err := h.Log().Head(ctx)
	return &refolder{host: h, seen: head}, err
}

// refolded is what came of folding the entities of a type.
type refolded struct {
	entities, failed int
	first            *host.QuarantineError // of those that failed
	event            *host.Event           // that it cannot fold; nil: none in particular
}

// refold folds entities of the type: first those that had events since dev
// began, the latest first, then the others, as many as there is time for.
func (f *refolder) refold(ctx context.Context, typ string) (*refolded, error) {
	ctx, cancel := context.WithTimeout(ctx, refoldTime)
	defer cancel()
	r := &refolded{}
	err := f.candidates(ctx, typ, func(id stores.EntityID) error { return f.one(ctx, id, r) })
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil // that was the time
	}
	return r, err
}

// one folds an entity.
func (f *refolder) one(ctx context.Context, id stores.EntityID, r *refolded) error {
	entity := f.host.Entity(id.Type, id.ID)
	_, err := entity.State(ctx)
	var q *host.QuarantineError
	if err != nil && !errors.As(err, &q) {
		return err
	}
	r.entities++
	if q == nil {
		return nil
	}
	if r.failed++; r.first != nil {
		return nil
	}
	r.first = q
	var fault *host.Fault
	if errors.As(q.Err, &fault) && fault.Seq > 0 {
		for e, err := range entity.Events(ctx, fault.Seq-1) {
			if err != nil {
				return err
			}
			r.event = &e
			break
		}
	}
	return nil
}

// candidates yields the entities to fold until yield fails, or they are enough.
func (f *refolder) candidates(ctx context.Context, typ string, yield func(stores.EntityID) error) error {
	if err := f.catchUp(ctx); err != nil {
		return err
	}
	n := 0
	done := make(map[stores.EntityID]bool)
	for _, id := range slices.Backward(f.recent) {
		if id.Type != typ {
			continue
		}
		if n++; n > refoldEntities {
			return nil
		}
		done[id] = true
		if err := yield(id); err != nil {
			return err
		}
	}
	for id, err := range f.host.Entities(ctx, typ, "") {
		if err != nil {
			return err
		}
		if done[id] {
			continue
		}
		if n++; n > refoldEntities {
			return nil
		}
		if err := yield(id); err != nil {
			return err
		}
	}
	return nil
}

// catchUp reads whose events came since it did so last.
func (f *refolder) catchUp(ctx context.Context) error {
	last := make(map[stores.EntityID]int)
	for i, id := range f.recent {
		last[id] = i
	}
	all := f.recent
	for rec, err := range f.host.Log().Scan(ctx, stores.Query{After: f.seen}) {
		if err != nil {
			return err
		}
		if n := len(rec.Events); n > 0 {
			f.seen = rec.Position(n - 1)
		}
		last[rec.Entity] = len(all)
		all = append(all, rec.Entity)
	}
	f.recent = f.recent[:0:0]
	for i, id := range all {
		if last[id] == i {
			f.recent = append(f.recent, id)
		}
	}
	return nil
}

// String says what cannot be folded, why, and what to do.
func (r *refolded) String() string {
	q := r.first
	var fault *host.Fault
	errors.As(q.Err, &fault)
	text := fmt.Sprintf("%d of %d entities of type %s cannot be folded by it", r.failed, r.entities, q.Entity.Type)
	at := q.Entity.String()
	if r.event != nil {
		at += fmt.Sprintf(", event %d, %s v%d", r.event.Seq, r.event.Name, r.event.Version)
	}
	why := q.Err.Error()
	if fault != nil && fault.Message != "" {
		why = fault.Message
	}
	return fmt.Sprintf("%s: %s: %s; mend the source and save, or give an event that has changed the next version beside the former one; nothing is lost", text, at, why)
}
