// Package bench measures a host under load, and beside it what the same disk and
// the store's bare client library can do: the two ceilings.
//
// A run has these parts, each in a fresh folder of the same disk, or a fresh schema or stream of the same server, one after another:
//
//  1. the load: commands through the host's Go API, to entities of one type;
//  2. recovery: host and store are closed and opened again, and every entity is
//     activated from the log;
//  3. the raw disk, where the store is embedded: a loop that writes as many bytes as a durable write of part 1
//     had, and calls fdatasync;
//  4. the bare store: group commit over the library of Pebble, Postgres or NATS alone, with the load, the clients,
//     the bytes and the appends in flight of part 1. A client's write is one key, with the bytes that
//     one command added to the host's records; the host writes one record for all commands of an
//     entity that it decided together, so with many in flight for an entity it may be the quicker.
//
// Every answer is checked: accepted, one event, and the sequence number that
// belongs to the command. A run whose numbers would be wrong fails instead.
package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
	"github.com/eshost/eshost/host"
)

// Run makes a run. It takes as long as the load does, and some seconds more. When ctx ends
// it stops and returns ctx's error. Whatever happens, the folder it made is removed.
// progress may be nil; it is called by one goroutine at a time, a few times a second.
func Run(ctx context.Context, c *Config, progress func(Progress)) (*Result, error) {
	cfg, err := c.check()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(cfg.Dir, "eshost-bench-")
	if err != nil {
		return nil, fmt.Errorf("benchmark: make a folder for its data: %w", err)
	}
	r := &run{cfg: cfg, dir: dir, name: ownName(), watch: newWatch(progress), out: newResult(cfg, fileSystem(dir))}
	err = r.all(ctx)
	r.watch.end()
	if e := os.RemoveAll(dir); e != nil {
		err = errors.Join(err, fmt.Errorf("remove what it wrote: %w", e))
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("benchmark: %w", err)
	}
	return r.out, nil
}

// run is a run that is under way.
type run struct {
	cfg   *Config
	dir   string
	name  string // of the run's own schema or stream on a server
	watch *watch
	out   *Result
	wrote host.Stats // by the host, in the main part of the load
	shape shape      // of what it wrote
}

func (r *run) all(ctx context.Context) (err error) {
	h := &hosted{cfg: r.cfg, dir: filepath.Join(r.dir, "store"), name: r.name, cache: r.cfg.Cache}
	if h.cache == "" {
		h.cache = filepath.Join(r.dir, "plugins")
	}
	defer func() { err = errors.Join(err, h.remove()) }()
	r.watch.begin("start the host", 0, nil)
	if err := h.start(ctx); err != nil {
		return err
	}
	info := h.log.Info()
	r.out.Durability = info.DurabilityIs
	if err := r.load(ctx, h); err != nil {
		return err
	}
	if r.cfg.store.Kind != storeurl.Memory {
		r.watch.begin("look at what was written", 0, nil)
		var err error
		if r.shape, err = sample(ctx, h.log, h.entities, r.wrote); err != nil {
			return err
		}
	}
	if err := r.recovery(ctx, h); err != nil {
		return err
	}
	r.out.PeakRSSBytes = peakMemory()
	if r.cfg.store.Kind == storeurl.Memory {
		return h.stop()
	}
	if r.cfg.store.Kind == storeurl.Pebble { // what a server writes is on its disk
		if err := r.rawDisk(ctx); err != nil {
			return err
		}
	}
	if r.cfg.lone() {
		return errors.Join(r.aloneBesideBare(ctx, h), h.stop())
	}
	if err := h.stop(); err != nil {
		return err
	}
	if err := h.remove(); err != nil {
		return err
	}
	runtime.GC() // what the host left must not be collected at the ceiling's expense
	return r.bare(ctx, max(1, info.Concurrency), max(1, info.AppendCommits))
}
