package bench_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/bench"
)

var update = flag.Bool("update", false, "write the golden files")

func TestTheReportReadsAsTheGoldenFiles(t *testing.T) {
	machine := func(r bench.Result) bench.Result {
		r.Plugin, r.PluginBytes, r.GoVersion, r.OS, r.Arch, r.CPUs = "counter-go", 2_727_565, "go1.26.0", "linux", "amd64", 2
		r.Durability, r.RecoveredEvents, r.RecoverySeconds, r.RecoveryEventsPerSecond, r.RecoveryGuestNSPerEvent = "every commit is synced", 1_000_000, 0.57, 1_757_533, 772
		r.GuestNSPerCommand, r.CommandsPerGuestCall, r.CommitsPerWrite, r.PeakRSSBytes = 5400, 1, 40.3, 189<<20
		if r.Clients == 0 {
			r.Clients = 1
		}
		return r
	}
	ceilings := func(r bench.Result) bench.Result {
		r.Store, r.FileSystem = "pebble", "ext4"
		r.BarePerSecond, r.BareP50, r.BareP99, r.BareMax, r.BytesPerWrite = 170_000, 280, 3090, 45_200, 5120
		r.RawSyncsPerSecond, r.RawDiskPerSecond, r.FdatasyncP50, r.FdatasyncGrowP50, r.CommandsPerWrite = 7_000, 282_100, 131.2, 220, 40.3
		return r
	}
	for name, r := range map[string]bench.Result{
		"default": ceilings(bench.Result{Entities: 50, Events: 20_000, Inflight: 1, Commands: 1_000_000, RunSeconds: 12, CommandsPerSecond: 83_333,
			P50: 545, P99: 2294, Max: 30_400, RatioToBare: 0.49}),
		"concurrency": ceilings(bench.Result{Entities: 100_000, Events: 10, Concurrency: 4096, Clients: 2, Commands: 900_000, RunSeconds: 4.5, CommandsPerSecond: 200_000,
			P50: 20_400, P99: 43_800, Max: 1_200_000, RatioToBare: 1.18, ColdCommandsPerSecond: 120_000, ColdP50: 19_600, ColdP99: 49_200, ColdMax: 50_500, ColdToWarm: 0.6,
			BareColdPerSecond: 300_000, ColdRatioToBare: 0.4, Snapshots: 1000, CommandIDs: true}),
		"lone": ceilings(bench.Result{Entities: 1, Events: 20_000, Inflight: 1, ClientKind: "calls", Commands: 20_000, RunSeconds: 5, CommandsPerSecond: 4000,
			P50: 240, P99: 900, Max: 9000, RatioToBare: 0.9, LoneP50: 237, LoneToBare: 1.11}),
		"memory": {Entities: 5, Events: 200, Rate: 1000, Store: "memory:", Setup: "pad", Commands: 1000, RunSeconds: 1, CommandsPerSecond: 1000, P50: 42, P99: 99.96, Max: 180},
	} {
		r = machine(r)
		if name == "concurrency" {
			r.FileSystem, r.Plugin, r.PeakRSSBytes = "tmpfs", "", 0
		}
		var got bytes.Buffer
		if err := r.Text(&got); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s:\n%s\nwant (go test -update writes it)\n%s", name, got.Bytes(), want)
		}
	}
}
