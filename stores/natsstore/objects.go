package natsstore

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/eshost/eshost/stores"
)

// objects is an object bucket: bytes of any size in chunks.
type objects struct {
	s    *Store
	name string
	what string

	mu  sync.Mutex
	obs jetstream.ObjectStore // nil: not opened yet
}

func (b *objects) stream() string { return "OBJ_" + b.name }

const metaToken = ".M."

func (b *objects) meta(name string) string {
	return "$O." + b.name + metaToken + base64.URLEncoding.EncodeToString([]byte(name))
}

// open opens the bucket, and makes it if it is not there and may be made.
func (b *objects) open(ctx context.Context) (jetstream.ObjectStore, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.obs != nil {
		return b.obs, nil
	}
	s := b.s
	err := s.retry(ctx, func() error {
		obs, err := s.js.ObjectStore(ctx, b.name)
		switch {
		case errors.Is(err, jetstream.ErrBucketNotFound) && s.o.NoSetup:
			return fmt.Errorf("the object bucket %s of %s is not there, and setup is off: make it, or open the store once with setup", b.name, b.what)
		case errors.Is(err, jetstream.ErrBucketNotFound):
			obs, err = s.js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: b.name, Description: b.what + " of eshost",
				Storage: jetstream.FileStorage, Replicas: max(1, s.o.Replicas)})
			if errors.Is(err, jetstream.ErrBucketExists) {
				obs, err = s.js.ObjectStore(ctx, b.name) // another host was first
			}
		}
		if err != nil {
			return s.setupError(ctx, "the object bucket "+b.name+" of "+b.what, err)
		}
		b.obs = obs
		return nil
	})
	return b.obs, err
}

// put stores the bytes under the name.
func (b *objects) put(ctx context.Context, name string, data []byte) error {
	obs, err := b.open(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := b.s.until(ctx)
	defer cancel()
	_, err = obs.PutBytes(ctx, name, data)
	return b.s.classify(ctx, err)
}

// remove deletes the bytes; none is no error.
func (b *objects) remove(ctx context.Context, name string) error {
	obs, err := b.open(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := b.s.until(ctx)
	defer cancel()
	if err = obs.Delete(ctx, name); errors.Is(err, jetstream.ErrObjectNotFound) {
		return nil
	}
	return b.s.classify(ctx, err)
}

// get returns the bytes, or ErrNotFound. What is there is decided by the leader;
// the chunks may come from any replica.
func (b *objects) get(ctx context.Context, name string) ([]byte, error) {
	m, err := b.s.fromLeader(ctx, b.stream(), get{Last: b.meta(name)})
	if errors.Is(err, errNoMessage) {
		return nil, stores.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	var info jetstream.ObjectInfo
	if err := json.Unmarshal(m.Data, &info); err != nil {
		return nil, fmt.Errorf("%w: what object %s says about itself: %w", stores.ErrCorrupt, name, err)
	}
	if info.Deleted {
		return nil, stores.ErrNotFound
	}
	return b.chunks(ctx, "$O."+b.name+".C."+info.NUID, name, &info)
}

// chunks reads an object's chunks.
func (b *objects) chunks(ctx context.Context, subject, name string, info *jetstream.ObjectInfo) ([]byte, error) {
	s := b.s
	data := make([]byte, 0, min(info.Size, 64<<20))
	g := get{Next: subject, Seq: 1, Batch: fetchMessages, MaxBytes: fetchBytes}
	for start := time.Now(); uint64(len(data)) < info.Size; {
		var part *fetched
		err := s.retry(ctx, func() (err error) {
			part, err = s.fetch(ctx, b.stream(), g)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, m := range part.messages {
			data = append(data, m.Data...)
			g.Seq = sequence(m) + 1
		}
		if part.pending > 0 || uint64(len(data)) >= info.Size {
			continue
		}
		// A replica that lags behind, or chunks that are lost: the leader knows.
		have, err := s.subjectsOf(ctx, b.stream(), subject)
		switch {
		case err != nil:
			return nil, err
		case have[subject] < uint64(info.Chunks):
			return nil, fmt.Errorf("%w: object %s has %d chunks of %d", stores.ErrCorrupt, name, have[subject], info.Chunks)
		case time.Since(start) > s.o.AnswerTimeout:
			return nil, fmt.Errorf("%w: the replicas do not show all of object %s", stores.ErrUnavailable, name)
		}
	}
	return data, nil
}

// names returns the names of what is kept, from the leader.
func (b *objects) names(ctx context.Context) ([]string, error) {
	if _, err := b.open(ctx); err != nil {
		return nil, err
	}
	prefix := "$O." + b.name + metaToken
	all, err := b.s.subjectsOf(ctx, b.stream(), prefix+">")
	if err != nil {
		return nil, err
	}
	var names []string
	for subject := range all {
		name, err := base64.URLEncoding.DecodeString(strings.TrimPrefix(subject, prefix))
		if err != nil {
			return nil, fmt.Errorf("%w: the subject %q is not an object's", stores.ErrCorrupt, subject)
		}
		names = append(names, string(name))
	}
	return names, nil
}
