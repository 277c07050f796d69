package replay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

const (
	pageSize    = 32          // entities that a worker takes at once
	pagesAhead  = 4096        // that are listed before workers take them
	readAhead   = 3           // workers for each one that may fold: the others read
	reportEvery = time.Second // while a job runs
)

// Run runs a job, and yields how far it is now and then, and at the end. Its last report is
// Done; an error instead is the last thing it yields, and of the log or of ctx: what is wrong with an entity is a finding.
func (e *Engine) Run(ctx context.Context, j *Job) iter.Seq2[*Report, error] {
	return func(yield func(*Report, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		r := &run{e: e, job: j, ids: make(chan []stores.EntityID, pagesAhead), pages: make(chan *page)}
		t := newTracker(j)
		r.wanted.Store(int64(t.examples))
		r.examples.Store(int64(t.examples))
		if !j.Until.IsZero() {
			r.horizon = newHorizon(e.Log, j.New.Type.Name, j.Until)
			if err := r.horizon.advance(ctx); err != nil {
				yield(nil, err)
				return
			}
		}
		done := make(chan error, 1)
		go func() { done <- r.all(ctx) }()
		defer func() { <-done }()
		defer cancel()
		tick := time.NewTicker(reportEvery)
		defer tick.Stop()
		for {
			select {
			case p := <-r.pages:
				t.add(p)
			case <-tick.C:
				t.TotalEntities = r.total.Load()
				if !yield(t.report(false), nil) {
					return
				}
			case err := <-done:
				done <- nil
				if err != nil {
					yield(nil, err)
				} else {
					yield(t.report(true), nil)
				}
				return
			}
		}
	}
}

// run is a job that runs.
type run struct {
	e       *Engine
	job     *Job
	horizon *horizon // nil: none
	ids     chan []stores.EntityID
	pages   chan *page

	total            atomic.Int64 // entities, once they are counted
	wanted, examples atomic.Int64 // how many more are wanted: findings, and decisions
}

// all has workers do all entities. Every page they made was taken when it returns.
func (r *run) all(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.feed(ctx) })
	for range readAhead * r.e.Pace.workers {
		g.Go(func() error {
			chunk := new(entity.Chunk)
			for ids := range r.ids {
				p, err := r.page(ctx, chunk, ids)
				if err != nil {
					return err
				}
				select {
				case r.pages <- p:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// feed gives the workers entities, and counts them. Where there are more than it may hold, it looks through them once more for that.
func (r *run) feed(ctx context.Context) error {
	defer close(r.ids)
	var ids []stores.EntityID
	total, counted := int64(0), false
	give := func() error {
		select {
		case r.ids <- ids:
		default:
			if !counted {
				if err := r.count(ctx); err != nil {
					return err
				}
				counted = true
			}
			select {
			case r.ids <- ids:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		ids = nil
		return nil
	}
	for id, err := range r.job.entities(ctx, r.e.Log) {
		if err != nil {
			return fmt.Errorf("list the entities: %w", err)
		}
		total++
		if ids = append(ids, id); len(ids) == pageSize {
			if err := give(); err != nil {
				return err
			}
		}
	}
	r.total.Store(total)
	if len(ids) == 0 {
		return nil
	}
	return give()
}

// count counts the entities.
func (r *run) count(ctx context.Context) error {
	n := int64(0)
	for _, err := range r.job.entities(ctx, r.e.Log) {
		if err != nil {
			return fmt.Errorf("count the entities: %w", err)
		}
		n++
	}
	r.total.Store(n)
	return nil
}

// page does some entities.
func (r *run) page(ctx context.Context, chunk *entity.Chunk, ids []stores.EntityID) (*page, error) {
	p := &page{}
	found := make([]*Finding, len(ids))
	for i, id := range ids {
		f, err := r.compare(ctx, chunk, id)
		if err != nil {
			return nil, err
		}
		found[i] = f
	}
	if r.horizon != nil { // what was appended meanwhile may have been looked at
		if err := r.horizon.advance(ctx); err != nil {
			return nil, err
		}
		for i, f := range found {
			if end, known := r.horizon.of(f.Entity); known && f.Events > end {
				again, err := r.compare(ctx, chunk, f.Entity)
				if err != nil {
					return nil, err
				}
				found[i] = again
			}
		}
	}
	for _, f := range found {
		if f.Events == 0 && f.Verdict != Unreadable {
			continue // it began behind the end
		}
		if err := r.settle(ctx, p, f); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// compare compares an entity up to where the job ends.
func (r *run) compare(ctx context.Context, chunk *entity.Chunk, id stores.EntityID) (*Finding, error) {
	to := r.job.Seq
	if r.horizon != nil {
		end, known := r.horizon.of(id)
		if known && end == 0 {
			return &Finding{Entity: id}, nil
		}
		if known && (to == 0 || end < to) {
			to = end
		}
	}
	return r.e.compare(ctx, chunk, &r.job.Pair, id, to)
}

// settle adds what was found of an entity to the page.
func (r *run) settle(ctx context.Context, p *page, f *Finding) error {
	p.entities++
	p.events += int64(f.Events)
	p.verdicts[f.Verdict]++
	if f.Verdict != Equal && r.wanted.Add(-1) >= 0 {
		if f.Verdict == Different {
			if err := r.e.Locate(ctx, &r.job.Pair, f); err != nil {
				return err
			}
		}
		p.findings = append(p.findings, f)
	}
	if !r.job.Decide || f.Verdict != Equal && f.Verdict != Different && f.Verdict != Mended {
		return nil
	}
	d := decider{e: r.e, plugin: r.job.New, found: func(d *Redecision) {
		if r.examples.Add(-1) >= 0 {
			p.decisions = append(p.decisions, d)
		}
	}}
	err := d.run(ctx, f.Entity, f.Events)
	p.decided.add(d.count)
	var fault *entity.Fault
	if errors.As(err, &fault) {
		return nil // that was found before, unless the plugin does not do the same each time
	}
	return err
}
