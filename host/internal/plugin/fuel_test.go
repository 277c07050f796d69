package plugin_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/plugin"
)

// endless is a loop without end.
var endless = code(0x03, 0x40, 0x0c, 0, opEnd, unreachable)

func TestACallWithoutEndEndsWithItsFuel(t *testing.T) {
	const fuel = 3_000_000
	p := load(t, newEngine(t, nil), echo().with(abi.ExportHandleCommand, endless).bytes())
	for range 3 {
		in, other := acquire(t, p), acquire(t, p)
		_, err := in.HandleCommand([]byte("abc"), plugin.Allowance{Fuel: fuel})
		var call *plugin.CallError
		if !errors.As(err, &call) || call.Func != abi.ExportHandleCommand || !errors.Is(err, plugin.ErrOutOfFuel) || errors.Is(err, plugin.ErrTrapped) {
			t.Fatalf("error %v", err)
		}
		if call.Fuel < fuel || call.Fuel > fuel+1000 {
			t.Errorf("it used %d of %d", call.Fuel, fuel)
		}
		if !strings.Contains(err.Error(), "handle_command: out of fuel: it used 3000") || !strings.Contains(err.Error(), "of 3000000") {
			t.Errorf("error %q", err)
		}
		if _, err := in.HandleCommand([]byte("abc"), plugin.Allowance{}); !errors.Is(err, plugin.ErrBroken) {
			t.Errorf("another call: error %v", err)
		}
		if _, err := other.HandleEvent([]byte("abc"), plugin.Allowance{}); err != nil {
			t.Error(err)
		}
		p.Release(in)
		p.Release(other)
	}
}

func TestAStartWithoutEndIsRefused(t *testing.T) {
	e := newEngine(t, &plugin.Options{Fuel: 1_000_000})
	started := echo()
	started.funcs = append(started.funcs, guestFunc{body: endless})
	started.start = len(started.imports) + len(started.funcs)
	for name, g := range map[string]*guest{
		abi.ExportInitialize: initializing(endless),
		"start":              started,
		abi.ExportDescribe:   echo().with(abi.ExportDescribe, endless),
	} {
		_, err := e.Load(context.Background(), g.bytes())
		var refused *plugin.LoadError
		if !errors.As(err, &refused) || !errors.Is(err, plugin.ErrOutOfFuel) || !strings.Contains(err.Error(), name+" failed: ") || !strings.Contains(err.Error(), "out of fuel: it used 100000") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if s := e.Stats(); s.Live != 0 || s.MemoryBytes != 0 {
		t.Errorf("left behind: %+v", s)
	}
}

// Many calls draw on one slice, and each has its own account.
func TestEachCallUsesWhatItTakes(t *testing.T) {
	// As many rounds as the request has bytes.
	rounds := code(0x03, 0x40, local(1), i32const(1), 0x6b, 0x22, 1, 0x0d, 0, opEnd)
	in := one(t, nil, echo().with(abi.ExportHandleCommand, code(rounds, i64const(manifestAt<<32|1))))
	var first int64
	for i := range 200_000 {
		if _, err := in.HandleCommand(make([]byte, 10), plugin.Allowance{Fuel: 1000}); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
		if first == 0 {
			first = in.Used()
		}
		if used := in.Used(); used != first || used < 10 || used > 100 {
			t.Fatalf("call %d used %d, the first one %d", i, used, first)
		}
	}
	if _, err := in.HandleCommand(make([]byte, 1000), plugin.Allowance{Fuel: 10_000}); err != nil || in.Used() < 50*first || in.Used() > 200*first {
		t.Errorf("100 times the rounds used %d, error %v; one used %d", in.Used(), err, first)
	}
}

func TestAGuestComesBackAtTheEndOfEachSlice(t *testing.T) {
	in := one(t, nil, echo().with(abi.ExportHandleCommand, endless))
	var pauses, last, told int64
	var sum time.Duration
	began := time.Now()
	longest := time.Duration(0)
	since := time.Now()
	halt := errors.New("enough")
	_, err := in.HandleCommand([]byte("abc"), plugin.Allowance{Pause: func(used int64, ran time.Duration) error {
		if used <= last {
			t.Errorf("pause %d: %d used, %d before", pauses, used, last)
		}
		last = used
		if ran > sum {
			sum = ran
			told++
		}
		time.Sleep(time.Millisecond) // which is not the guest's
		longest, since = max(longest, time.Since(since)), time.Now()
		if pauses++; pauses == 50 {
			return halt
		}
		return nil
	}})
	var call *plugin.CallError
	if took := time.Since(began) - 50*time.Millisecond; told < 49 || sum == 0 || sum > took {
		t.Errorf("it ran for %v of %v, by %d pauses", sum, took, told)
	}
	if !errors.As(err, &call) || !errors.Is(err, plugin.ErrStopped) || !errors.Is(err, halt) || call.Fuel != last {
		t.Errorf("error %v after %d", err, last)
	}
	t.Logf("50 slices of %d units, the longest took %v", last/50, longest)
}

// A collection waits for each goroutine until it comes to where it can be stopped, which a
// guest only does at the end of a slice.
func TestCollectionsGoOnBesideAGuest(t *testing.T) {
	in := one(t, nil, echo().with(abi.ExportHandleCommand, endless))
	var collections atomic.Int64
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			default:
				runtime.GC()
				collections.Add(1)
			}
		}
	}()
	_, err := in.HandleCommand([]byte("abc"), plugin.Allowance{Fuel: 1 << 62, Pause: func(int64, time.Duration) error {
		if collections.Load() >= 5 {
			return context.Canceled
		}
		return nil
	}})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(done)
	<-ended
}

func TestNoMoreInstancesThanAllowed(t *testing.T) {
	p := load(t, newEngine(t, &plugin.Options{MaxInstances: 2}), echo().bytes())
	a, b := acquire(t, p), acquire(t, p)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := p.Acquire(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "wait for one of the 2 instances of plugin ") {
		t.Errorf("a third: error %v", err)
	}
	const waiters = 5
	got := make(chan error, waiters)
	for range waiters {
		go func() {
			in, err := p.Acquire(context.Background())
			if err == nil {
				p.Release(in)
			}
			got <- err
		}()
	}
	time.Sleep(5 * time.Millisecond) // most of them wait by now
	p.Release(a)
	for range waiters {
		if err := <-got; err != nil {
			t.Error(err)
		}
	}
	if s := p.Stats(); s.Live != 2 {
		t.Errorf("%+v", s)
	}
	fresh, err := p.Fresh(context.Background()) // one makes room
	if err != nil {
		t.Fatal(err)
	}
	if s := p.Stats(); s.Live != 2 || s.Created != 3 {
		t.Errorf("%+v", s)
	}
	for range waiters {
		go func() {
			_, err := p.Acquire(context.Background())
			got <- err
		}()
	}
	time.Sleep(5 * time.Millisecond)
	p.Retire()
	for range waiters {
		if err := <-got; !errors.Is(err, plugin.ErrRetired) {
			t.Errorf("of a retired plugin: error %v", err)
		}
	}
	fresh.Discard()
	p.Release(b)
}

func TestWhoHasAnInstanceNeverWaitsForAnother(t *testing.T) {
	p := load(t, newEngine(t, &plugin.Options{MaxInstances: 2}), echo().bytes())
	another := func(fresh bool) *plugin.Instance {
		t.Helper()
		in, err := p.Another(context.Background(), fresh)
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	in := acquire(t, p)
	other := another(false)
	if other == nil || other == in {
		t.Fatal("there was room for another")
	}
	for _, fresh := range []bool{false, true} {
		if third := another(fresh); third != nil {
			t.Errorf("fresh %v: a third one of two", fresh)
		}
	}
	p.Release(other)
	if again := another(false); again != other {
		t.Error("there was a free one")
	} else {
		p.Release(again)
	}
	if fresh := another(true); fresh == nil || fresh == other {
		t.Error("it is not fresh")
	} else {
		fresh.Discard()
	}
	p.Release(in)
	if s := p.Stats(); s.Live != 1 || s.Created != 3 {
		t.Errorf("%+v", s)
	}
}

func TestAWornInstanceIsReplaced(t *testing.T) {
	for name, o := range map[string]*plugin.Options{
		"by its calls": {RecycleCalls: 100},
		"by its age":   {RecycleAge: time.Nanosecond},
	} {
		p := load(t, newEngine(t, o), echo().bytes())
		for range 1000 {
			in := acquire(t, p)
			if _, err := in.HandleCommand([]byte("abc"), plugin.Allowance{}); err != nil {
				t.Fatal(err)
			}
			p.Release(in)
		}
		if s := p.Stats(); s.Live != 1 || s.Discarded < 3 || s.Discarded > 10 {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestALeftoverIsNoMoreThanTheNextCallMayUse(t *testing.T) {
	// As many rounds as the request has bytes.
	rounds := code(0x03, 0x40, local(1), i32const(1), 0x6b, 0x22, 1, 0x0d, 0, opEnd)
	in := one(t, nil, echo().with(abi.ExportHandleCommand, code(rounds, i64const(manifestAt<<32|1))))
	if _, err := in.HandleCommand([]byte("abc"), plugin.Allowance{}); err != nil { // leaves most of a slice
		t.Fatal(err)
	}
	_, err := in.HandleCommand(make([]byte, 5000), plugin.Allowance{Fuel: 1000})
	var call *plugin.CallError
	if !errors.As(err, &call) || !errors.Is(err, plugin.ErrOutOfFuel) || call.Fuel > 1100 {
		t.Errorf("it may use 1000: it used %d, %v", in.Used(), err)
	}
}
