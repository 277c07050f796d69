package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/eshost/eshost/cmd/eshost/internal/bench"
	"github.com/eshost/eshost/cmd/eshost/internal/build"
	"github.com/eshost/eshost/cmd/eshost/internal/config"
	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
)

func (p *Program) bench() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure a host on this machine, beside what its disk and the bare store can do",
		Long: `Measure a host in this process. By default 50 entities get 20,000 commands each, one in flight for each entity, which increase
and decrease a counter by turns; then the host starts again and recovers all of them from the log.

The same run measures two ceilings on the same disk without any code of eshost's: a loop of write and fdatasync, and the bare
Pebble library committing the same bytes for the same clients. Take the ratios; absolute figures depend on the machine.

All that the flags say can be said under "bench" in the configuration, and in the environment, as in ESHOST__BENCH__EVENTS=42.`,
		Example: `  eshost bench
  eshost bench --entities 1 --inflight 1024 --events 1000000
  eshost bench --entities 100000 --events 10 --concurrency 4096
  eshost bench --entities 1 --events 20000
  eshost bench --rate 20000 --events 2000`,
		Args: cobra.NoArgs,
	}
	f := p.configuration(cmd, benchFlags(cmd.Flags()))
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := f.load()
		if err != nil {
			return err
		}
		c := benchConfig(loaded)
		ctx := cmd.Context()
		show := newProgress(p.Err)
		show.show("building the plugin", 0, 0)
		if c.Plugin, err = benchPlugin(ctx, loaded.Bench.Plugin); err != nil {
			return err
		}
		result, err := bench.Run(ctx, c, func(at bench.Progress) { show.show(at.Phase, at.Done, at.Total) })
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

// benchFlags adds the flags of the load, and returns their names by key.
func benchFlags(f *pflag.FlagSet) map[string]string {
	d := &config.Default().Bench
	f.Int("entities", d.Entities, "how many entities")
	f.Int("events", d.Events, "events of each entity")
	f.Int("inflight", d.Inflight, "commands in flight of each entity (default 1)")
	f.Int("concurrency", d.Concurrency, "commands in flight overall, of entities drawn at random, instead of --inflight")
	f.Float64("rate", d.Rate, "commands started a second, whatever becomes of them; 0: each when one is answered")
	f.String("plugin", d.Plugin, "a source folder or .wasm file that takes increase and decrease {by} (default: the Go counter, built now)")
	f.String("store", d.Store, "the store: "+storeurl.Forms+"; pebble: is in a folder of its own, which is removed")
	f.String("dir", d.Dir, "an existing folder on the disk to measure (default: the system's for temporary files)")
	f.Int("snapshots", d.Snapshots, "events from one snapshot to the next; 0: none")
	f.Bool("command-ids", d.CommandIDs, "give every command an id")
	f.Int("clients", d.Clients, "goroutines that send and receive, for the host and for the bare store alike (default: one for each entity, where up to 64 have one command in flight each; else 1)")
	f.Int("state-bytes", d.StateBytes, "size of each entity's state, for a plugin that also takes pad {bytes}")
	keys := make(map[string]string)
	f.VisitAll(func(flag *pflag.Flag) { keys["bench."+strings.ReplaceAll(flag.Name, "-", "_")] = flag.Name })
	return keys
}

// benchConfig is the run that the configuration asks for, without the plugin's bytes.
func benchConfig(loaded *config.Config) *bench.Config {
	b := &loaded.Bench
	c := &bench.Config{Entities: b.Entities, Events: b.Events, Inflight: b.Inflight, Concurrency: b.Concurrency, Rate: b.Rate,
		PluginName: b.Plugin, Store: b.Store, Settings: loaded.Store, Dir: b.Dir, Snapshots: b.Snapshots, CommandIDs: b.CommandIDs, Clients: b.Clients}
	if b.Plugin == "" {
		c.PluginName = "the Go counter"
	}
	if b.StateBytes > 0 {
		c.Setup = bench.Pad(b.StateBytes)
	}
	return c
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
