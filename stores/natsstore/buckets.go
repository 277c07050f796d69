package natsstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/semaphore"

	"github.com/eshost/eshost/stores"
)

// buckets names the buckets; nothing is asked for yet.
func (s *Store) buckets() {
	s.snapshots = bucket{s: s, name: s.o.Snapshots, what: "snapshots", opening: semaphore.NewWeighted(1)}
	s.checkpoints = bucket{s: s, name: s.o.Checkpoints, what: "checkpoints", opening: semaphore.NewWeighted(1)}
	s.large = objects{s: s, name: s.o.Snapshots + "_large", what: "large snapshots", opening: semaphore.NewWeighted(1)}
	s.blobs = objects{s: s, name: s.o.Blobs, what: "blobs", opening: semaphore.NewWeighted(1)}
	s.revisions.all = make(map[stores.EntityID]revision)
}

// checkBuckets makes sure that the buckets are there where they may not be made.
// Else each is made when it is first used.
func (s *Store) checkBuckets(ctx context.Context) error {
	if !s.o.NoSetup {
		return nil
	}
	var all []error
	for _, b := range []struct {
		part Parts
		open func(context.Context) error
	}{
		{UseSnapshots, func(ctx context.Context) error { _, err := s.snapshots.open(ctx); return err }},
		{UseSnapshots, func(ctx context.Context) error { _, err := s.large.open(ctx); return err }},
		{UseCheckpoints, func(ctx context.Context) error { _, err := s.checkpoints.open(ctx); return err }},
		{UseBlobs, func(ctx context.Context) error { _, err := s.blobs.open(ctx); return err }},
	} {
		if s.o.Use&b.part != 0 {
			all = append(all, b.open(ctx))
		}
	}
	return errors.Join(all...)
}

// bucket is a key-value bucket. Values are read from its leader, and written
// under the condition that they are the ones that were read.
type bucket struct {
	s    *Store
	name string
	what string

	opening *semaphore.Weighted // of 1; guards kv
	kv      jetstream.KeyValue  // nil: not opened yet
}

// keyAlways is a key that is always there. All others have a dot.
const keyAlways = "eshost"

func (b *bucket) stream() string { return "KV_" + b.name }

func (b *bucket) subject(key string) string { return "$KV." + b.name + "." + key }

// open opens the bucket, and makes it if it is not there and may be made.
func (b *bucket) open(ctx context.Context) (jetstream.KeyValue, error) {
	if err := b.opening.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer b.opening.Release(1)
	if b.kv != nil {
		return b.kv, nil
	}
	s := b.s
	err := s.retry(ctx, func() error {
		kv, err := s.js.KeyValue(ctx, b.name)
		switch {
		case errors.Is(err, jetstream.ErrBucketNotFound) && s.o.NoSetup:
			return fmt.Errorf("the bucket %s of %s is not there, and setup is off: make it, or open the store once with setup", b.name, b.what)
		case errors.Is(err, jetstream.ErrBucketNotFound):
			kv, err = s.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: b.name, Description: b.what + " of eshost", History: 1,
				Storage: jetstream.FileStorage, Replicas: max(1, s.o.Replicas)})
			if errors.Is(err, jetstream.ErrBucketExists) {
				kv, err = s.js.KeyValue(ctx, b.name) // another host was first
			}
		}
		if err == nil {
			err = s.checkBucket(ctx, b.stream(), "the bucket "+b.name+" of "+b.what)
		}
		if err == nil {
			_, err = kv.Create(ctx, keyAlways, nil)
			if errors.Is(err, jetstream.ErrKeyExists) {
				err = nil
			}
		}
		if err != nil {
			return s.setupError(ctx, "the bucket "+b.name+" of "+b.what, err)
		}
		b.kv = kv
		return nil
	})
	return b.kv, err
}

// errBucket: a bucket's configuration would lose what is in it.
var errBucket = errors.New("it cannot be used")

// checkBucket makes sure that the stream behind a bucket keeps what is stored,
// and brings it to the options.
func (s *Store) checkBucket(ctx context.Context, stream, what string) error {
	handle, err := s.js.Stream(ctx, stream)
	if err != nil {
		return err
	}
	c := handle.CachedInfo().Config
	if want := s.o.Replicas; want != 0 && want != c.Replicas && !s.o.NoSetup || !c.AllowDirect && !s.o.NoSetup {
		if want != 0 {
			c.Replicas = want
		}
		c.AllowDirect = true
		if wrong := s.bucketFaults(&c); len(wrong) == 0 {
			s.o.Logger.Info("changing "+what, "replicas", c.Replicas)
			if handle, err = s.js.UpdateStream(ctx, c); err != nil {
				return err
			}
		}
		c = handle.CachedInfo().Config
	}
	if wrong := s.bucketFaults(&c); len(wrong) > 0 {
		return fmt.Errorf("%w: %s", errBucket, strings.Join(wrong, "; "))
	}
	return nil
}

// bucketFaults says what keeps a stream from being a bucket.
func (s *Store) bucketFaults(c *jetstream.StreamConfig) (wrong []string) {
	for _, f := range []struct {
		ok   bool
		text string
	}{
		{c.Storage == jetstream.FileStorage, "its storage must be file"},
		{c.MaxAge == 0, fmt.Sprintf("its TTL must be 0: it would forget what is older than %s", c.MaxAge)},
		{c.MaxMsgs <= 0 && (c.MaxBytes <= 0 || c.Discard == jetstream.DiscardNew), "it has a limit and would forget what is old when it is reached: its discard must be new"},
		{c.Retention == jetstream.LimitsPolicy, "its retention must be limits"},
		{c.PersistMode != jetstream.AsyncPersistMode, "its persist_mode must not be async"},
		{c.AllowDirect, "its allow_direct must be true"},
		{!c.DenyPurge, "its deny_purge must be false: nothing could be replaced"},
		{c.Mirror == nil && len(c.Sources) == 0, "it must not be fed from other streams"},
		{s.o.Replicas == 0 || c.Replicas == s.o.Replicas, fmt.Sprintf("it has %d replicas and should have %d: change one of them, or open the store with setup", c.Replicas, s.o.Replicas)},
	} {
		if !f.ok {
			wrong = append(wrong, f.text)
		}
	}
	return wrong
}

const headerOperation = "KV-Operation"

// deleted reports whether the headers are those of a deleted key.
func deleted(header []byte) bool { return bytes.Contains(header, []byte(headerOperation+":")) }

// entry is a key's value; revision 0: it never had one.
type entry struct {
	value    []byte
	there    bool // else it was deleted, or never there
	revision uint64
}

// get returns the key's value.
func (b *bucket) get(ctx context.Context, key string) (entry, error) {
	m, err := b.s.fromLeader(ctx, b.stream(), get{Last: b.subject(key)})
	switch {
	case errors.Is(err, errNoMessage):
		return entry{}, nil
	case err != nil:
		return entry{}, err
	}
	return entry{m.Data, !deleted(m.Header), m.Seq}, nil
}

// put writes the key's value if its revision is the one given. It reports
// whether it was.
func (b *bucket) put(ctx context.Context, key string, value []byte, revision uint64) (written bool, now uint64, err error) {
	kv, err := b.open(ctx)
	if err != nil {
		return false, 0, err
	}
	ctx, cancel := b.s.until(ctx)
	defer cancel()
	now, err = kv.Update(ctx, key, value, revision)
	if isOtherRevision(err) {
		return false, 0, nil
	}
	var api *jetstream.APIError
	if errors.As(err, &api) && api.ErrorCode == codeMessageTooLarge || errors.Is(err, nats.ErrMaxPayload) {
		return false, 0, fmt.Errorf("%w: %w", stores.ErrTooLarge, err)
	}
	return err == nil, now, b.s.classify(ctx, err)
}

// set writes the key's value, whatever it is.
func (b *bucket) set(ctx context.Context, key string, value []byte) error {
	kv, err := b.open(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := b.s.until(ctx)
	defer cancel()
	_, err = kv.Put(ctx, key, value)
	return b.s.classify(ctx, err)
}

// isOtherRevision reports whether a bucket refused for the revision of the key.
func isOtherRevision(err error) bool {
	var api *jetstream.APIError
	return errors.Is(err, jetstream.ErrKeyExists) || errors.As(err, &api) && (api.ErrorCode == codeWrongLastSequence || api.ErrorCode == codeLastSequenceInDoubt)
}

// remove deletes the key if its revision is the one given, 0: whatever it is. It
// reports whether it was; no key is no error.
func (b *bucket) remove(ctx context.Context, key string, revision uint64) (removed bool, err error) {
	kv, err := b.open(ctx)
	if err != nil {
		return false, err
	}
	ctx, cancel := b.s.until(ctx)
	defer cancel()
	var options []jetstream.KVDeleteOpt
	if revision != 0 {
		options = append(options, jetstream.LastRevision(revision))
	}
	if err = kv.Delete(ctx, key, options...); isOtherRevision(err) {
		return false, nil
	}
	return err == nil, b.s.classify(ctx, err)
}
