package natsstore

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/semaphore"

	"github.com/eshost/eshost/stores"
)

// format is the version of the subjects and of what is behind them, apart from
// the stored form of records, which has a version of its own.
const format = 1

// about is what a log says about itself, in its first message.
type about struct {
	Format int    `json:"format"`
	Log    []byte `json:"log"`
	Slices int    `json:"slices"`
}

// openAbout reads what the log says about itself, and writes it when the log
// is new. Of two that write at once one is told that the other was first.
func (s *Store) openAbout(ctx context.Context) (stores.LogID, error) {
	for {
		id, there, err := s.readLog(ctx)
		if err != nil || there {
			return id, err
		}
		rand.Read(id[:]) // never fails
		body, err := json.Marshal(about{Format: format, Log: id[:], Slices: stores.Slices})
		if err != nil {
			return stores.LogID{}, err
		}
		if _, err := s.publish(ctx, s.subjects.store(), 0, body); err != nil && !isMismatch(err) {
			return stores.LogID{}, fmt.Errorf("write what the log says about itself to stream %s: %w", s.o.Stream, err)
		}
		if err := s.pause(ctx, retryPause); err != nil { // another host is first
			return stores.LogID{}, err
		}
	}
}

// readLog reads the id of the stream's log. An empty stream has none; one that
// holds something else is an error.
func (s *Store) readLog(ctx context.Context) (id stores.LogID, there bool, err error) {
	var foreign *message
	for range 2 { // after the first look another host may have begun the log
		m, err := s.fromLeader(ctx, s.o.Stream, get{Last: s.subjects.store()})
		if err == nil {
			id, err = readAbout(m.Data)
			return id, err == nil, err
		}
		if !errors.Is(err, errNoMessage) {
			return id, false, err
		}
		if foreign != nil {
			break
		}
		if foreign, err = s.last(ctx, s.o.Stream); err != nil || foreign == nil {
			return id, false, err
		}
	}
	return id, false, fmt.Errorf("%w: stream %s holds a message on %s, but none that says that it is a log of eshost: choose another stream", stores.ErrCorrupt, s.o.Stream, foreign.Subject)
}

func readAbout(data []byte) (id stores.LogID, err error) {
	var a about
	if err := json.Unmarshal(data, &a); err != nil {
		return id, fmt.Errorf("%w: what the log says about itself: %w", stores.ErrCorrupt, err)
	}
	if a.Format != format {
		return id, fmt.Errorf("%w: %d, and this version of eshost reads %d: use the version that wrote it, or a later one", stores.ErrFormat, a.Format, format)
	}
	if len(a.Log) != len(id) || a.Slices != stores.Slices {
		return id, fmt.Errorf("%w: what the log says about itself does not fit its format", stores.ErrCorrupt)
	}
	return stores.LogID(a.Log), nil
}

// pluginTable numbers plugins: a number is a message of its own in the log,
// written before the first record with it.
type pluginTable struct {
	mu      sync.RWMutex
	numbers map[stores.Digest]uint32
	digests []stores.Digest // by number
	adding  *semaphore.Weighted
}

func (t *pluginTable) init() {
	t.numbers = make(map[stores.Digest]uint32)
	t.adding = semaphore.NewWeighted(1)
}

func (t *pluginTable) known(d *stores.Digest) (uint32, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	n, ok := t.numbers[*d]
	return n, ok
}

// number returns the plugin's number, a new one for a new digest.
func (t *pluginTable) number(ctx context.Context, s *Store, d stores.Digest) (uint32, error) {
	if n, ok := t.known(&d); ok {
		return n, nil
	}
	if err := t.adding.Acquire(ctx, 1); err != nil { // one at a time
		return 0, err
	}
	defer t.adding.Release(1)
	for {
		if err := t.load(ctx, s); err != nil {
			return 0, err
		}
		if n, ok := t.known(&d); ok {
			return n, nil
		}
		t.mu.RLock()
		next := uint32(len(t.digests))
		t.mu.RUnlock()
		_, err := s.publish(ctx, s.subjects.plugin(next), 0, d[:])
		if err != nil && !isMismatch(err) {
			return 0, fmt.Errorf("record the plugin %s: %w", d, err)
		}
		if isInDoubt(err) {
			if err := s.pause(ctx, retryPause); err != nil {
				return 0, err
			}
		}
	}
}

// load reads the plugins that are numbered since.
func (t *pluginTable) load(ctx context.Context, s *Store) error {
	for {
		t.mu.RLock()
		next := uint32(len(t.digests))
		t.mu.RUnlock()
		m, err := s.fromLeader(ctx, s.o.Stream, get{Last: s.subjects.plugin(next)})
		if errors.Is(err, errNoMessage) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(m.Data) != len(stores.Digest{}) {
			return fmt.Errorf("%w: the digest of plugin number %d has %d bytes", stores.ErrCorrupt, next, len(m.Data))
		}
		t.mu.Lock()
		if uint32(len(t.digests)) == next { // or another goroutine was first
			t.digests = append(t.digests, stores.Digest(m.Data))
			t.numbers[stores.Digest(m.Data)] = next
		}
		t.mu.Unlock()
	}
}

// digest returns the digest of a number that a record names.
func (t *pluginTable) digest(ctx context.Context, s *Store, number uint32) (stores.Digest, error) {
	for range 2 {
		t.mu.RLock()
		n := len(t.digests)
		var d stores.Digest
		if int(number) < n {
			d = t.digests[number]
		}
		t.mu.RUnlock()
		if int(number) < n {
			return d, nil
		}
		if err := t.load(ctx, s); err != nil {
			return d, err
		}
	}
	return stores.Digest{}, fmt.Errorf("%w: the record names plugin number %d, which the log does not know", stores.ErrCorrupt, number)
}

// kindOf is a kind of a type.
type kindOf struct {
	typ string
	stores.Kind
}

// kindTable knows the kinds that are surely in the log.
type kindTable struct {
	mu    sync.RWMutex
	known map[kindOf]struct{}
}

// note records the kinds of a commit's events that the log may lack.
func (t *kindTable) note(ctx context.Context, s *Store, c *stores.Commit) error {
	last := kindOf{}
	for i := range c.Events {
		k := kindOf{c.Entity.Type, stores.Kind{Name: c.Events[i].Name, Version: c.Events[i].Version}}
		if i > 0 && k == last {
			continue
		}
		last = k
		t.mu.RLock()
		_, ok := t.known[k]
		t.mu.RUnlock()
		if ok {
			continue
		}
		// A mismatch says that it is there, or on its way: then once more.
		for {
			_, err := s.publish(ctx, s.subjects.kind(k.typ, k.Kind), 0, nil)
			if isInDoubt(err) {
				if err := s.pause(ctx, retryPause); err != nil {
					return err
				}
				continue
			}
			if err != nil && !isMismatch(err) {
				return fmt.Errorf("record the kind %s of version %d: %w", k.Name, k.Version, err)
			}
			break
		}
		t.mu.Lock()
		t.known[k] = struct{}{}
		t.mu.Unlock()
	}
	return nil
}

// Kinds implements stores.Log.
func (s *Store) Kinds(ctx context.Context, typ string) ([]stores.Kind, error) {
	var kinds []stores.Kind
	err := s.listed(ctx, s.subjects.kinds(typ), func(subject string) error {
		k, err := s.subjects.parseKind(subject)
		kinds = append(kinds, k)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list kinds of events of type %s: %w", typ, err)
	}
	slices.SortFunc(kinds, stores.Kind.Compare)
	return kinds, nil
}

// listed calls f for each subject of the log that the filter matches, as the
// leader knows them.
func (s *Store) listed(ctx context.Context, filter string, f func(subject string) error) error {
	leave, err := s.enter(ctx, UseLog)
	if err != nil {
		return err
	}
	defer leave()
	all, err := s.subjectsOf(ctx, s.o.Stream, filter)
	if err != nil {
		return err
	}
	for subject := range all {
		if err := f(subject); err != nil {
			return err
		}
	}
	return nil
}

// subjectsOf returns a stream's subjects that the filter matches, and how many
// messages each has, from the stream's leader.
func (s *Store) subjectsOf(ctx context.Context, stream, filter string) (all map[string]uint64, err error) {
	ctx, cancel := s.until(ctx)
	defer cancel()
	err = s.retry(ctx, func() error {
		handle, err := s.js.Stream(ctx, stream)
		if err != nil {
			return s.classify(ctx, err)
		}
		info, err := handle.Info(ctx, jetstream.WithSubjectFilter(filter))
		if err != nil {
			return s.classify(ctx, err)
		}
		all = info.State.Subjects
		return nil
	})
	return all, err
}
