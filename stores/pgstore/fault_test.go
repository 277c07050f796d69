package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pgstore"
	"github.com/eshost/eshost/stores/pgstore/pgtest"
	"github.com/eshost/eshost/stores/storetest"
	"github.com/eshost/eshost/stores/storetest/proxy"
)

// writer appends to one entity as a host does: the same commit again until its
// outcome is known, and only then the next one.
type writer struct {
	log   stores.Log
	id    stores.EntityID
	seq   uint64 // acknowledged
	token stores.HeadToken
	took  map[stores.Outcome]int
}

func (w *writer) run(t *testing.T, stop <-chan struct{}, acknowledged *atomic.Int64) {
	w.took = make(map[stores.Outcome]int)
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		c := commitOf(w.id, w.seq, n)
		c.Head = w.token
		if !w.settle(t, c) {
			return
		}
		acknowledged.Add(1)
	}
}

// settle appends until the log has the commit.
func (w *writer) settle(t *testing.T, c stores.Commit) bool {
	for began := time.Now(); time.Since(began) < patience; {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		r := w.log.Append(ctx, stores.Fence{}, []stores.Commit{c})[0]
		cancel()
		w.took[r.Outcome]++
		switch r.Outcome {
		case stores.Applied, stores.Duplicate:
			w.seq, w.token = c.Seq(), r.Head
			return true
		case stores.Unknown, stores.Refused:
			if !errors.Is(r.Err, stores.ErrUnavailable) && !errors.Is(r.Err, context.DeadlineExceeded) {
				t.Errorf("%s: %s for %v", c.Entity, r.Outcome, r.Err)
				return false
			}
			time.Sleep(2 * time.Millisecond)
		default:
			t.Errorf("%s at %d: %s (%v)", c.Entity, c.Expected, r.Outcome, r.Err)
			return false
		}
	}
	t.Errorf("%s at %d: the log has not answered within %v", c.Entity, c.Expected, patience)
	return false
}

// underLoad runs what is done to the server while writers append and a feed
// reads, and checks then that nothing acknowledged is lost and nothing is there twice.
func underLoad(t *testing.T, log stores.Log, direct func() stores.Log, harm func(progress func())) {
	const writers = 8
	stop := make(chan struct{})
	var acknowledged atomic.Int64
	var writing sync.WaitGroup
	all := make([]*writer, writers)
	for i := range all {
		all[i] = &writer{log: log, id: counter(fmt.Sprint("w", i))}
		writing.Go(func() { all[i].run(t, stop, &acknowledged) })
	}
	shown := feedThroughFaults(t, log, stop)
	harm(func() { // until some more were acknowledged
		for want, began := acknowledged.Load()+4*writers, time.Now(); acknowledged.Load() < want; time.Sleep(time.Millisecond) {
			if time.Since(began) > patience {
				t.Fatal("the writers do not get on")
			}
		}
	})
	close(stop)
	writing.Wait()
	log = direct()
	sum := 0
	took := make(map[stores.Outcome]int)
	for _, w := range all {
		heads, err := log.Heads(t.Context(), []stores.EntityID{w.id})
		if err != nil || heads[0].Seq != w.seq {
			t.Errorf("the head of %s is %v (%v), acknowledged is %d", w.id, heads, err, w.seq)
		}
		sum += int(w.seq)
		for o, n := range w.took {
			took[o] += n
		}
	}
	t.Logf("%d commits, outcomes %v", sum, took)
	if n := shown(sum); n != sum {
		t.Errorf("the feed shows %d commits of %d", n, sum)
	}
	storetest.Verify(t, log)
}

// feedThroughFaults follows the log, and goes on after errors of a store that cannot be
// reached. It returns what to call for the number of commits shown, once there are so many.
func feedThroughFaults(t *testing.T, log stores.Log, stop <-chan struct{}) func(want int) int {
	ctx, cancel := context.WithCancel(context.Background())
	var n atomic.Int64
	var reading sync.WaitGroup
	reading.Go(func() {
		seen := make(map[stores.EntityID]uint64)
		q := stores.Query{}
		for ctx.Err() == nil {
			for rec, err := range stores.Follow(ctx, log, q) {
				if err != nil {
					if !errors.Is(err, stores.ErrUnavailable) && ctx.Err() == nil {
						t.Errorf("the feed: %v", err)
						return
					}
					break
				}
				if seen[rec.Entity] != rec.Expected {
					t.Errorf("the feed shows %s after %d, seen until %d", rec.Entity, rec.Expected, seen[rec.Entity])
				}
				seen[rec.Entity], q.After = rec.Seq(), rec.Place
				n.Add(1)
			}
			time.Sleep(time.Millisecond)
		}
	})
	return func(want int) int {
		for began := time.Now(); int(n.Load()) < want && time.Since(began) < patience; {
			time.Sleep(time.Millisecond)
		}
		cancel()
		reading.Wait()
		return int(n.Load())
	}
}

func TestNothingAcknowledgedIsLostWhenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	srv := pgtest.Start(t, nil)
	s := open(t, srv.Options(t))
	if s.Info().Durability != stores.Synced {
		t.Fatalf("the server is %s", s.Info().DurabilityIs)
	}
	underLoad(t, s, func() stores.Log { return s }, func(progress func()) {
		for range 3 {
			progress()
			if err := srv.Kill(); err != nil {
				t.Fatal(err)
			}
			srv.Restart(t)
		}
		progress()
		srv.Stop(t)
		srv.Restart(t)
		progress()
	})
}

// through returns options of a store that reaches the server by the proxy.
func through(t *testing.T, o *pgstore.Options, p *proxy.Proxy) *pgstore.Options {
	t.Helper()
	u, err := url.Parse("tcp://" + p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	with := *o
	with.Host, with.Port, with.ConnectTimeout = u.Hostname(), u.Port(), 500*time.Millisecond
	return &with
}

func TestNothingIsLostOnABadNetwork(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	p := proxy.Start(t, server.Addr)
	direct, s := open(t, o), open(t, through(t, o, p))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	underLoad(t, s, func() stores.Log { return direct }, func(progress func()) {
		for range 24 {
			harm := []func(){p.Break, p.Cut, p.Hang, p.HangRequests, p.HangAnswers}[rnd.IntN(5)]
			harm()
			time.Sleep(time.Duration(rnd.IntN(400)) * time.Millisecond)
			p.Resume()
			progress()
		}
	})
}

func TestAnAnswerThatIsHeldBackIsUnknownAndThenADuplicate(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	p := proxy.Start(t, server.Addr)
	direct, s := open(t, o), open(t, through(t, o, p))
	c := commitOf(counter("a"), 0, 2)
	result := make(chan stores.Result, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for n, landed := uint64(0), false; !landed; n++ { // unless the connection it takes is one that must be made
		mustApply(t, s, commitOf(counter("warm"), n, 1))
		p.HangAnswers()
		go func() { result <- s.Append(ctx, stores.Fence{}, []stores.Commit{c})[0] }()
		for refused := false; !landed && !refused; {
			heads, err := direct.Heads(t.Context(), []stores.EntityID{c.Entity})
			if err != nil {
				t.Fatal(err)
			}
			landed = heads[0].Seq == 1
			select {
			case r := <-result:
				if refused = true; r.Outcome != stores.Refused || landed {
					t.Fatalf("it is %s (%v)", r.Outcome, r.Err)
				}
				p.Resume()
			default:
			}
		}
	}
	cancel()
	if r := <-result; r.Outcome != stores.Unknown || !errors.Is(r.Err, context.Canceled) {
		t.Errorf("the caller that gave up is told %s (%v), want unknown", r.Outcome, r.Err)
	}
	p.Resume()
	for _, log := range []stores.Log{s, direct} {
		if r := one(t, log, c); r.Outcome != stores.Duplicate {
			t.Errorf("the same commit again is %s (%v), want a duplicate", r.Outcome, r.Err)
		}
	}
	storetest.Verify(t, direct)
}

func TestARequestThatIsHeldBackIsUnknownAndLandsOnce(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	p := proxy.Start(t, server.Addr)
	direct, s := open(t, o), open(t, through(t, o, p))
	unknown := 0
	for n := 0; unknown < 5; n++ {
		mustApply(t, s, commitOf(counter(fmt.Sprint("warm", n)), 0, 1))
		c := commitOf(counter(fmt.Sprint(n)), 0, 2)
		p.HangRequests()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		r := s.Append(ctx, stores.Fence{}, []stores.Commit{c})[0]
		cancel()
		want := []stores.Outcome{stores.Applied, stores.Duplicate}
		switch {
		case !errors.Is(r.Err, context.DeadlineExceeded):
			t.Fatalf("the caller that gave up is told %s (%v)", r.Outcome, r.Err)
		case r.Outcome == stores.Unknown:
			unknown++
		case r.Outcome == stores.Refused: // it had no connection yet: nothing is on its way
			want = want[:1]
		default:
			t.Fatalf("the caller that gave up is told %s (%v)", r.Outcome, r.Err)
		}
		if heads, err := direct.Heads(t.Context(), []stores.EntityID{c.Entity}); err != nil || heads[0].Seq != 0 {
			t.Errorf("the head is %v (%v), and nothing has arrived", heads, err)
		}
		p.Resume() // now it lands, or is cancelled
		if r := one(t, direct, c); !slices.Contains(want, r.Outcome) {
			t.Errorf("the same commit again is %s (%v), want one of %v", r.Outcome, r.Err, want)
		}
		mustApply(t, direct, commitOf(c.Entity, 1, 3))
	}
	storetest.Verify(t, direct)
}
