// Package memstore is the reference implementation of the storage contract, in
// memory. It is for tests: it is simple rather than fast, strict about what
// callers must keep to, and everything in it is gone with the process.
package memstore

import (
	"crypto/rand"
	"fmt"
	"slices"
	"sync"

	"github.com/eshost/eshost/stores"
)

// DefaultMaxCommitBytes is what Options.MaxCommitBytes is when not set.
const DefaultMaxCommitBytes = 16 << 20

// Options configures a Store. Nil, or a zero field, means the default.
type Options struct {
	// Exclusive is what Info says. Leave it false when several hosts share the Store.
	Exclusive bool
	// CheckTokens makes a commit a Conflict, with an Err that says so, when its
	// number is right but its Head is not the token that the log gave out. Engines
	// that live by their tokens behave so. Without it any Head will do.
	CheckTokens bool
	// MaxCommitBytes is the size of a record from which on a commit is
	// TooLarge. 0: DefaultMaxCommitBytes.
	MaxCommitBytes int
}

// Store is a stores.Log, SnapshotStore, CheckpointStore and BlobStore in one,
// for any number of goroutines and hosts at once. Close closes all four.
type Store struct {
	info        stores.Info
	checkTokens bool

	mu      sync.Mutex
	closed  bool
	changed chan struct{} // closed, and a new one made, when the log has grown or was closed
	log     []entry
	places  map[string]int            // engine's name of a place -> index in log
	streams map[stores.EntityID][]int // indices in log
	kinds   map[string]map[stores.Kind]struct{}
	plugins []stores.Digest
	numbers map[stores.Digest]uint32 // indices in plugins
	epochs  [stores.Slices]uint64    // the newest that a fence named
	buf     []byte

	snapshots   map[stores.EntityID]snapshot
	checkpoints map[string]stores.Position
	blobs       map[stores.Digest][]byte
}

// entry is one commit. It is never changed.
type entry struct {
	entity   stores.EntityID
	expected uint64
	events   int
	id       stores.CommitID
	name     string // of its place; its head token too
	record   []byte
}

func (e *entry) seq() uint64 { return e.expected + uint64(e.events) }

func (e *entry) place() stores.Position { return stores.NewPosition(e.name, uint32(e.events-1)) }

// New returns an empty store with a random log id.
func New(o *Options) *Store {
	if o == nil {
		o = &Options{}
	}
	s := &Store{
		info: stores.Info{
			Name: "memory", Durability: stores.Volatile,
			DurabilityIs: "in memory: everything is lost when the process ends",
			Exclusive:    o.Exclusive, Fencing: true, MaxCommit: o.MaxCommitBytes,
			Concurrency: 1, AppendCommits: 4096, AppendBytes: 16 << 20,
		},
		checkTokens: o.CheckTokens,
		changed:     make(chan struct{}),
		places:      make(map[string]int),
		streams:     make(map[stores.EntityID][]int),
		kinds:       make(map[string]map[stores.Kind]struct{}),
		numbers:     make(map[stores.Digest]uint32),
		snapshots:   make(map[stores.EntityID]snapshot),
		checkpoints: make(map[string]stores.Position),
		blobs:       make(map[stores.Digest][]byte),
	}
	if s.info.MaxCommit <= 0 {
		s.info.MaxCommit = DefaultMaxCommitBytes
	}
	rand.Read(s.info.ID[:]) // never fails
	return s
}

// Info implements stores.Log.
func (s *Store) Info() stores.Info { return s.info }

// Close implements all four. What is read or written from then on is ErrClosed.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.changed)
	}
	return nil
}

// name returns the name of the i-th commit's place. It carries a part of the
// log's id: the places of two logs must not be taken for each other.
func (s *Store) name(i int) string { return fmt.Sprintf("%x.%d", s.info.ID[:4], i+1) }

// after returns the index of the first commit that holds events after the
// position. It is called with mu held.
func (s *Store) after(p stores.Position) (int, error) {
	if p.IsZero() {
		return 0, nil
	}
	i, ok := s.places[p.Commit()]
	if !ok || int(p.Event()) >= s.log[i].events {
		return 0, fmt.Errorf("position %s: %w", p, stores.ErrPosition)
	}
	if p == s.log[i].place() {
		i++
	}
	return i, nil
}

// last returns the entity's last commit, nil when it has none. It is called
// with mu held.
func (s *Store) last(id stores.EntityID) *entry {
	stream := s.streams[id]
	if len(stream) == 0 {
		return nil
	}
	return &s.log[stream[len(stream)-1]]
}

// starting returns the entity's commit that comes right after the number, nil
// when none does. It is called with mu held.
func (s *Store) starting(id stores.EntityID, expected uint64) *entry {
	stream := s.streams[id]
	at, ok := slices.BinarySearchFunc(stream, expected, func(i int, expected uint64) int {
		switch e := s.log[i].expected; {
		case e < expected:
			return -1
		case e > expected:
			return 1
		}
		return 0
	})
	if !ok {
		return nil
	}
	return &s.log[stream[at]]
}
