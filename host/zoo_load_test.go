package host_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/host"
)

// Guests that attack while they are loaded. problem is what the LoadError must say; none: the guest is served.
var loads = []struct {
	name    string
	wasm    func(tb testing.TB) []byte
	problem string
}{
	{"a loop in the start function", func(tb testing.TB) []byte { return starting(tb, zooGuest(tb, "START_LOOPS")) }, "failed: out of fuel: it used 5"},
	{"a start function that lets the host work", func(tb testing.TB) []byte { return starting(tb, zooGuest(tb, "START_WRITES")) }, "failed: out of fuel: it used 5"},
	{"a loop in _initialize", guestOf("INIT_LOOPS"), "_initialize failed: out of fuel"},
	{"a trap in _initialize", guestOf("INIT_TRAPS"), "_initialize failed: trapped: unreachable: a line that says nothing"},
	{"a memory bomb in _initialize", guestOf("INIT_GROWS"), "_initialize failed: out of fuel"},
	{"a log flood in _initialize", guestOf("INIT_LOGS"), "_initialize failed: out of fuel"},
	{"an exit in _initialize", guestOf("INIT_EXITS"), "exit code 0"},
	{"a loop in describe", guestOf("DESCRIBE_LOOPS"), "describe failed: out of fuel"},
	{"a trap in describe", guestOf("DESCRIBE_TRAPS"), "describe failed: trapped: unreachable: a line that says nothing"},
	{"a manifest of 4 GiB", guestOf("DESCRIBE_4_GIB"), "answer of 4294967295 bytes"},
	{"a manifest behind the end of memory", guestOf("DESCRIBE_BEHIND"), "memory ends at"},
	{"a manifest that is cut off", guestOf("DESCRIBE_CUT"), "its manifest does not parse"},
	{"a manifest of types that are not there", guestOf("DESCRIBE_LIES"), "its manifest does not parse"},
	{"an import under a false name", guestOf("FALSE_NAME"), "import not allowed: function eshost_v1.now"},
	{"an import of a false type", guestOf("FALSE_TYPE"), "import wasi_snapshot_preview1.fd_close has type (i64) -> (i64), want (i32) -> (i32)"},
	{"an import of the meter's", guestOf("METER_IMPORT"), "import not allowed: function eshost_meter.refuel"},
	{"an export under the meter's name", guestOf("METER_EXPORT"), "eshost_fuel"},
	{"more memory than there may be", guestOf("HONEST", "-Wl,--initial-memory=1073741824"), "16384 pages"},
	{"more functions than there may be", functions(100_000, 0, 0x0b), "functions, the limit is 100000"},
	{"tens of thousands of functions", functions(40_000, 0, 0x0b), ""},
	{"a huge function", longFunction(180_000), "beyond a limit"},
	{"a large function", longFunction(150_000), ""},
	{"a function of more branches than there may be", functions(1, append(append([]byte{0}, times(20_000, 0x41, 0, 0x04, 0x40, 0x0b)...), 0x0b)...), "blocks and branches"},
	{"a function of many branches", functions(1, append(append([]byte{0}, times(6_000, 0x41, 0, 0x04, 0x40, 0x0b)...), 0x0b)...), ""},
	{"a function of more loops than there may be", functions(1, append(append([]byte{0}, times(1_200, 0x03, 0x40, 0x0b)...), 0x0b)...), "loops"},
	{"a function with 4 billion variables", functions(1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7e, 0x0b), "beyond a limit"},
	{"code that is none", functions(1, 0, 0xff, 0x0b), "cannot be metered"},
	{"a function without an end", functions(1, 0, 0x02, 0x40), "ends too early"},
	{"names of functions that are not there", names(1, 8, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 'x'), ""},
	{"four billion names", names(1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f), ""},
	{"a name of four gigabytes", names(1, 7, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f), ""},
	{"names of the same function again and again", names(append([]byte{1, 7, 3}, times(3, 0, 1)...)...), ""},
	{"a file that is cut off", func(tb testing.TB) []byte { w := zooGuest(tb, "HONEST"); return w[:len(w)/2] }, "broken or beyond a limit"},
}

func guestOf(guest string, flags ...string) func(testing.TB) []byte {
	return func(tb testing.TB) []byte { return zooGuest(tb, guest, flags...) }
}

func functions(n int, body ...byte) func(testing.TB) []byte {
	return func(tb testing.TB) []byte { return withFunctions(tb, zooGuest(tb, "HONEST"), n, body) }
}

// longFunction is one with so many constants that are dropped.
func longFunction(n int) func(testing.TB) []byte {
	return func(tb testing.TB) []byte {
		body := append(append([]byte{0}, times(n, 0x41, 0, 0x1a)...), 0x0b)
		return withFunctions(tb, zooGuest(tb, "HONEST"), 1, body)
	}
}

func names(content ...byte) func(testing.TB) []byte {
	return func(tb testing.TB) []byte { return named(zooGuest(tb, "HONEST"), content) }
}

func TestWhateverAModuleDoesWhileItIsLoadedTheOthersGoOn(t *testing.T) {
	for _, l := range loads {
		t.Run(l.name, func(t *testing.T) {
			wasm := l.wasm(t)
			z := openZoo(t)
			beside := z.beside("counter")
			beside.while(func() { z.deployed(wasm, l.problem) })
			beside.end()
		})
	}
}

// deployed deploys a guest, and checks that it is refused for the problem, or serves if there is none.
func (z *zoo) deployed(wasm []byte, problem string) {
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	_, err := z.Deploy(ctx, wasm)
	if problem == "" {
		if err != nil {
			z.t.Error(err)
		} else if _, err := z.send(z.Entity("zoo", "a"), "increase", by(1)); err != nil {
			z.t.Error(err)
		}
		return
	}
	var refused *host.LoadError
	if !errors.As(err, &refused) || !strings.Contains(strings.Join(refused.Problems, "\n"), problem) {
		z.t.Errorf("error %v, want a *host.LoadError that says %q", err, problem)
	}
	if n := len(z.Deployments()); n != 1 {
		z.t.Errorf("%d plugins serve after one was refused, want the one that did before", n)
	}
}

func TestALongDeploymentHoldsUpNobodyWhoAsksWhatThereIs(t *testing.T) {
	wasm := zooGuest(t, "INIT_LOOPS")
	z := openZoo(t)
	done := make(chan struct{})
	start := time.Now()
	go func() {
		defer close(done)
		z.deployed(wasm, "out of fuel")
	}()
	time.Sleep(100 * time.Millisecond) // it is compiled meanwhile, and loops
	for asked := 0; ; asked++ {
		z.Types()
		z.small() // the metrics
		if _, err := z.send(z.Entity("counter", "a"), "unheard", nil); guilty(err, host.UnknownCommand, "counter has increase, decrease") != nil {
			t.Error(err)
		}
		select {
		case <-done:
			if took := time.Since(start); asked < 3 && took > 300*time.Millisecond {
				t.Errorf("asked %d times in a deployment of %v", asked, took)
			}
			return
		default:
		}
	}
}
