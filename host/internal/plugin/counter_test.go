package plugin_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/plugin"
)

// buildGo compiles a package of this repository to a plugin.
func buildGo(pkg string) (wasm []byte, err error) {
	dir, err := os.MkdirTemp("", "eshost-plugin")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "plugin.wasm")
	build := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", file, pkg)
	build.Dir = filepath.Join("..", "..", "..")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return os.ReadFile(file)
}

var buildCounter = sync.OnceValues(func() ([]byte, error) { return buildGo("./plugins/counter/go") })

func counter(tb testing.TB) []byte {
	tb.Helper()
	wasm, err := buildCounter()
	if err != nil {
		tb.Fatal(err)
	}
	return wasm
}

func unhex(tb testing.TB, text string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// The worked example of ABI.md.
const (
	exampleRequest = "96 a7 636f756e746572 a1 61 00 c0 cf 0000019ab027f500 92 92 a8 696e637265617365 c4 05 81 a2 6279 05 92 a8 6465637265617365 c4 05 81 a2 6279 07"
	exampleAnswer  = "93 00 92 93 00 c4 01 05 91 93 a9 696e63726561736564 01 c4 05 81 a2 6279 05 93 01 a9 756e646572666c6f77 c0 c4 01 05"
	exampleFold    = "95 a7 636f756e746572 a1 61 00 c0 91 93 a9 696e63726561736564 01 c4 05 81 a2 6279 05"
	exampleState   = "92 00 c4 01 05"
)

func TestCounterGivesTheWorkedExampleOnEveryInstance(t *testing.T) {
	p := load(t, newEngine(t, &plugin.Options{CacheDir: compiled}), counter(t))
	if c := p.Manifest().Type("counter"); c == nil || len(c.Commands) != 2 || len(c.Events) != 2 {
		t.Errorf("manifest %+v", p.Manifest())
	}
	used, fresh := acquire(t, p), acquire(t, p)
	defer p.Release(used)
	defer p.Release(fresh)
	for i, in := range []*plugin.Instance{used, used, fresh} {
		got, err := in.HandleCommand(context.Background(), unhex(t, exampleRequest))
		if err != nil || !bytes.Equal(got, unhex(t, exampleAnswer)) {
			t.Errorf("call %d: command answer %x, error %v", i, got, err)
		}
		got, err = in.HandleEvent(context.Background(), unhex(t, exampleFold))
		if err != nil || !bytes.Equal(got, unhex(t, exampleState)) {
			t.Errorf("call %d: event answer %x, error %v", i, got, err)
		}
	}
}

// increases is a request of n commands upon state 7.
func increases(n int) []byte {
	r := abi.CommandRequest{Type: "counter", ID: "a", Seq: 5, State: []byte{7}, Now: 1763892000000}
	for range n {
		r.Commands = append(r.Commands, abi.Command{Name: "increase", Payload: []byte{0x81, 0xa2, 'b', 'y', 5}})
	}
	return abi.AppendCommandRequest(nil, &r)
}

// increased is a request to fold n events upon state 7.
func increased(n int) []byte {
	r := abi.EventRequest{Type: "counter", ID: "a", Seq: 5, State: []byte{7}}
	for range n {
		r.Events = append(r.Events, abi.Event{Name: "increased", Version: 1, Payload: []byte{0x81, 0xa2, 'b', 'y', 5}})
	}
	return abi.AppendEventRequest(nil, &r)
}

// TestCounterMemoryStaysFlat makes 200,000 calls, or 10 million if ESHOST_SOAK
// is 1.
func TestCounterMemoryStaysFlat(t *testing.T) {
	calls := 200_000
	if os.Getenv("ESHOST_SOAK") == "1" {
		calls = 10_000_000
	}
	p := load(t, newEngine(t, &plugin.Options{CacheDir: compiled}), counter(t))
	in := acquire(t, p)
	defer p.Release(in)
	one, batch, fold := increases(1), increases(64), increased(100)
	round := func(n int) {
		for i := range n {
			var err error
			switch i % 50 {
			case 0:
				_, err = in.HandleCommand(context.Background(), batch)
			case 1:
				_, err = in.HandleEvent(context.Background(), fold)
			default:
				_, err = in.HandleCommand(context.Background(), one)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	round(20_000)
	guest, host := in.MemoryBytes(), liveHeap()
	round(calls)
	if now := in.MemoryBytes(); now > guest {
		t.Errorf("the guest's memory grew from %d to %d bytes in %d calls", guest, now, calls)
	}
	if now := liveHeap(); now > host+1<<20 {
		t.Errorf("the host's heap grew from %d to %d bytes in %d calls", host, now, calls)
	}
	t.Logf("%d bytes of guest memory after %d calls", guest, calls)
}
