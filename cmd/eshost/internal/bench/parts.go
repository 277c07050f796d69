package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/eshost/eshost/host"
)

// firstWindow is how many commands are in flight while every entity gets its
// setup, if nothing else says so.
const firstWindow = 1024

// leastTime is how long bare Pebble may take even if the host was quicker.
const leastTime = 3 * time.Second

// parts are the two parts of a load: the first command of each entity, if
// that is apart, and the rest.
type parts struct {
	first *measured // nil: not apart
	rest  *measured
}

// drive puts the whole load on a target. between is called between the two parts.
// Neither part takes longer than its limit; 0: no limit.
func (r *run) drive(ctx context.Context, t target, name string, limit [2]time.Duration, between func()) (p parts, err error) {
	sent := make(counters, r.cfg.Entities)
	if r.cfg.first() {
		l := &load{clients: r.cfg.Clients, entities: r.cfg.Entities, window: firstWindow, limit: limit[0],
			source: func(client, first, last int) source { return newOnce(sent, first, last, seeded(client)) }}
		if r.cfg.Concurrency > 0 {
			l.window = r.cfg.Concurrency
		}
		if p.first, err = l.run(ctx, t, r.watch.phase(name+": first command of each entity", int64(r.cfg.Entities))); err != nil {
			return p, err
		}
	}
	between()
	l := r.main(sent)
	l.limit = limit[1]
	p.rest, err = l.run(ctx, t, r.watch.phase(name, r.cfg.mainCommands()))
	r.watch.end()
	return p, err
}

// seeded makes a client draw the same for the host and for bare Pebble.
func seeded(client int) *rand.Rand { return rand.New(rand.NewPCG(uint64(client), 1)) }

// main is the load without the first command of each entity, if that is apart.
func (r *run) main(sent counters) *load {
	l := &load{clients: r.cfg.Clients, entities: r.cfg.Entities, rate: r.cfg.Rate}
	total := int(r.cfg.mainCommands())
	random := func(client, first, last int) source {
		return &drawn{sent: sent, first: first, last: last, random: seeded(client),
			left: total*last/r.cfg.Entities - total*first/r.cfg.Entities}
	}
	switch {
	case r.cfg.Rate > 0:
		l.window, l.source = openWindow, random
	case r.cfg.Concurrency > 0:
		l.window, l.source = r.cfg.Concurrency, random
	default:
		l.window, l.pinned = r.cfg.Entities*r.cfg.Inflight, true
		l.source = func(int, int, int) source { return &inTurn{sent: sent, upTo: r.cfg.perEntity()} }
	}
	return l
}

// openWindow bounds what is in flight at a rate that nobody can keep up with.
const openWindow = 1 << 18

// load puts the load on the host.
func (r *run) load(ctx context.Context, h *hosted) error {
	before := h.host.Stats()
	var p parts
	var err error
	if r.cfg.lone() {
		p, err = r.alone(ctx, h, func() { before = h.host.Stats() })
	} else {
		p, err = r.drive(ctx, h, "host", [2]time.Duration{}, func() { before = h.host.Stats() })
	}
	if err != nil {
		return err
	}
	r.wrote = since(before, h.host.Stats())
	r.out.loaded(p, r.wrote)
	return nil
}

// since returns what was counted between two moments.
func since(before, after host.Stats) host.Stats {
	return host.Stats{Commands: after.Commands - before.Commands, GuestCalls: after.GuestCalls - before.GuestCalls,
		GuestTime: after.GuestTime - before.GuestTime, Commits: after.Commits - before.Commits, Writes: after.Writes - before.Writes}
}

// recovery closes host and store, opens them again and activates every entity.
func (r *run) recovery(ctx context.Context, h *hosted) error {
	r.watch.begin("start the host again", 0, nil)
	if err := h.stop(); err != nil {
		return err
	}
	if err := h.start(ctx); err != nil {
		return err
	}
	var done atomic.Int64
	var events atomic.Uint64
	r.watch.begin("recovery", int64(len(h.entities)), done.Load)
	defer r.watch.end()
	start := time.Now()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(recoverers)
	for _, e := range h.entities {
		if gctx.Err() != nil {
			break
		}
		g.Go(func() error {
			s, err := e.State(gctx)
			if errors.Is(err, host.ErrNoEvents) && r.cfg.Rate > 0 { // it was never drawn
				err = nil
			}
			if err != nil {
				return fmt.Errorf("activate %s: %w", e.ID(), err)
			}
			events.Add(s.Seq)
			done.Add(1)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	took := time.Since(start)
	stats := h.host.Stats()
	want := r.cfg.perEntity() * uint64(r.cfg.Entities)
	if events.Load() != want || r.cfg.Snapshots == 0 && stats.EventsRecovered != want {
		return fmt.Errorf("after %d events were acknowledged, %d are there and %d were folded", want, events.Load(), stats.EventsRecovered)
	}
	r.out.recovered(took, stats)
	return nil
}

// recoverers is how many reads that activate entities are under way at once.
const recoverers = 128

// rawDisk measures the lower ceiling.
func (r *run) rawDisk(ctx context.Context) error {
	r.watch.begin("raw disk", 0, nil)
	writes := int64(r.wrote.Writes)
	bytes := r.shape.writeBytes()
	for _, grow := range []bool{false, true} {
		s, err := writeAndSync(ctx, r.dir, bytes, writes, grow)
		if err != nil {
			return err
		}
		r.out.disk(s, grow, bytes)
	}
	return nil
}

// bare measures the upper ceiling: the same load on the bare store.
func (r *run) bare(ctx context.Context, connections, maxBatch int) (err error) {
	engines, err := r.openBare(ctx, connections)
	if err != nil {
		return err
	}
	defer func() {
		for _, e := range slices.Backward(engines) { // the first is the owner
			err = errors.Join(err, e.remove())
		}
	}()
	b := newBare(engines, maxBatch)
	b.start()
	defer b.stop()
	limit := [2]time.Duration{max(leastTime, seconds(r.out.ColdSeconds)), max(leastTime, seconds(r.out.RunSeconds))}
	p, err := r.drive(ctx, b, r.out.bareName(), limit, func() {})
	if err != nil {
		return err
	}
	r.out.bare(p)
	return nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
