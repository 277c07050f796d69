package host_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pebblestore"
	"github.com/eshost/eshost/stores/storetest"
)

// childEnv tells the test binary to be the child of the kill test: its value is the data folder.
const childEnv = "ESHOST_TEST_CHILD"

func TestMain(m *testing.M) {
	deploys()
	if dir := os.Getenv(childEnv); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	var err error
	if compiled, err = os.MkdirTemp("", "eshost-compiled-*"); err != nil { // of mode 0700
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(compiled)
	os.Exit(code)
}

// compiled is where the tests keep compiled plugins.
var compiled string

// child hosts counters on the folder until it is killed or its standard
// input ends. It reads "entity id by" lines, and prints "ok id seq value" for
// each command that was accepted; a feed prints "feed commit" for each commit it sees.
func child(dir string) error {
	ctx := context.Background()
	store, err := pebblestore.Open(dir, nil)
	if err != nil {
		return err
	}
	h, err := host.New(ctx, &host.Options{Log: store, Snapshots: store, SnapshotEvery: 20, AuditShare: 1, PluginCacheDir: filepath.Join(filepath.Dir(dir), "cache")})
	if err != nil {
		return err
	}
	wasm, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "counter.wasm"))
	if err != nil {
		return err
	}
	if _, err := h.Deploy(ctx, wasm); err != nil {
		return err
	}
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	say("ready") // before the feed says anything
	go func() {
		var after stores.Position
		for {
			for rec, err := range store.Scan(ctx, stores.Query{After: after}) {
				if err != nil {
					say("error feed: %v", err)
					return
				}
				after = rec.Place
				say("feed %x", rec.ID)
			}
			if store.Wait(ctx, after) != nil {
				return
			}
		}
	}()
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		f := strings.Fields(in.Text())
		go func() {
			by, _ := strconv.ParseUint(f[2], 10, 64)
			payload := abi.AppendUint(append([]byte{0x81}, abi.AppendString(nil, "by")...), by)
			r, err := h.Entity("counter", f[0]).Handle(ctx, host.Command{Name: "increase", Payload: payload, ID: f[1]})
			if err != nil {
				say("error %s: %v", f[1], err)
				return
			}
			value, _ := abi.AppendJSON(nil, r.Payload)
			say("ok %s %d %s", f[1], r.Seq, value)
		}()
	}
	return in.Err()
}

// soak reports whether the long versions of tests are asked for.
func soak() bool { return os.Getenv("ESHOST_SOAK") != "" }

// command is one command the parent sent, and what it was told.
type sent struct {
	entity string
	by     int
	seq    int // 0: not acknowledged yet
	value  int
}

// TestKilledAtAnyMoment kills a real process under load, again and again, and
// retries by command id what was not acknowledged.
func TestKilledAtAnyMoment(t *testing.T) {
	rounds := 8
	if soak() {
		rounds = 50
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "counter.wasm"), hosttest.BuildGo(t, "../plugins/counter/go"), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	all := make(map[string]*sent) // by command id
	fed := make(map[string]bool)  // commits that a feed showed
	var open []string             // ids that are not acknowledged
	for round := range rounds {
		for i := range 400 {
			id := fmt.Sprintf("r%dc%d", round, i)
			all[id] = &sent{entity: fmt.Sprint("e", rnd.IntN(12)), by: 1 + rnd.IntN(9)}
			open = append(open, id)
		}
		last := round == rounds-1
		delay := time.Duration(rnd.IntN(60)) * time.Millisecond
		open = runChild(t, data, all, fed, open, delay, last)
	}
	if len(open) > 0 {
		t.Fatalf("%d commands were never acknowledged", len(open))
	}
	check(t, data, all, fed)
}

// runChild sends the open commands to a child and kills it after the delay,
// or lets it answer them all. It returns the ids that are still open.
func runChild(t *testing.T, data string, all map[string]*sent, fed map[string]bool, open []string, delay time.Duration, finish bool) []string {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childEnv+"="+data)
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		_ = cmd.Process.Kill()
		t.Fatalf("the child did not start: %q", lines.Text())
	}
	go func() {
		for _, id := range open {
			if _, err := fmt.Fprintf(in, "%s %s %d\n", all[id].entity, id, all[id].by); err != nil {
				return // killed
			}
		}
	}()
	if !finish {
		time.AfterFunc(delay, func() { _ = cmd.Process.Kill() })
	}
	left := len(open)
	for left > 0 && lines.Scan() {
		f := strings.Fields(lines.Text())
		switch f[0] {
		case "ok":
			c := all[f[1]]
			c.seq, _ = strconv.Atoi(f[2])
			c.value, _ = strconv.Atoi(f[3])
			left--
		case "feed":
			fed[f[1]] = true
		default:
			t.Errorf("the child says: %s", lines.Text())
		}
	}
	_ = cmd.Process.Kill()
	_, _ = io.Copy(io.Discard, out)
	var still []string
	for _, id := range open {
		if all[id].seq == 0 {
			still = append(still, id)
		}
	}
	return still
}

// check compares the log with what was acknowledged and shown.
func check(t *testing.T, data string, all map[string]*sent, fed map[string]bool) {
	store, err := pebblestore.Open(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	storetest.Verify(t, store)
	times := make(map[string]int)
	commits := make(map[string]bool)
	values := make(map[string]int)
	for rec, err := range store.Scan(t.Context(), stores.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range rec.Commands {
			times[c.ID]++
			s := all[c.ID]
			if s == nil || s.entity != rec.Entity.ID {
				t.Fatalf("command %q is in the log of %s", c.ID, rec.Entity.ID)
			}
			values[s.entity] += s.by
			if int(c.Seq) != s.seq || values[s.entity] != s.value {
				t.Errorf("command %s was acknowledged with %d at %d, the log has %d at %d", c.ID, s.value, s.seq, values[s.entity], c.Seq)
			}
		}
		commits[fmt.Sprintf("%x", rec.ID)] = true
	}
	for id := range all {
		if times[id] != 1 {
			t.Errorf("command %s is %d times in the log", id, times[id])
		}
	}
	for commit := range fed {
		if !commits[commit] {
			t.Errorf("a feed showed commit %s, and the log has lost it", commit)
		}
	}
}
