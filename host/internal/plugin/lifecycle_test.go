package plugin_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/plugin"
)

// counting is a guest whose start function and _initialize count in globals,
// and whose handle_command answers with both as bytes.
func counting() *guest {
	g := initializing(addGlobal(0, 1))
	g.globals = 2
	g.funcs = append(g.funcs, guestFunc{body: addGlobal(1, 1)})
	g.start = len(g.funcs)
	return g.with(abi.ExportHandleCommand, code(
		i32const(8), 0x23, 0, 0x3a, 0, 0,
		i32const(9), 0x23, 1, 0x3a, 0, 0,
		i64const(8<<32|2)))
}

func TestStartAndInitializeRunOncePerInstance(t *testing.T) {
	p := load(t, newEngine(t, nil), counting().bytes())
	for range 2 {
		first, second := acquire(t, p), acquire(t, p)
		for _, in := range []*plugin.Instance{first, second, first} {
			if got, err := in.HandleCommand([]byte("abc"), plugin.Allowance{}); err != nil || !bytes.Equal(got, []byte{1, 1}) {
				t.Errorf("_initialize and start ran %v times, error %v", got, err)
			}
		}
		p.Release(second)
		p.Release(first)
	}
	if s := p.Stats(); s.Created != 2 || s.Live != 2 {
		t.Errorf("%+v, want 2 instances", s)
	}
}

func TestTheInstanceReleasedLastIsAcquiredFirst(t *testing.T) {
	p := load(t, newEngine(t, nil), echo().bytes())
	a, b := acquire(t, p), acquire(t, p)
	p.Release(a)
	p.Release(b)
	if got := acquire(t, p); got != b {
		t.Error("it is another one")
	} else {
		p.Release(got)
	}
}

func TestWarmMakesInstancesAheadOfTime(t *testing.T) {
	p := load(t, newEngine(t, nil), echo().bytes())
	in := acquire(t, p)
	defer p.Release(in)
	for _, n := range []int{3, 2, 3} {
		if err := p.Warm(context.Background(), n); err != nil {
			t.Fatal(err)
		}
	}
	if s := p.Stats(); s.Live != 3 || s.Created != 3 {
		t.Errorf("%+v, want 3 instances", s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.Warm(ctx, 4); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
}

func TestReleasingTwicePanics(t *testing.T) {
	p := load(t, newEngine(t, nil), echo().bytes())
	in := acquire(t, p)
	p.Release(in)
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	p.Release(in)
}

func TestRetireWaitsForNobodyAndFreesEverything(t *testing.T) {
	e := newEngine(t, nil)
	p := load(t, e, echo().bytes())
	if err := p.Warm(context.Background(), 3); err != nil {
		t.Fatal(err)
	}
	in := acquire(t, p)
	p.Retire()
	p.Retire()
	if s := p.Stats(); s.Live != 1 {
		t.Errorf("%+v, want only the one that is out", s)
	}
	if _, err := p.Acquire(context.Background()); !errors.Is(err, plugin.ErrRetired) {
		t.Errorf("acquire: %v", err)
	}
	if err := p.Warm(context.Background(), 3); !errors.Is(err, plugin.ErrRetired) {
		t.Errorf("warm: %v", err)
	}
	if got, err := in.HandleCommand([]byte("abc"), plugin.Allowance{}); err != nil || string(got) != "abc" {
		t.Errorf("a call in flight: %q, error %v", got, err)
	}
	p.Release(in)
	if s := p.Stats(); s.Live != 0 || s.MemoryBytes != 0 || s.Discarded != 0 {
		t.Errorf("%+v, want nothing", s)
	}
}

func TestRetireBesideCalls(t *testing.T) {
	e := newEngine(t, nil)
	for round := range 20 {
		p := load(t, e, echo().bytes())
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				for {
					in, err := p.Acquire(context.Background())
					if errors.Is(err, plugin.ErrRetired) {
						return
					} else if err != nil {
						t.Error(err)
						return
					}
					if got, err := in.HandleEvent([]byte("abc"), plugin.Allowance{}); err != nil || string(got) != "abc" {
						t.Errorf("round %d: %q, error %v", round, got, err)
					}
					p.Release(in)
				}
			})
		}
		runtime.Gosched()
		p.Retire()
		wait.Wait()
		if s := p.Stats(); s.Live != 0 {
			t.Fatalf("round %d: %+v", round, s)
		}
	}
}

func TestTheSameBytesTwiceAreTwoPlugins(t *testing.T) {
	e := newEngine(t, nil)
	a, b := load(t, e, echo().bytes()), load(t, e, echo().bytes())
	if a.Digest() != b.Digest() {
		t.Error("the digests differ")
	}
	a.Retire()
	for range 2 { // one that was there, and a new one
		in := acquire(t, b)
		defer b.Release(in)
		if got, err := in.HandleCommand([]byte("abc"), plugin.Allowance{}); err != nil || string(got) != "abc" {
			t.Errorf("%q, error %v", got, err)
		}
	}
}

func TestCloseOfTheEngineWaitsForInstances(t *testing.T) {
	e := newEngine(t, nil)
	p := load(t, e, echo().bytes())
	in := acquire(t, p)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("close while an instance is out: %v", err)
	}
	if _, err := e.Load(context.Background(), echo().bytes()); !errors.Is(err, plugin.ErrClosed) {
		t.Errorf("load: %v", err)
	}
	if got, err := in.HandleCommand([]byte("abc"), plugin.Allowance{}); err != nil || string(got) != "abc" {
		t.Errorf("a call in flight: %q, error %v", got, err)
	}
	closed := make(chan error)
	go func() { closed <- e.Close(context.Background()) }()
	time.Sleep(20 * time.Millisecond) // in which it could return
	select {
	case err := <-closed:
		t.Fatalf("close returned %v while an instance was out", err)
	default:
	}
	p.Release(in)
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
	if err := e.Close(context.Background()); err != nil {
		t.Errorf("close again: %v", err)
	}
}

// liveHeap is what is in use after a collection.
func liveHeap() int64 {
	// Twice: what has a finalizer takes two rounds.
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// expectGoroutines gives goroutines that are about to end the time to do so.
func expectGoroutines(t *testing.T, want int) {
	t.Helper()
	for range 1000 {
		if runtime.NumGoroutine() <= want {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, want %d", runtime.NumGoroutine(), want)
}

func TestLoadingAndRetiringLeavesNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	e := newEngine(t, nil)
	inEngine := runtime.NumGoroutine()
	cycle := func(i int) {
		g := echo()
		g.data = append(g.data, guestData{textAt, []byte(strconv.Itoa(i))}) // each one is another plugin
		if i%3 == 0 {
			g.with(abi.ExportHandleCommand, code(unreachable))
		}
		if i%5 == 0 {
			if _, err := e.Load(context.Background(), g.without(abi.ExportAlloc).bytes()); err == nil {
				t.Fatal("loaded a plugin without alloc")
			}
			return
		}
		p := load(t, e, g.bytes())
		in := acquire(t, p)
		if _, err := in.HandleCommand([]byte("abc"), plugin.Allowance{}); (err != nil) != (i%3 == 0) {
			t.Fatalf("cycle %d: %v", i, err)
		}
		p.Release(in)
		p.Retire()
	}
	for i := range 100 {
		cycle(i)
	}
	start := liveHeap()
	for i := range 1000 {
		cycle(100 + i)
	}
	// One instance alone has 256 KiB of memory.
	if grown := liveHeap() - start; grown > 256<<10 {
		t.Errorf("the heap grew by %d bytes in 1,000 cycles", grown)
	}
	expectGoroutines(t, inEngine)
	if err := e.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	expectGoroutines(t, before)
}
