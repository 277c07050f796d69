package host

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eshost/eshost/host/internal/deployment"
	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// registry follows the stream of deployments and binds what it says. Where
// the host has no blobs there is no stream, and the entries are in memory alone. Either way a
// binding changes in one place, and for one reason: the registry says something else than what is bound.
type registry struct {
	h     *Host
	state atomic.Pointer[deployment.Registry]

	mu     sync.Mutex // who reads on, adds or binds
	failed bool       // some of what the registry says could not be bound

	ctx    context.Context // ends with the host
	cancel context.CancelFunc
	done   chan struct{} // closed when nobody follows any more; nil: nobody does
}

// start binds what the registry says, and follows it where others may write it.
func (r *registry) start(ctx context.Context, h *Host) error {
	r.h = h
	r.state.Store(&deployment.Registry{})
	r.ctx, r.cancel = context.WithCancel(context.Background())
	if h.o.Blobs == nil {
		return nil
	}
	if err := r.catchUp(ctx); err != nil {
		return err
	}
	r.done = make(chan struct{})
	go r.follow()
	return nil
}

// stop ends the following.
func (r *registry) stop() {
	r.cancel()
	if r.done != nil {
		<-r.done
	}
}

// The pause before what failed is tried again, which doubles.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 30 * time.Second
)

// follow binds what comes, from whatever host, until the registry is stopped.
func (r *registry) follow() {
	defer close(r.done)
	pause := firstPause
	for r.ctx.Err() == nil {
		err := r.some(pause)
		if r.ctx.Err() != nil {
			return
		}
		if err != nil {
			r.h.o.Logger.Error("deployments cannot be followed: what serves stays as it is", "again_in", pause.String(), "error", err)
			select {
			case <-time.After(pause):
			case <-r.ctx.Done():
			}
		} else if !r.behind() {
			pause = firstPause
			continue
		}
		pause = min(2*pause, longestPause)
	}
}

// some follows until it fails, or until the pause is over if some plugin is to be tried again then.
func (r *registry) some(pause time.Duration) error {
	ctx, cancel := r.ctx, func() {}
	if r.behind() {
		ctx, cancel = context.WithTimeout(ctx, pause)
	}
	defer cancel()
	for _, err := range stores.Follow(ctx, r.h.o.Log, stores.Query{Type: deployment.Stream.Type, After: r.state.Load().Place}) {
		if err != nil && ctx.Err() == nil {
			return err
		}
		if err := r.catchUp(r.ctx); err != nil {
			return err
		}
		if err != nil || r.behind() {
			return nil
		}
	}
	return nil
}

// behind reports whether some of what the registry says could not be bound.
func (r *registry) behind() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// catchUp reads the stream to its end and binds what it says. Its error is that of reading.
func (r *registry) catchUp(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	state := r.state.Load()
	if r.h.o.Blobs != nil {
		for rec, err := range r.h.o.Log.Read(ctx, deployment.Stream, state.Seq) {
			if err == nil {
				state, err = state.Apply(rec)
			}
			if err != nil {
				return fmt.Errorf("read the deployments: %w", err)
			}
		}
		r.state.Store(state)
	}
	r.bind(ctx, state)
	return nil
}

// now is what the registry says at this moment.
func (r *registry) now(ctx context.Context) (*deployment.Registry, error) {
	if err := r.catchUp(ctx); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return r.state.Load(), nil
}

// bind binds every type that the registry says is served by another deployment than the one that is bound.
func (r *registry) bind(ctx context.Context, state *deployment.Registry) {
	r.failed = false
	failed := make(map[stores.Digest]error) // so that each is tried once
	for _, name := range slices.Sorted(maps.Keys(state.Serving)) {
		want := state.Serving[name]
		if r.h.bound(name) == want.Seq {
			continue
		}
		err, tried := failed[want.Plugin]
		if !tried {
			err = r.bindType(ctx, name, state.Entry(want.Seq), &want)
		}
		if err == nil {
			continue
		}
		failed[want.Plugin], r.failed = err, true
		r.h.unserved(name, fmt.Errorf("plugin %s, which serves it since deployment %d, cannot be loaded here: %w", want.Plugin, want.Seq, err))
		r.h.o.Logger.Error("a plugin that is deployed cannot be loaded: what served its type before serves on", "type", name, "plugin", want.Plugin.String(), "deployment", want.Seq, "error", err)
	}
}

// bindType has a plugin serve a type. The one that did before is kept warm if it is the one to go back to.
func (r *registry) bindType(ctx context.Context, name string, e *deployment.Entry, s *deployment.Serving) error {
	h := r.h
	l, err := h.obtain(ctx, s.Plugin)
	if err != nil {
		return err
	}
	t := l.manifest.Type(name)
	if t == nil {
		h.loaded.release(l)
		return fmt.Errorf("%w: the plugin does not declare the type", stores.ErrCorrupt)
	}
	b := entity.NewBinding(l.digest, t.StateSchema, newGuest(l, t, &h.o), func() { h.loaded.release(l) })
	b.Keeps = s.Keeps
	warm := h.loaded.get(s.Former)
	h.mu.Lock()
	cold := h.warm[name]
	h.warm[name] = warm
	h.engine.Bind(h.sharedType(name), b)
	h.serves[name] = &serving{loaded: l, entry: e, former: s.Former}
	delete(h.missing, name)
	h.mu.Unlock()
	h.loaded.release(cold)
	return nil
}

// commit makes an entry the next one after the number that it was planned on, durably. It does not bind.
func (r *registry) commit(ctx context.Context, planned *deployment.Registry, e *deployment.Entry) error {
	e.Time = planned.Moment(time.Now())
	if r.h.o.Blobs == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		state := r.state.Load()
		if state.Seq != planned.Seq {
			return lostRace(planned, state)
		}
		r.state.Store(state.Add(*e))
		return nil
	}
	ev, err := e.Event()
	if err != nil {
		return err
	}
	c := stores.Commit{Entity: deployment.Stream, Expected: planned.Seq, Head: planned.Head, Time: e.Time, Plugin: e.Plugin, Events: []stores.Event{ev}}
	if _, err := rand.Read(c.ID[:]); err != nil {
		return err
	}
	switch result := r.append(ctx, &c); result.Outcome {
	case stores.Applied, stores.Duplicate:
		return nil
	case stores.Conflict:
		return r.conflicted(ctx, planned, &c)
	case stores.Unknown:
		return fmt.Errorf("record the deployment: %w: look at the history before trying again: %w", ErrOutcomeUnknown, errors.Join(result.Err, ctx.Err()))
	default:
		return fmt.Errorf("record the deployment: %w: %s: %w", ErrUnavailable, result.Outcome, result.Err)
	}
}

// append appends a commit until the log says what became of it, or ctx ends.
func (r *registry) append(ctx context.Context, c *stores.Commit) stores.Result {
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		once, cancel := context.WithTimeout(ctx, r.h.o.AppendTimeout)
		result := r.h.o.Log.Append(once, stores.Fence{}, []stores.Commit{*c})[0]
		cancel()
		if result.Outcome != stores.Unknown || ctx.Err() != nil {
			return result
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return result
		}
	}
}

// conflicted says who won; nil: it was this very commit, whose answer was lost.
func (r *registry) conflicted(ctx context.Context, planned *deployment.Registry, c *stores.Commit) error {
	for rec, err := range r.h.o.Log.Read(ctx, deployment.Stream, planned.Seq) {
		if err != nil {
			return fmt.Errorf("record the deployment: %w: read who came first: %w", ErrUnavailable, err)
		}
		if rec.ID == c.ID {
			return nil
		}
		break
	}
	state, err := r.now(ctx)
	if err != nil {
		return err
	}
	return lostRace(planned, state)
}
