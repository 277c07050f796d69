package natsstore

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/semaphore"

	"github.com/eshost/eshost/stores"
)

// objects is an object bucket: bytes of any size in chunks.
type objects struct {
	s    *Store
	name string
	what string

	opening *semaphore.Weighted   // of 1; guards obs
	obs     jetstream.ObjectStore // nil: not opened yet
}

func (b *objects) stream() string { return "OBJ_" + b.name }

const metaToken = ".M."

func (b *objects) meta(name string) string {
	return "$O." + b.name + metaToken + base64.URLEncoding.EncodeToString([]byte(name))
}

// open opens the bucket, and makes it if it is not there and may be made.
func (b *objects) open(ctx context.Context) (jetstream.ObjectStore, error) {
	if err := b.opening.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer b.opening.Release(1)
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
		if err == nil {
			err = s.checkBucket(ctx, b.stream(), "the object bucket "+b.name+" of "+b.what)
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
	meta := jetstream.ObjectMeta{Name: name, Opts: &jetstream.ObjectMetaOptions{ChunkSize: b.s.chunkBytes()}}
	_, err = obs.Put(ctx, meta, bytes.NewReader(data))
	return b.s.classify(ctx, err)
}

// chunkBytes is how large the chunks of an object are: 128 KiB, or what the servers
// take.
func (s *Store) chunkBytes() uint32 {
	return uint32(max(1, min(128<<10, s.nc.MaxPayload()-messageOverhead)))
}

// remove deletes the bytes, and what the client would leave behind to say so; none is
// no error.
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
	if err == nil {
		var stream jetstream.Stream
		if stream, err = b.s.js.Stream(ctx, b.stream()); err == nil {
			err = stream.Purge(ctx, jetstream.WithPurgeSubject(b.meta(name)))
		}
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
	chunks := uint64(0)
	g := get{Next: subject, Seq: 1, Batch: fetchMessages, MaxBytes: fetchBytes}
	for progress := time.Now(); uint64(len(data)) < info.Size; {
		var part *fetched
		err := s.retry(ctx, func() (err error) {
			part, err = s.fetch(ctx, b.stream(), g)
			return err
		})
		if err != nil {
			return nil, err
		}
		chunks += uint64(len(part.messages))
		for _, m := range part.messages {
			data = append(data, m.Data...)
			g.Seq = sequence(m) + 1
			progress = time.Now()
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
		case chunks >= uint64(info.Chunks):
			return nil, fmt.Errorf("%w: object %s has %d bytes in its %d chunks and should have %d", stores.ErrCorrupt, name, len(data), chunks, info.Size)
		case time.Since(progress) > s.o.AnswerTimeout:
			return nil, fmt.Errorf("%w: the replicas do not show all of object %s", stores.ErrUnavailable, name)
		}
		if err := s.pause(ctx, retryPause); err != nil {
			return nil, err
		}
	}
	if uint64(len(data)) > info.Size {
		return nil, fmt.Errorf("%w: object %s has %d bytes or more and should have %d", stores.ErrCorrupt, name, len(data), info.Size)
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
