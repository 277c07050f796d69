package sandbox_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/host/internal/countertest"
	"github.com/eshost/eshost/host/sandbox"
)

func counter(tb testing.TB) []byte { return hosttest.BuildGo(tb, "../../plugins/counter/go") }

func open(tb testing.TB, wasm []byte) *sandbox.Plugin {
	tb.Helper()
	p, err := sandbox.Open(context.Background(), wasm, &sandbox.Options{CallTimeout: time.Minute})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := p.Close(ctx); err != nil {
			tb.Error(err)
		}
	})
	return p
}

func instance(tb testing.TB, p *sandbox.Plugin) *sandbox.Instance {
	tb.Helper()
	in, err := p.Instance(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(in.Close)
	return in
}

func TestSeveralInstancesLiveAtOnce(t *testing.T) {
	p := open(t, counter(t))
	if p.Digest() != sha256.Sum256(counter(t)) || p.Manifest().Type("counter") == nil {
		t.Errorf("digest %x, manifest %+v", p.Digest(), p.Manifest())
	}
	a, b := instance(t, p), instance(t, p)
	for i, in := range []*sandbox.Instance{a, b, a} {
		if got, err := in.HandleCommand(countertest.ExampleRequest); err != nil || !bytes.Equal(got, countertest.ExampleAnswer) {
			t.Errorf("call %d: command answer %x, error %v", i, got, err)
		}
		if got, err := in.HandleEvent(countertest.ExampleFold); err != nil || !bytes.Equal(got, countertest.ExampleState) {
			t.Errorf("call %d: event answer %x, error %v", i, got, err)
		}
		if got, err := in.Describe(); err != nil {
			t.Errorf("call %d: %v", i, err)
		} else if _, err := abi.DecodeManifest(got); err != nil {
			t.Errorf("call %d: manifest %x: %v", i, got, err)
		}
		if lines, dropped := in.Logs(); len(lines) != 0 || dropped != 0 || in.MemoryBytes() == 0 {
			t.Errorf("call %d: logs %v, %d dropped; %d bytes of memory", i, lines, dropped, in.MemoryBytes())
		}
		if err := in.Reserve(1); err != nil {
			t.Errorf("call %d: %v", i, err)
		}
	}
}

func TestAnInstanceIsFreshAlthoughOthersWereClosed(t *testing.T) {
	p := open(t, counter(t))
	grown := instance(t, p)
	fresh := grown.MemoryBytes()
	if err := grown.Reserve(32 << 20); err != nil || grown.MemoryBytes() <= fresh {
		t.Fatalf("%d bytes of memory after 32 MiB were asked for, error %v", grown.MemoryBytes(), err)
	}
	grown.Close()
	grown.Close()
	if got := instance(t, p).MemoryBytes(); got != fresh {
		t.Errorf("%d bytes of memory, a fresh instance has %d", got, fresh)
	}
}

func TestAPluginThatCannotBeServedIsRefusedWithAllReasons(t *testing.T) {
	_, err := sandbox.Open(context.Background(), []byte("\x00asm\x01\x00\x00\x00"), nil)
	var load *sandbox.LoadError
	if !errors.As(err, &load) || len(load.Problems) < 6 {
		t.Errorf("error %v", err)
	}
}

func TestACallThatFailsBreaksTheInstanceAndNoOther(t *testing.T) {
	p := open(t, counter(t))
	bad, good := instance(t, p), instance(t, p)
	var call *sandbox.CallError
	if err := bad.Reserve(1 << 30); !errors.As(err, &call) || call.Func != abi.ExportAlloc {
		t.Errorf("a GiB in an instance of 256 MiB: error %v", err)
	}
	for what, err := range map[string]error{
		"describe": second(bad.Describe()), "a command": second(bad.HandleCommand(countertest.ExampleRequest)), "alloc": bad.Reserve(1),
	} {
		if !errors.Is(err, sandbox.ErrBroken) {
			t.Errorf("%s after a failure: error %v", what, err)
		}
	}
	if _, err := good.HandleCommand(countertest.ExampleRequest); err != nil {
		t.Error(err)
	}
}

func second(_ []byte, err error) error { return err }

func TestACallAllocatesNothing(t *testing.T) {
	in, command, fold := instance(t, open(t, counter(t))), countertest.ExampleRequest, countertest.ExampleFold
	if n := testing.AllocsPerRun(100, func() {
		if _, err := in.HandleCommand(command); err != nil {
			t.Fatal(err)
		}
		if _, err := in.HandleEvent(fold); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a pair of calls", n)
	}
}

func TestAMemoryLimitHolds(t *testing.T) {
	p, err := sandbox.Open(context.Background(), counter(t), &sandbox.Options{MemoryBytes: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	in := instance(t, p)
	if err := in.Reserve(17 << 20); err == nil {
		t.Error("17 MiB fit into 16")
	}
	in.Close()
	if err := p.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestAMemoryLimitThatMakesNoSenseIsRefused(t *testing.T) {
	for _, size := range []int{-1, 1, 65535, 4<<30 + 1, 1 << 48} {
		p, err := sandbox.Open(context.Background(), counter(t), &sandbox.Options{MemoryBytes: size})
		if err == nil {
			_ = p.Close(context.Background())
		}
		if refused := new(sandbox.LoadError); err == nil || errors.As(err, &refused) || !strings.Contains(err.Error(), "65536 (one page)") {
			t.Errorf("%d bytes: error %v", size, err)
		}
	}
}

// Whoever calls what is closed must not look for the fault in the plugin.
func TestACallAfterCloseBlamesNoGuest(t *testing.T) {
	p, err := sandbox.Open(context.Background(), counter(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	in := instance(t, p)
	in.Close()
	if err := p.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	_, instantiated := p.Instance(context.Background())
	for what, err := range map[string]error{
		"describe": second(in.Describe()), "a command": second(in.HandleCommand(countertest.ExampleRequest)), "an event": second(in.HandleEvent(countertest.ExampleFold)),
		"alloc": in.Reserve(1), "an instance": instantiated,
	} {
		if call := new(sandbox.CallError); !errors.Is(err, sandbox.ErrClosed) || errors.As(err, &call) {
			t.Errorf("%s after Close: error %v", what, err)
		}
	}
}
