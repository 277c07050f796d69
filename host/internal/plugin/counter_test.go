package plugin_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/eshost/eshost/host/internal/countertest"
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

func TestCounterGivesTheWorkedExampleOnEveryInstance(t *testing.T) {
	p := load(t, newEngine(t, &plugin.Options{CacheDir: compiled}), counter(t))
	if c := p.Manifest().Type("counter"); c == nil || len(c.Commands) != 2 || len(c.Events) != 2 {
		t.Errorf("manifest %+v", p.Manifest())
	}
	used, fresh := acquire(t, p), acquire(t, p)
	defer p.Release(used)
	defer p.Release(fresh)
	for i, in := range []*plugin.Instance{used, used, fresh} {
		got, err := in.HandleCommand(countertest.ExampleRequest, plugin.Allowance{})
		if err != nil || !bytes.Equal(got, countertest.ExampleAnswer) {
			t.Errorf("call %d: command answer %x, error %v", i, got, err)
		}
		got, err = in.HandleEvent(countertest.ExampleFold, plugin.Allowance{})
		if err != nil || !bytes.Equal(got, countertest.ExampleState) {
			t.Errorf("call %d: event answer %x, error %v", i, got, err)
		}
	}
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
	one, batch, fold := countertest.Increases(1), countertest.Increases(64), countertest.Increased(100)
	round := func(n int) {
		for i := range n {
			var err error
			switch i % 50 {
			case 0:
				_, err = in.HandleCommand(batch, plugin.Allowance{})
			case 1:
				_, err = in.HandleEvent(fold, plugin.Allowance{})
			default:
				_, err = in.HandleCommand(one, plugin.Allowance{})
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
