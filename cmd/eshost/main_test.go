package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/eshost/eshost/host/hosttest"
)

// TestMain lets scripts run this binary as `eshost`.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"eshost": main})
}

// TestScripts runs the program as its users do, each script in a folder of its own.
//
// Besides testscript's commands a script has:
//
//	ready             waits until the host at $ESHOST_URL answers
//	until REGEXP CMD  runs the command until its output matches
//	exits CODE CMD    runs the command, whose exit code must be CODE; its output is in the files out and err
//	has FILE REGEXP   the file must match
//	edit FILE OLD NEW replaces text in a file
//	nats USER PASSWORD starts a NATS server at $NATS_URL
func TestScripts(t *testing.T) {
	counter := filepath.Join(t.TempDir(), "counter.wasm")
	if err := os.WriteFile(counter, hosttest.BuildGo(t, "../../plugins/counter/go"), 0o600); err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	source, err := filepath.Abs("../../plugins/counter/go")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		Setup:         func(e *testscript.Env) error { return setup(e, cache, counter, source) },
		Cmds:          map[string]func(*testscript.TestScript, bool, []string){"ready": ready, "until": until, "exits": exits, "has": has, "edit": edit, "nats": startNATS},
		UpdateScripts: os.Getenv("UPDATE") != "",
	})
}

func setup(e *testscript.Env, cache, counter, source string) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	e.Setenv("LISTEN", address)
	e.Setenv("ESHOST__HTTP__LISTEN", address)
	e.Setenv("ESHOST_URL", "http://"+address)
	e.Setenv("ESHOST__HOST__AUDIT_SHARE", "1")
	e.Setenv("XDG_CACHE_HOME", cache) // of compiled plugins, which takes most of the time
	e.Setenv("COUNTER", counter)
	e.Setenv("COUNTER_SOURCE", source)
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	lines := strings.Fields(string(out))
	e.Setenv("GOCACHE", lines[0])
	e.Setenv("GOMODCACHE", lines[1])
	e.Setenv("GOPROXY", "off")    // nothing is downloaded to build a plugin in Go
	home, err := os.UserHomeDir() // toolchains and their caches are where their user has them
	if err != nil {
		return err
	}
	e.Setenv("HOME", home)
	e.Setenv("CARGO_TARGET_DIR", filepath.Join(cache, "cargo"))
	return nil
}

// freeAddress is an address of this machine that nobody listens on. Where all of
// 127.0.0.0/8 is this machine it is one that no connection takes for its own end meanwhile.
func freeAddress() (string, error) {
	ip := "127.0.0.1"
	if runtime.GOOS == "linux" {
		ip = fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(250), rand.IntN(250), 1+rand.IntN(250))
	}
	l, err := net.Listen("tcp", ip+":0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

const patience = 2 * time.Minute

func ready(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: ready")
	}
	last := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(ts.Getenv("ESHOST_URL") + "/readyz")
		if err != nil {
			last = err.Error()
			continue
		}
		resp.Body.Close()
		if last = resp.Status; resp.StatusCode == http.StatusOK {
			return
		}
	}
	ts.Fatalf("the host does not become ready: %s", last)
}

// run runs a command of a script and returns its outputs and exit code.
func run(ts *testscript.TestScript, args []string) (stdout, stderr string, code int) {
	path := args[0]
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(dir, args[0])); err == nil {
			path = filepath.Join(dir, args[0])
			break
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args[1:]...)
	var out, err strings.Builder
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), &out, &err
	cmd.Env = os.Environ()
	for _, name := range []string{"PATH", "ESHOST_URL", "ESHOST_TOKEN", "ESHOST__HTTP__LISTEN", "ESHOST__HOST__AUDIT_SHARE", "XDG_CACHE_HOME", "GOCACHE", "GOMODCACHE", "GOPROXY", "CARGO_TARGET_DIR", "ESHOST__HTTP__TOKEN", "ESHOST__STOER__URL", "ESHOST__BENCH__EVENTS",
		"ESHOST__NATS__URL", "ESHOST__NATS__USER", "ESHOST__NATS__PASSWORD", "ESHOST__NATS__PREFIX"} {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	if e := cmd.Run(); cmd.ProcessState == nil || ctx.Err() != nil {
		ts.Fatalf("run %s: %v", strings.Join(args, " "), e)
	}
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until REGEXP CMD...")
	}
	want, stdout := regexp.MustCompile("(?m)"+args[0]), ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if stdout, _, _ = run(ts, args[1:]); want.MatchString(stdout) {
			return
		}
	}
	ts.Fatalf("%s does not come to print %s; it prints\n%s", strings.Join(args[1:], " "), args[0], stdout)
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE CMD...")
	}
	stdout, stderr, code := run(ts, args[1:])
	ts.Logf("[stdout]\n%s[stderr]\n%s[code %d]", stdout, stderr, code)
	ts.Check(os.WriteFile(ts.MkAbs("out"), []byte(stdout), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("err"), []byte(stderr), 0o600))
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

func has(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: has FILE REGEXP")
	}
	if regexp.MustCompile("(?m)"+args[1]).MatchString(ts.ReadFile(args[0])) == neg {
		ts.Fatalf("%s: match of %s is %v", args[0], args[1], neg)
	}
}

func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o600))
}

func startNATS(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: nats USER PASSWORD")
	}
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true, Username: args[0], Password: args[1]})
	ts.Check(err)
	s.Start()
	ts.Defer(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(patience) {
		ts.Fatalf("the NATS server does not become ready")
	}
	ts.Setenv("NATS_URL", "nats://"+s.Addr().String())
}
