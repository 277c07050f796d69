package natsstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore"
	"github.com/eshost/eshost/stores/natsstore/natstest"
)

func TestABucketThatForgetsIsRefused(t *testing.T) {
	s := connect(t, natstest.Start(t, nil).URL())
	kv := func(c jetstream.KeyValueConfig) func(string) error {
		return func(name string) error {
			c.Bucket = name + "_checkpoints"
			_, err := s.js.CreateKeyValue(t.Context(), c)
			return err
		}
	}
	objects := func(c jetstream.ObjectStoreConfig) func(string) error {
		return func(name string) error {
			c.Bucket = name + "_blobs"
			_, err := s.js.CreateObjectStore(t.Context(), c)
			return err
		}
	}
	for want, make := range map[string]func(name string) error{
		"_checkpoints of checkpoints: it cannot be used: its storage must be file": kv(jetstream.KeyValueConfig{Storage: jetstream.MemoryStorage}),
		"_checkpoints of checkpoints: it cannot be used: its TTL must be 0":        kv(jetstream.KeyValueConfig{TTL: time.Hour}),
		"_blobs of blobs: it cannot be used: its storage must be file":             objects(jetstream.ObjectStoreConfig{Storage: jetstream.MemoryStorage}),
		"_blobs of blobs: it cannot be used: its TTL must be 0":                    objects(jetstream.ObjectStoreConfig{TTL: time.Hour}),
	} {
		o := s.options(t, "")
		o.Use = natsstore.UseCheckpoints | natsstore.UseBlobs
		if err := make(o.Stream); err != nil {
			t.Fatal(err)
		}
		used := open(t, o)
		err := used.SaveCheckpoint(t.Context(), "p", stores.Position{})
		if strings.Contains(want, "blobs") {
			_, err = used.PutBlob(t.Context(), []byte("x"))
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		o.NoSetup = true
		if _, err := natsstore.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("without setup: %v, want %s", err, want)
		}
	}
}

func setupGivesBucketsTheirReplicas(t *testing.T, s *servers) {
	o := s.options(t, "timeout=1s")
	use := func(log *natsstore.Store) error {
		if err := log.SaveCheckpoint(t.Context(), "p", stores.NewPosition("x.1", 2)); err != nil {
			return err
		}
		_, err := log.PutBlob(t.Context(), []byte("x"))
		return err
	}
	o.Use = natsstore.UseCheckpoints | natsstore.UseBlobs
	if err := use(open(t, o)); err != nil {
		t.Fatal(err)
	}
	o.Replicas, o.NoSetup = 3, true
	if _, err := natsstore.Open(t.Context(), o); err == nil || strings.Count(err.Error(), "it has 1 replicas and should have 3") != 2 {
		t.Errorf("%v", err)
	}
	o.NoSetup = false
	log := open(t, o)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for use(log) != nil && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond) // the new replicas elect a leader
	}
	for _, name := range []string{"KV_" + o.Stream + "_checkpoints", "OBJ_" + o.Stream + "_blobs"} {
		if n := s.stream(t, name).CachedInfo().Config.Replicas; n != 3 {
			t.Errorf("%s has %d replicas", name, n)
		}
	}
	if p, err := log.Checkpoint(t.Context(), "p"); err != nil || p != stores.NewPosition("x.1", 2) {
		t.Errorf("%v, %v", p, err)
	}
}
