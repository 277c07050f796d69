package bench_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/bench"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/hosttest"
)

const (
	counterFolder = "../../../../plugins/counter/go"
	paddedFolder  = "testdata/padded"
)

// byOne is the payload {"by": 1}.
var byOne = []byte{0x81, 0xa2, 'b', 'y', 0x01}

// compiled is a folder that all runs share: compiling a plugin takes longer than a run.
var compiled string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "compiled-")
	if err != nil {
		panic(err)
	}
	compiled = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// in makes the run use a folder of the test, which must be empty in the end.
func in(t *testing.T, c *bench.Config) {
	t.Helper()
	c.Dir, c.Cache = t.TempDir(), compiled
	t.Cleanup(func() {
		left, err := os.ReadDir(c.Dir)
		if err != nil || len(left) > 0 {
			t.Errorf("the run left %v in its folder (%v)", left, err)
		}
	})
}

func TestEveryLoadIsAnsweredRecoveredAndCompared(t *testing.T) {
	counter, padded := hosttest.BuildGo(t, counterFolder), hosttest.BuildGo(t, paddedFolder)
	for _, test := range []struct {
		name     string
		config   bench.Config
		commands int64  // of the main part
		events   uint64 // recovered
	}{
		{"one in flight for each entity", bench.Config{Entities: 5, Events: 21}, 105, 105},
		{"one in flight for each entity, more clients", bench.Config{Entities: 5, Events: 21, Clients: 3}, 105, 105},
		{"more clients than entities", bench.Config{Entities: 2, Events: 10, Clients: 50}, 20, 20},
		{"many in flight for one entity", bench.Config{Entities: 1, Events: 500, Inflight: 64}, 500, 500},
		{"more in flight than there are events", bench.Config{Entities: 3, Events: 4, Inflight: 2000}, 12, 12},
		{"many in flight over all", bench.Config{Entities: 30, Events: 10, Concurrency: 16}, 270, 300},
		{"many in flight over all, several clients", bench.Config{Entities: 31, Events: 10, Concurrency: 17, Clients: 4}, 279, 310},
		{"more in flight over all than entities", bench.Config{Entities: 3, Events: 50, Concurrency: 40}, 147, 150},
		{"at a rate", bench.Config{Entities: 20, Events: 10, Rate: 5000, Clients: 2}, 200, 200},
		{"at a rate beyond what can be", bench.Config{Entities: 4, Events: 100, Rate: 1e9}, 400, 400},
		{"one command after the other", bench.Config{Entities: 1, Events: 30}, 30, 30},
		{"command ids", bench.Config{Entities: 4, Events: 10, Inflight: 3, CommandIDs: true}, 40, 40},
		{"in memory", bench.Config{Entities: 4, Events: 10, Store: "memory:"}, 40, 40},
		{"larger states", bench.Config{Entities: 4, Events: 10, Plugin: padded, Setup: bench.Pad(1024)}, 40, 44},
		{"larger states, many in flight over all", bench.Config{Entities: 4, Events: 1, Concurrency: 8, Plugin: padded, Setup: bench.Pad(1024)}, 4, 8},
		{"larger states, one command after the other", bench.Config{Entities: 1, Events: 10, Plugin: padded, Setup: bench.Pad(1024)}, 10, 11},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := test.config
			in(t, &c)
			if c.Plugin == nil {
				c.Plugin = counter
			}
			r, err := bench.Run(context.Background(), &c, nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Commands != test.commands || r.RecoveredEvents != test.events {
				t.Errorf("%d commands and %d events recovered, want %d and %d", r.Commands, r.RecoveredEvents, test.commands, test.events)
			}
			for name, v := range map[string]float64{"rate": r.CommandsPerSecond, "p50": r.P50, "recovery": r.RecoveryEventsPerSecond, "guest": r.GuestNSPerCommand} {
				if v <= 0 {
					t.Errorf("%s is %g", name, v)
				}
			}
			if r.P50 > r.P99 || r.P99 > r.Max {
				t.Errorf("p50 %g, p99 %g, max %g", r.P50, r.P99, r.Max)
			}
			if r.CommandsPerGuestCall < 1 || r.CommitsPerWrite < 1 {
				t.Errorf("%g commands per guest call, %g commits per write", r.CommandsPerGuestCall, r.CommitsPerWrite)
			}
			if cold := r.ColdCommandsPerSecond > 0; cold != (c.Concurrency > 0 || c.Setup != nil && c.Entities > 1) {
				t.Errorf("cold rate %g", r.ColdCommandsPerSecond)
			}
			if c.Store == "memory:" {
				if r.BarePerSecond != 0 || r.RawDiskPerSecond != 0 {
					t.Errorf("ceilings of a store in memory: %g, %g", r.BarePerSecond, r.RawDiskPerSecond)
				}
				return
			}
			if r.BarePerSecond <= 0 || r.RawDiskPerSecond <= 0 || r.RatioToBare <= 0 || r.FdatasyncP50 <= 0 || r.FdatasyncGrowP50 <= 0 {
				t.Errorf("bare %g, raw disk %g, ratio %g, fdatasync %g and %g", r.BarePerSecond, r.RawDiskPerSecond, r.RatioToBare, r.FdatasyncP50, r.FdatasyncGrowP50)
			}
			lone := c.Entities == 1 && c.Inflight == 0
			if lone != (r.LoneToBare > 0) || lone != (r.LoneP50 > 0) {
				t.Errorf("lone p50 %g, ratio %g", r.LoneP50, r.LoneToBare)
			}
			if !lone && r.BareCommands != test.commands {
				t.Errorf("bare Pebble wrote %d commands, want %d", r.BareCommands, test.commands)
			}
		})
	}
}

func TestWithSnapshotsOnlyWhatFollowsIsRecovered(t *testing.T) {
	c := bench.Config{Entities: 2, Events: 105, Snapshots: 10, Plugin: hosttest.BuildGo(t, counterFolder)}
	in(t, &c)
	r, err := bench.Run(context.Background(), &c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.RecoveredEvents >= 210 || r.Commands != 210 {
		t.Errorf("%d of %d events recovered", r.RecoveredEvents, r.Commands)
	}
}

func TestACancelledRunStopsAndLeavesNothing(t *testing.T) {
	plugin := hosttest.BuildGo(t, counterFolder)
	load := bench.Config{Entities: 20, Events: 1_000_000}
	for _, test := range []struct {
		phase  string
		config bench.Config
	}{
		{"start the host", load},
		{"host", load},
		{"host", bench.Config{Entities: 20, Events: 1_000_000, Rate: 100}},
		{"host", bench.Config{Entities: 1, Events: 1_000_000}},
		{"host: first command of each entity", bench.Config{Entities: 2000, Events: 10, Concurrency: 1}},
		{"recovery", bench.Config{Entities: 20, Events: 50}},
		{"raw disk", bench.Config{Entities: 20, Events: 50}},
		{"bare Pebble", bench.Config{Entities: 20, Events: 50}},
		{"bare Pebble", bench.Config{Entities: 20, Events: 2, Rate: 100}},
		{"host and bare Pebble in turns", bench.Config{Entities: 1, Events: 50}},
	} {
		t.Run(test.phase, func(t *testing.T) {
			c := test.config
			c.Plugin = plugin
			in(t, &c)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			r, err := bench.Run(ctx, &c, func(p bench.Progress) {
				if p.Phase == test.phase {
					cancel()
				}
			})
			if !errors.Is(err, context.Canceled) || r != nil {
				t.Errorf("cancelled while %q: %v, %v", test.phase, r, err)
			}
		})
	}
}

func TestProgressOfAPhaseEndsWithItsTotal(t *testing.T) {
	c := bench.Config{Entities: 5, Events: 20, Plugin: hosttest.BuildGo(t, counterFolder)}
	in(t, &c)
	last := make(map[string]bench.Progress)
	if _, err := bench.Run(context.Background(), &c, func(p bench.Progress) { last[p.Phase] = p }); err != nil {
		t.Fatal(err)
	}
	for phase, total := range map[string]int64{"host": 100, "recovery": 5, "bare Pebble": 100} {
		if p := last[phase]; p.Done != total || p.Total != total {
			t.Errorf("%s ended with %d of %d, want %d", phase, p.Done, p.Total, total)
		}
	}
}

func TestAConfigurationThatMakesNoSenseIsRefused(t *testing.T) {
	ok := func(change func(*bench.Config)) *bench.Config {
		c := &bench.Config{Entities: 1, Events: 2, Plugin: []byte{0}}
		change(c)
		return c
	}
	for want, c := range map[string]*bench.Config{
		"a configuration is required": nil,
		"0 entities":                  ok(func(c *bench.Config) { c.Entities = 0 }),
		"-1 events":                   ok(func(c *bench.Config) { c.Events = -1 }),
		"in flight -1":                ok(func(c *bench.Config) { c.Inflight = -1 }),
		"concurrency -1":              ok(func(c *bench.Config) { c.Concurrency = -1 }),
		"clients -1":                  ok(func(c *bench.Config) { c.Clients = -1 }),
		"a rate of -1":                ok(func(c *bench.Config) { c.Rate = -1 }),
		"exclude each other":          ok(func(c *bench.Config) { c.Rate, c.Concurrency = 1, 1 }),
		"at least 2 events":           ok(func(c *bench.Config) { c.Events, c.Concurrency = 1, 1 }),
		"snapshots every -1":          ok(func(c *bench.Config) { c.Snapshots = -1 }),
		"a plugin is required":        ok(func(c *bench.Config) { c.Plugin = nil }),
		`"disk" does not say`:         ok(func(c *bench.Config) { c.Store = "disk" }),
		"a folder of its own":         ok(func(c *bench.Config) { c.Store = "pebble:data" }),
		"no such file":                ok(func(c *bench.Config) { c.Dir = "testdata/nowhere" }),
	} {
		if _, err := bench.Run(context.Background(), c, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want one that says %q", err, want)
		}
	}
}

func TestARunThatWouldMeasureSomethingElseFails(t *testing.T) {
	counter := hosttest.BuildGo(t, counterFolder)
	t.Run("a plugin that does not load", func(t *testing.T) {
		c := bench.Config{Entities: 1, Events: 1, Plugin: []byte("no plugin")}
		in(t, &c)
		var wrong *host.LoadError
		if _, err := bench.Run(context.Background(), &c, nil); !errors.As(err, &wrong) {
			t.Errorf("%v, want a LoadError", err)
		}
	})
	t.Run("a plugin without the commands", func(t *testing.T) {
		c := bench.Config{Entities: 1, Events: 1, Plugin: counter, Setup: bench.Pad(1)}
		in(t, &c)
		if _, err := bench.Run(context.Background(), &c, nil); err == nil || !strings.Contains(err.Error(), `"pad"`) {
			t.Errorf("%v, want one that names the command", err)
		}
	})
	for name, c := range map[string]bench.Config{
		"a rejected command":           {Entities: 3, Events: 1, Setup: &bench.Setup{Command: "decrease", Payload: byOne}},
		"a rejected command, lone":     {Entities: 1, Events: 1, Setup: &bench.Setup{Command: "decrease", Payload: byOne}},
		"a rejected command at a rate": {Entities: 3, Events: 1, Rate: 1000, Setup: &bench.Setup{Command: "decrease", Payload: byOne}},
	} {
		t.Run(name, func(t *testing.T) {
			c.Plugin = counter
			in(t, &c)
			var rejection *host.Rejection
			if _, err := bench.Run(context.Background(), &c, nil); !errors.As(err, &rejection) {
				t.Errorf("%v, want a rejection", err)
			}
		})
	}
}

func TestTheKeysOfTheResultAreWhatScriptsRead(t *testing.T) {
	b, err := json.Marshal(&bench.Result{})
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(b, &keys); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"commands_per_second", "p50_us", "p99_us", "max_us", "recovery_events_per_second", "guest_ns_per_command", "commands_per_guest_call",
		"commits_per_write", "peak_rss_bytes", "bare_store_per_second", "raw_disk_per_second", "ratio_to_bare_store", "cold_commands_per_second", "lone_p50_us", "bare_p50_us"} {
		if _, ok := keys[k]; !ok {
			t.Errorf("%q is missing", k)
		}
	}
}
