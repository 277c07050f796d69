// Package storage opens the stores that URLs name, with what the configuration
// says of each kind.
package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/eshost/eshost/cmd/eshost/internal/config"
	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
	"github.com/eshost/eshost/stores/natsstore"
	"github.com/eshost/eshost/stores/pebblestore"
)

// Stores are all the stores of a host.
type Stores struct {
	Log         stores.Log
	Snapshots   stores.SnapshotStore
	Checkpoints stores.CheckpointStore
	Blobs       stores.BlobStore

	url       storeurl.URL // of all but the snapshots
	snapshots storeurl.URL
	opened    []engine
	probe     probe
}

// engine is all kinds of stores in one.
type engine interface {
	stores.Log
	stores.SnapshotStore
	stores.CheckpointStore
	stores.BlobStore
}

// Options say how stores are opened. Nil, or a zero field, means the default.
type Options struct {
	Logger   *slog.Logger // nil: discards
	Existing bool         // make no store where there is none: it is then stores.ErrNotFound
	Own      string       // on a server, use a schema or stream of this name instead; empty: as the URL says
}

// Open opens the stores that the configuration names. The caller closes them.
func Open(ctx context.Context, c *config.Store, o *Options) (*Stores, error) {
	s := &Stores{}
	var err error
	if s.url, err = storeurl.Parse(c.URL); err != nil {
		return nil, err
	}
	apart := c.SnapshotsURL != "" && c.SnapshotsURL != c.URL
	use := natsstore.UseAll
	if apart {
		use &^= natsstore.UseSnapshots
	}
	first, err := open(ctx, s.url, c, o, use)
	if err != nil {
		return nil, err
	}
	s.opened = []engine{first}
	s.Log, s.Snapshots, s.Checkpoints, s.Blobs, s.snapshots = first, first, first, first, s.url
	if !apart {
		return s, nil
	}
	if s.snapshots, err = storeurl.Parse(c.SnapshotsURL); err == nil {
		var second engine
		if second, err = open(ctx, s.snapshots, c, o, natsstore.UseSnapshots); err == nil {
			s.Snapshots, s.opened = second, append(s.opened, second)
			return s, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("snapshots: %w", err), s.Close())
}

// open opens the store that the URL names. use says what is used of one that can leave parts out.
func open(ctx context.Context, u storeurl.URL, c *config.Store, o *Options, use natsstore.Parts) (engine, error) {
	if o == nil {
		o = &Options{}
	}
	if o.Logger == nil {
		o = &Options{Logger: slog.New(slog.DiscardHandler), Existing: o.Existing, Own: o.Own}
	}
	switch u.Kind {
	case storeurl.Pebble:
		return openPebble(u, c, o)
	case storeurl.Memory:
		return memstore.New(&memstore.Options{Exclusive: true}), nil
	case storeurl.Postgres:
		return openPostgres(ctx, u, c, o)
	default:
		return openNATS(ctx, u, c, o, use)
	}
}

func openPebble(u storeurl.URL, c *config.Store, o *Options) (engine, error) {
	p, err := pebblestore.Open(u.Folder, &pebblestore.Options{CacheBytes: c.CacheBytes, MemTableBytes: c.MemtableBytes,
		ReserveBytes: c.ReserveBytes, Logger: o.Logger, Existing: o.Existing})
	if err != nil {
		return nil, err
	}
	sweep(u.Folder)
	return p, nil
}

// Close closes all of them, whatever fails.
func (s *Stores) Close() error {
	var errs []error
	for _, one := range s.opened {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}

// String says where they are, without secrets.
func (s *Stores) String() string {
	where := func(u storeurl.URL) string {
		if u.Kind == storeurl.Pebble {
			return u.Folder
		}
		return u.String()
	}
	if s.snapshots == s.url {
		return where(s.url)
	}
	return where(s.url) + ", snapshots in " + where(s.snapshots)
}

// Pebble is the embedded store and its folder, if that holds the log.
func (s *Stores) Pebble() (p *pebblestore.Store, folder string, ok bool) {
	p, ok = s.opened[0].(*pebblestore.Store)
	return p, s.url.Folder, ok
}

// Tell logs which stores they are and what can be lost of what they acknowledge.
func (s *Stores) Tell(l *slog.Logger) {
	info := s.Log.Info()
	level, say := slog.LevelInfo, "store opened"
	if info.Durability < stores.Synced {
		level, say = slog.LevelWarn, "the store may lose what it has acknowledged"
	}
	l.Log(context.Background(), level, say, "store", s.url.String(), "snapshots", s.snapshots.String(), "durability", info.DurabilityIs)
}
