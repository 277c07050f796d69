package natsstore_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore"
	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/storetest"
)

var (
	_ stores.Log             = (*natsstore.Store)(nil)
	_ stores.SnapshotStore   = (*natsstore.Store)(nil)
	_ stores.CheckpointStore = (*natsstore.Store)(nil)
	_ stores.BlobStore       = (*natsstore.Store)(nil)
)

func all(s *natsstore.Store) storetest.Stores {
	return storetest.Stores{Log: s, Snapshots: s, Checkpoints: s, Blobs: s}
}

// mustOpen opens a store that somebody else closes.
func mustOpen(t testing.TB, o *natsstore.Options) *natsstore.Store {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := natsstore.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open opens a store that is closed when the test ends.
func open(t testing.TB, o *natsstore.Options) *natsstore.Store {
	t.Helper()
	s := mustOpen(t, o)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

var names atomic.Int64

// servers is where the stores of a test are.
type servers struct {
	url string
	js  jetstream.JetStream // of the test's own client
}

func connect(t testing.TB, url string) *servers {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return &servers{url: url, js: js}
}

// options returns those of a store of its own, which is gone when the test ends.
func (s *servers) options(t testing.TB, parameters string) *natsstore.Options {
	t.Helper()
	stream := fmt.Sprintf("log%d", names.Add(1))
	o, err := natsstore.ParseURL(s.url + "/" + stream + "?" + parameters)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		lister := s.js.StreamNames(ctx)
		for name := range lister.Name() {
			if _, rest, _ := strings.Cut(name, "_"); name == stream || strings.HasPrefix(rest, stream+"_") {
				_ = s.js.DeleteStream(ctx, name)
			}
		}
	})
	return o
}

// unprotected makes the log's stream as a store would, but so that messages can be
// deleted from it.
func (s *servers) unprotected(t testing.TB, o *natsstore.Options) {
	t.Helper()
	_, err := s.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: o.Stream, Subjects: []string{o.Stream + ".>"},
		Discard: jetstream.DiscardNew, AllowDirect: true, AllowAtomicPublish: true, Replicas: max(1, o.Replicas)})
	if err != nil {
		t.Fatal(err)
	}
}

// stream returns one of the servers' streams.
func (s *servers) stream(t testing.TB, name string) jetstream.Stream {
	t.Helper()
	stream, err := s.js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// made is how a store of a test was opened.
type made struct {
	log, rest *natsstore.Options
}

// factory makes stores that are one value for everything or, apart, one for the
// log alone, whose stream the test made, and one for the rest.
func (s *servers) factory(parameters string, apart bool) storetest.Factory {
	known := make(map[stores.Log]made)
	opened := func(t testing.TB, m made) storetest.Stores {
		log := mustOpen(t, m.log)
		known[log] = m
		if m.rest == nil {
			return all(log)
		}
		rest := mustOpen(t, m.rest)
		return storetest.Stores{Log: log, Snapshots: rest, Checkpoints: rest, Blobs: rest}
	}
	f := storetest.Factory{
		Open: func(t testing.TB) storetest.Stores {
			m := made{log: s.options(t, parameters)}
			if apart {
				s.unprotected(t, m.log)
				rest := *m.log
				rest.Use = natsstore.UseAll &^ natsstore.UseLog
				m.log.Use, m.log.NoSetup, m.rest = natsstore.UseLog, true, &rest
			}
			return opened(t, m)
		},
		Reopen: func(t testing.TB, was storetest.Stores) storetest.Stores {
			if err := errors.Join(was.Log.Close(), was.Snapshots.Close()); err != nil {
				t.Fatal(err)
			}
			return opened(t, known[was.Log])
		},
		DamageSnapshot: func(t testing.TB, was storetest.Stores, id stores.EntityID) {
			kv, err := s.js.KeyValue(t.Context(), known[was.Log].log.Stream+"_snapshots")
			if err != nil {
				t.Fatal(err)
			}
			key := id.Type + "." + id.ID
			e, err := kv.Get(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			value := e.Value()
			value[len(value)/2]++
			if _, err := kv.Put(t.Context(), key, value); err != nil {
				t.Fatal(err)
			}
		},
		DamageBlob: func(t testing.TB, was storetest.Stores, d stores.Digest) {
			obs, err := s.js.ObjectStore(t.Context(), known[was.Log].log.Stream+"_blobs")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := obs.PutBytes(t.Context(), d.String(), []byte("something else")); err != nil {
				t.Fatal(err)
			}
		},
	}
	if apart {
		f.DamageRecord = func(t testing.TB, was storetest.Stores, id stores.EntityID, expected uint64) {
			for rec, err := range was.Log.Read(t.Context(), id, expected) {
				if err != nil {
					t.Fatal(err)
				}
				if err := s.stream(t, known[was.Log].log.Stream).DeleteMsg(t.Context(), streamSeq(t, rec)); err != nil {
					t.Fatal(err)
				}
				return
			}
		}
	}
	return f
}

// streamSeq is the record's place in its stream.
func streamSeq(t testing.TB, rec *stores.Record) uint64 {
	t.Helper()
	seq, err := strconv.ParseUint(strings.Split(string(rec.Head), ".")[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func TestStore(t *testing.T) {
	for name, test := range map[string]struct {
		server     natstest.Options
		parameters string
		apart      bool
	}{
		"default sync, one for all":       {},
		"sync always, the log for itself": {natstest.Options{SyncAlways: true}, "sync=always", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, connect(t, natstest.Start(t, &test.server).URL()).factory(test.parameters, test.apart))
		})
	}
}

// tokenOf is the head token of a record at the place in its stream.
func tokenOf(log stores.Log, stream, entity uint64) stores.HeadToken {
	return stores.HeadToken(fmt.Sprintf("%s.%d.%d", natsstore.LogToken(log.Info().ID), stream, entity))
}
