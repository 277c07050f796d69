package plugin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/plugin"
)

// looping is a guest that calls back without end until a byte is set at
// flagAt.
func looping() *guest {
	g := echo().imported(abi.ImportWASI, "sched_yield", nil, []byte{i32})
	return g.with(abi.ExportHandleCommand, code(
		0x03, 0x40, call(0), drop, i32const(flagAt), 0x2d, 0, 0, 0x45, 0x0d, 0, opEnd, i64const(manifestAt<<32|1)))
}

func TestACallThatTakesTooLongIsReportedOnce(t *testing.T) {
	reports := make(chan plugin.Stuck, 10)
	e := newEngine(t, &plugin.Options{CallTimeout: 16 * time.Millisecond, OnStuck: func(s plugin.Stuck) { reports <- s }})
	p := load(t, e, looping().bytes())
	other, in := acquire(t, p), acquire(t, p)
	p.Release(other)
	for range 2 { // each such call
		done := make(chan error)
		go func() {
			_, err := in.HandleCommand(context.Background(), []byte("abc"))
			done <- err
		}()
		s := <-reports
		if s.Plugin != p.Digest() || s.Func != abi.ExportHandleCommand || s.After != 16*time.Millisecond || !strings.Contains(s.Name, "(thing)") {
			t.Errorf("%+v", s)
		}
		time.Sleep(50 * time.Millisecond) // in which it could be reported again
		in.Poke(flagAt, 1)
		if err := <-done; err != nil {
			t.Error(err)
		}
		in.Poke(flagAt, 0)
	}
	p.Release(in)
	if len(reports) > 0 {
		t.Errorf("reported again: %+v", <-reports)
	}
}

func TestACallThatTakesTooLongIsStoppedWhereThatIsAskedFor(t *testing.T) {
	const timeout = 50 * time.Millisecond
	endless := code(0x03, 0x40, 0x0c, 0, opEnd, unreachable)
	e := newEngine(t, &plugin.Options{CallTimeout: timeout, Stoppable: true, OnStuck: func(s plugin.Stuck) { t.Errorf("stuck: %+v", s) }})
	p := load(t, e, echo().with(abi.ExportHandleCommand, endless).bytes())
	for range 2 {
		in, other := acquire(t, p), acquire(t, p)
		_, err := in.HandleCommand(context.Background(), []byte("abc"))
		var call *plugin.CallError
		if !errors.As(err, &call) || call.Func != abi.ExportHandleCommand || !errors.Is(err, plugin.ErrTimeout) || !strings.Contains(err.Error(), "it has not returned for 50ms") {
			t.Errorf("error %v", err)
		}
		if _, err := in.HandleCommand(context.Background(), []byte("abc")); !errors.Is(err, plugin.ErrBroken) {
			t.Errorf("another call: error %v", err)
		}
		time.Sleep(2 * timeout) // a call has its time from its own beginning
		if _, err := other.HandleEvent(context.Background(), []byte("abc")); err != nil {
			t.Error(err)
		}
		p.Release(in)
		p.Release(other)
	}
	_, err := e.Load(context.Background(), initializing(endless).bytes())
	var refused *plugin.LoadError
	if !errors.As(err, &refused) || !errors.Is(err, plugin.ErrTimeout) || !strings.Contains(err.Error(), "_initialize failed: stopped: it has not returned for 50ms") {
		t.Errorf("a start without end: error %v", err)
	}
}

// childEnv names what a child process of the tests does instead of testing.
const childEnv = "ESHOST_PLUGIN_TEST_CHILD"

func TestMain(m *testing.M) {
	if what := os.Getenv(childEnv); what != "" {
		fmt.Fprintln(os.Stderr, "the child failed:", stuckChild(what))
		os.Exit(1)
	}
	os.Exit(run(m))
}

// compiled is where the tests keep what they compiled of large plugins.
var compiled string

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "eshost-compiled")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	compiled = dir
	return m.Run()
}

// stuckChild calls a guest that never returns, in the way that what says.
func stuckChild(what string) error {
	e, err := plugin.NewEngine(context.Background(), &plugin.Options{CallTimeout: 200 * time.Millisecond})
	if err != nil {
		return err
	}
	endless := code(0x03, 0x40, 0x0c, 0, opEnd, unreachable)
	g := echo().with(abi.ExportHandleCommand, endless)
	if what == "start" {
		g = initializing(endless)
	}
	p, err := e.Load(context.Background(), g.bytes())
	if err != nil {
		return err
	}
	in, err := p.Acquire(context.Background())
	if err != nil {
		return err
	}
	if what == "collector" {
		go func() {
			for {
				runtime.GC()
			}
		}()
	}
	_, err = in.HandleCommand(context.Background(), []byte("abc"))
	return err
}

func TestAStuckCallEndsTheProcess(t *testing.T) {
	cases := map[string]string{"call": abi.ExportHandleCommand, "start": abi.ExportInitialize}
	if runtime.GOOS == "linux" {
		cases["collector"] = abi.ExportHandleCommand // while the collector waits for the call
	}
	for what, function := range cases {
		t.Run(what, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // or it would outlive the test
			defer cancel()
			child := exec.CommandContext(ctx, os.Args[0])
			child.Env = append(os.Environ(), childEnv+"="+what)
			var stderr bytes.Buffer
			child.Stderr = &stderr
			err := child.Run()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != plugin.ExitStuck {
				t.Errorf("the process ended with %v, want exit code %d", err, plugin.ExitStuck)
			}
			if text := stderr.String(); !strings.HasPrefix(text, "eshost: plugin ") || !strings.Contains(text, ": "+function+" has not returned for 200ms") {
				t.Errorf("standard error %q", text)
			}
		})
	}
}
