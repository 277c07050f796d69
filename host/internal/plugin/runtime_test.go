package plugin_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/eshost/eshost/host/internal/plugin"
)

// What Go's runtime asks of its host, in good days and in bad ones.
func TestGoRuntime(t *testing.T) {
	wasm, err := buildGo("./host/internal/plugin/testdata/runtime")
	if err != nil {
		t.Fatal(err)
	}
	p := load(t, newEngine(t, &plugin.Options{MemoryLimitPages: 256}), wasm)
	cases := map[string]struct {
		answer  string
		cause   string // if it fails
		message string // part of it
		log     string
	}{
		"nothing":         {answer: "ok"},
		"out":             {answer: "ok", log: "to standard output"},
		"time":            {answer: "1970-01-01 00:00:01 +0000 UTC"},
		"file":            {answer: "read /dev/stdin: Bad file number"},
		"arguments":       {answer: "0 0"},
		"panic":           {cause: "unreachable", message: "panic: no such thing"},
		"sleep":           {cause: "handlers cannot sleep"},
		"zzz":             {cause: "handlers cannot sleep"},
		"exit":            {cause: "exit code 3"},
		"deadlock":        {cause: "unreachable", message: "all goroutines are asleep - deadlock!"},
		"memory bomb":     {cause: "unreachable", message: "out of memory"},
		"recurse forever": {cause: "unreachable", message: "out of memory"},
	}
	for what, c := range cases {
		t.Run(what, func(t *testing.T) {
			in := acquire(t, p)
			defer p.Release(in)
			got, err := in.HandleCommand([]byte(what), plugin.Allowance{Fuel: 1 << 60})
			if c.cause == "" {
				if err != nil || string(got) != c.answer {
					t.Errorf("answer %q, error %v, want %q", got, err, c.answer)
				}
				if lines, _ := in.Logs(); c.log != "" && (len(lines) != 1 || lines[0].Text != c.log) {
					t.Errorf("logged %q, want %q", lines, c.log)
				}
				return
			}
			var failed *plugin.CallError
			if !errors.As(err, &failed) || !errors.Is(err, plugin.ErrTrapped) {
				t.Fatalf("answer %q, error %v, want a trap", got, err)
			}
			if !strings.Contains(failed.Err.Error(), c.cause) || !strings.Contains(failed.Message, c.message) {
				t.Errorf("cause %q and message %q, want %q and %q", failed.Err, failed.Message, c.cause, c.message)
			}
		})
	}
}
