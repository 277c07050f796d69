package bench

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"path/filepath"

	"github.com/eshost/eshost/cmd/eshost/internal/storage"
	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
)

// bareNames are what the bare clients are called, by kind of store.
var bareNames = map[string]string{storeurl.Pebble: "bare Pebble", storeurl.NATS: "bare NATS", storeurl.Postgres: "bare Postgres"}

// ownName is a name that no other run has, for the schema or stream of one.
func ownName() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return "eshost_bench_" + hex.EncodeToString(b[:])
}

// openBare opens the bare store beside the host's, for as many goroutines as there are connections.
func (r *run) openBare(ctx context.Context, connections int) ([]engine, error) {
	switch r.cfg.store.Kind {
	case storeurl.Postgres:
		o, err := storage.Postgres(r.cfg.store, &r.cfg.Settings.Postgres)
		if err != nil {
			return nil, err
		}
		return openPostgres(ctx, o, r.name+"_bare", connections, &r.shape)
	case storeurl.NATS:
		o, err := storage.NATS(r.cfg.store, &r.cfg.Settings.NATS)
		if err != nil {
			return nil, err
		}
		return openNATS(ctx, o, r.name+"_bare", connections, &r.shape)
	default:
		b, err := openPebble(filepath.Join(r.dir, "bare"), &r.shape)
		if err != nil {
			return nil, err
		}
		return []engine{b}, nil
	}
}

// drop deletes what the run has left on a server.
func (c *Config) drop(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	switch c.store.Kind {
	case storeurl.Postgres:
		o, err := storage.Postgres(c.store, &c.Settings.Postgres)
		if err != nil {
			return err
		}
		return dropSchema(ctx, o, name)
	case storeurl.NATS:
		o, err := storage.NATS(c.store, &c.Settings.NATS)
		if err != nil {
			return err
		}
		return dropStreams(ctx, o, name)
	}
	return nil
}
