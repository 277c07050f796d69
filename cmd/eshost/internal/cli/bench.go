package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/cmd/eshost/internal/bench"
	"github.com/eshost/eshost/cmd/eshost/internal/build"
)

func (p *Program) bench() *cobra.Command {
	var c bench.Config
	var plugin string
	var stateBytes int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure a host on this machine, beside what its disk and the bare store can do",
		Long: `Measure a host in this process. By default 50 entities get 20,000 commands each, one in flight for each entity, which increase
and decrease a counter by turns; then the host starts again and recovers all of them from the log.

The same run measures two ceilings on the same disk without any code of eshost's: a loop of write and fdatasync, and the bare
Pebble library committing the same bytes for the same clients. Take the ratios; absolute figures depend on the machine.`,
		Example: `  eshost bench
  eshost bench --entities 1 --inflight 1024 --events 1000000
  eshost bench --entities 100000 --events 10 --concurrency 4096
  eshost bench --entities 1 --events 20000
  eshost bench --rate 20000 --events 2000`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.IntVar(&c.Entities, "entities", 50, "how many entities")
	f.IntVar(&c.Events, "events", 20_000, "events of each entity")
	f.IntVar(&c.Inflight, "inflight", 0, "commands in flight of each entity (default 1)")
	f.IntVar(&c.Concurrency, "concurrency", 0, "commands in flight overall, of entities drawn at random, instead of --inflight")
	f.Float64Var(&c.Rate, "rate", 0, "commands started a second, whatever becomes of them; 0: each when one is answered")
	f.StringVar(&plugin, "plugin", "", "a source folder or .wasm file that takes increase and decrease {by} (default: the Go counter, built now)")
	f.StringVar(&c.Store, "store", bench.Pebble, bench.Pebble+" or "+bench.Memory)
	f.StringVar(&c.Dir, "dir", "", "an existing folder on the disk to measure (default: the system's for temporary files)")
	f.IntVar(&c.Snapshots, "snapshots", 0, "events from one snapshot to the next; 0: none")
	f.BoolVar(&c.CommandIDs, "command-ids", false, "give every command an id")
	f.IntVar(&c.Clients, "clients", 0, "goroutines that send and receive, for the host and for bare Pebble alike (default: one for each entity, where up to 64 have one command in flight each; else 1)")
	f.IntVar(&stateBytes, "state-bytes", 0, "size of each entity's state, for a plugin that also takes pad {bytes}")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		show := newProgress(p.Err)
		show.show("building the plugin", 0, 0)
		var err error
		if c.Plugin, err = benchPlugin(ctx, plugin); err != nil {
			return err
		}
		c.PluginName = plugin
		if plugin == "" {
			c.PluginName = "the Go counter"
		}
		if stateBytes > 0 {
			c.Setup = bench.Pad(stateBytes)
		}
		result, err := bench.Run(ctx, &c, func(at bench.Progress) { show.show(at.Phase, at.Done, at.Total) })
		show.clear()
		switch {
		case err != nil:
			return err
		case asJSON:
			return printJSON(p.Out, result)
		default:
			return result.Text(p.Out)
		}
	}
	return cmd
}

// benchPlugin builds the plugin at the path, or else the counter that `eshost plugin new` writes.
func benchPlugin(ctx context.Context, path string) ([]byte, error) {
	b := build.New(nil)
	if path == "" {
		temp, err := os.MkdirTemp("", "eshost-counter-*")
		if err != nil {
			return nil, fmt.Errorf("build the counter: %w", err)
		}
		defer os.RemoveAll(temp)
		path = filepath.Join(temp, "counter")
		if _, err := b.Scaffold(path, "go", "counter"); err != nil {
			return nil, err
		}
	}
	p, err := b.Build(ctx, path)
	return p.Wasm, err
}
