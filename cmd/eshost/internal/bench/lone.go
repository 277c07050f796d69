package bench

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// The lone command is compared with the bare store block by block, in turns, so
// that a disk whose speed changes over seconds is the same for both.
const (
	loneBlock = 100  // commands in a row
	loneTotal = 4000 // at most, on each side
)

// alone sends one command after the other by the shortest way there is.
func (r *run) alone(ctx context.Context, h *hosted, between func()) (p parts, err error) {
	if r.cfg.Setup != nil {
		if err := h.handle(ctx, 0); err != nil {
			return p, err
		}
	}
	between()
	first, upTo := r.cfg.perEntity()-uint64(r.cfg.Events), r.cfg.perEntity()
	p.rest = &measured{latency: newLatency()}
	var done atomic.Int64
	r.watch.begin("host", int64(r.cfg.Events), done.Load)
	defer r.watch.end()
	start := time.Now()
	for n := first; n < upTo; n++ {
		if err := p.rest.timed(func() error { return h.handle(ctx, n) }); err != nil {
			return p, err
		}
		done.Add(1)
	}
	p.rest.took = time.Since(start)
	return p, nil
}

// handle sends the n-th command of the only entity and waits for its answer.
func (h *hosted) handle(ctx context.Context, n uint64) error {
	reply, err := h.entities[0].Handle(ctx, h.commandOf(0, n))
	return h.verify(0, n, &reply, err)
}

// timed counts one command, and how long it takes.
func (m *measured) timed(f func() error) error {
	start := time.Now()
	err := f()
	recordLatency(m.latency, time.Since(start))
	m.commands++
	return err
}

// aloneBesideBare compares the lone command with a lone synced commit of the bare
// store: a call after the other, without any other goroutine.
func (r *run) aloneBesideBare(ctx context.Context, h *hosted) (err error) {
	engines, err := r.openBare(ctx, 1)
	if err != nil {
		return err
	}
	b := engines[0]
	defer func() { err = errors.Join(err, b.remove()) }()
	next, total := r.cfg.perEntity(), min(loneTotal, max(loneBlock, r.cfg.Events))
	ours, theirs := &measured{latency: newLatency()}, &measured{latency: newLatency()}
	var done atomic.Int64
	r.watch.begin("host and "+r.out.bareName()+" in turns", int64(total), done.Load)
	defer r.watch.end()
	for i := 0; i < total; i += loneBlock {
		start := time.Now()
		for range loneBlock {
			if err := ours.timed(func() error { return h.handle(ctx, next) }); err != nil {
				return err
			}
			next++
		}
		middle := time.Now()
		for n := range uint64(loneBlock) {
			if err := ctx.Err(); err != nil {
				return err
			}
			err := theirs.timed(func() error {
				b.add(0, uint64(i)+n)
				return b.commit(1)
			})
			if err != nil {
				return err
			}
		}
		ours.took += middle.Sub(start)
		theirs.took += time.Since(middle)
		done.Add(loneBlock)
	}
	r.out.alone(ours, theirs)
	return nil
}
