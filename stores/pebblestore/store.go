// Package pebblestore is the embedded store: log, snapshots, checkpoints and
// blobs in one Pebble database in one folder, for one process at a time. There
// is nothing to install and nothing to operate.
//
// Every [Store.Append] is one durable write: one batch, one sync of the
// write-ahead log. Pebble shows a batch to readers before it is synced; the
// store does not: everything that reads stops at a durable watermark.
package pebblestore

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/eshost/eshost/stores"
)

// format is the version of the keys and of what is behind them, apart from
// the stored form of records, which has a version of its own.
const format = 1

// Options configure a store; nil stands for all defaults.
type Options struct {
	CacheBytes       int64        // of blocks read; 0: 128 MiB
	MemTableBytes    uint64       // of one memtable, of which there are a few; 0: 64 MiB
	ReserveBytes     uint64       // free bytes of the disk below which nothing is written; 0: 256 MiB
	HeadCacheEntries int          // entities whose head is remembered, about 40 bytes each; 0: 2,000,000
	Logger           *slog.Logger // nil: discards
	FS               vfs.FS       // for tests; nil: the operating system's
	// Existing makes no store where there is none: it is then stores.ErrNotFound.
	Existing bool
	// NoSync does not sync the write-ahead log: commits that were acknowledged
	// are lost in a crash. It is for tests that must see that happen.
	NoSync bool
}

// Store is an open store. Its methods may be called by many goroutines.
type Store struct {
	o      Options
	dir    string
	db     *pebble.DB
	cache  *pebble.Cache
	lock   *pebble.Lock
	info   stores.Info
	places string // what the log's positions begin with
	heads  *headCache
	disk   reserve

	durable atomic.Uint64                   // number of the last durable commit
	end     atomic.Pointer[stores.Position] // of its last event
	change  change

	readers sync.RWMutex // held for reading by reads that are under way
	closing atomic.Bool

	stats struct{ writes, commits, bytes atomic.Uint64 }

	mu      sync.Mutex // one durable write at a time; guards what follows
	failed  error      // set for good once a write failed
	next    uint64
	plugins map[stores.Digest]uint32
	digests atomic.Pointer[[]stores.Digest] // by number
	kinds   map[kindOf]struct{}
	write   writeBuffers
}

// kindOf is a kind of a type.
type kindOf struct {
	typ string
	stores.Kind
}

// Open opens the store in the folder, and makes one where there is none.
//
// # Errors
//
//   - stores.ErrInUse: another process has it open
//   - stores.ErrFormat: a newer version of eshost wrote it
//   - stores.ErrCorrupt: it is damaged, or not a store at all
//   - stores.ErrNotFound: there is none, and Options.Existing asks for one
func Open(dir string, o *Options) (*Store, error) {
	s := &Store{dir: dir, plugins: make(map[stores.Digest]uint32), kinds: make(map[kindOf]struct{})}
	if o != nil {
		s.o = *o
	}
	s.o.defaults()
	s.change.init()
	s.heads = newHeadCache(s.o.HeadCacheEntries)
	s.disk = reserve{fs: s.o.FS, dir: dir, keep: s.o.ReserveBytes}
	if err := s.open(); err != nil {
		s.release()
		return nil, fmt.Errorf("open store in %s: %w", dir, err)
	}
	return s, nil
}

func (o *Options) defaults() {
	if o.CacheBytes == 0 {
		o.CacheBytes = 128 << 20
	}
	if o.MemTableBytes == 0 {
		o.MemTableBytes = 64 << 20
	}
	if o.ReserveBytes == 0 {
		o.ReserveBytes = 256 << 20
	}
	if o.HeadCacheEntries == 0 {
		o.HeadCacheEntries = 2_000_000
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.FS == nil {
		o.FS = vfs.Default
	}
}

func (s *Store) open() error {
	if s.o.Existing {
		if d, err := pebble.Peek(s.dir, s.o.FS); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		} else if err != nil || !d.Exists {
			return fmt.Errorf("%w: the folder holds no store", stores.ErrNotFound)
		}
	}
	if err := s.o.FS.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	var err error
	if s.lock, err = pebble.LockDirectory(s.dir, s.o.FS); err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return err
		}
		return fmt.Errorf("%w: stop that one, or choose another folder (%v)", stores.ErrInUse, err)
	}
	s.cache = pebble.NewCache(s.o.CacheBytes)
	s.db, err = pebble.Open(s.dir, s.pebbleOptions())
	if err != nil {
		return fmt.Errorf("%w: %w", stores.ErrCorrupt, err)
	}
	if err := s.openMeta(); err != nil {
		return err
	}
	if err := s.loadTables(); err != nil {
		return err
	}
	return s.findEnd()
}

func (s *Store) pebbleOptions() *pebble.Options {
	o := &pebble.Options{
		Comparer:                    comparer,
		FS:                          s.o.FS,
		Lock:                        s.lock,
		Cache:                       s.cache,
		FormatMajorVersion:          pebble.FormatNewest,
		Logger:                      logger{s.o.Logger},
		MemTableSize:                s.o.MemTableBytes,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       1000,
		BytesPerSync:                1 << 20,
	}
	// Unless told otherwise Pebble ends the process when a read meets a damaged block. Here the read fails.
	o.EventListener = &pebble.EventListener{DataCorruption: func(i pebble.DataCorruptionInfo) {
		s.o.Logger.Error("a file of the store is damaged: restore a backup", "path", i.Path, "error", i.Details)
	}}
	// Pebble would take the later records of an entity for outdated versions of
	// the first one, and put their values aside.
	o.Experimental.SpanPolicyFunc = func([]byte) (pebble.SpanPolicy, []byte, error) {
		return pebble.SpanPolicy{DisableValueSeparationBySuffix: true}, nil, nil
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		o.Levels[i].FilterType = pebble.TableFilter
	}
	return o
}

// openMeta checks what the store says about itself, and writes it when the
// store is new.
func (s *Store) openMeta() error {
	value, closer, err := s.db.Get([]byte("mstore"))
	if errors.Is(err, pebble.ErrNotFound) {
		return s.create()
	}
	if err != nil {
		return s.readError(err)
	}
	defer closer.Close()
	if len(value) < 2 {
		return fmt.Errorf("%w: what the store says about itself is %d bytes", stores.ErrCorrupt, len(value))
	}
	if version := binary.BigEndian.Uint16(value); version != format {
		return fmt.Errorf("%w: %d, and this version of eshost reads %d: use the version that wrote it, or a later one", stores.ErrFormat, version, format)
	}
	if len(value) != 2+16+2 || binary.BigEndian.Uint16(value[18:]) != stores.Slices {
		return fmt.Errorf("%w: what the store says about itself does not fit its format", stores.ErrCorrupt)
	}
	s.setInfo(stores.LogID(value[2:18]))
	return nil
}

// create writes what a new store says about itself. A database that holds
// anything already is not one of ours.
func (s *Store) create() error {
	it, err := s.db.NewIter(nil)
	if err != nil {
		return err
	}
	used := it.First()
	if err := it.Close(); err != nil {
		return s.readError(err)
	}
	if used {
		return fmt.Errorf("%w: the folder holds a database that eshost did not make", stores.ErrCorrupt)
	}
	var id stores.LogID
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	value := binary.BigEndian.AppendUint16(nil, format)
	value = append(value, id[:]...)
	value = binary.BigEndian.AppendUint16(value, stores.Slices)
	s.setInfo(id)
	return s.guard(func() error { return s.db.Set([]byte("mstore"), value, pebble.Sync) })
}

func (s *Store) setInfo(id stores.LogID) {
	s.places = hex.EncodeToString(id[:4]) + "."
	s.info = stores.Info{
		Name: "pebble", ID: id, Durability: stores.Synced,
		DurabilityIs: "every commit is synced to the disk of this machine before it is acknowledged",
		Exclusive:    true, MaxCommit: 64 << 20, Concurrency: 1, AppendCommits: 4096, AppendBytes: 8 << 20,
	}
	if s.o.NoSync {
		s.info.Durability, s.info.DurabilityIs = stores.Volatile, "commits are not synced: a crash loses them"
	}
}

// loadTables reads the plugins' numbers and the kinds.
func (s *Store) loadTables() error {
	var digests []stores.Digest
	err := s.each([]byte{spacePlugin}, func(key, value []byte) error {
		if len(key) != 5 || len(value) != len(stores.Digest{}) || binary.BigEndian.Uint32(key[1:]) != uint32(len(digests)) {
			return fmt.Errorf("%w: plugin number %x", stores.ErrCorrupt, key[1:])
		}
		s.plugins[stores.Digest(value)] = uint32(len(digests))
		digests = append(digests, stores.Digest(value))
		return nil
	})
	if err != nil {
		return err
	}
	s.digests.Store(&digests)
	return s.each([]byte{spaceKind}, func(key, _ []byte) error {
		typ, k, ok := splitKindKey(key)
		if !ok {
			return fmt.Errorf("%w: kind %q", stores.ErrCorrupt, key)
		}
		s.kinds[kindOf{typ, k}] = struct{}{}
		return nil
	})
}

// findEnd finds the last commit.
func (s *Store) findEnd() error {
	it, err := s.iter([]byte{spaceGroup}, []byte{spaceGroup + 1})
	if err != nil {
		return err
	}
	defer it.Close()
	s.next = 1
	s.end.Store(new(stores.Position))
	if !it.Last() {
		return s.readError(it.Error())
	}
	first := binary.BigEndian.Uint64(it.Key()[1:])
	members, err := openGroup(it.Value(), first)
	var typ, id []byte
	var seq uint64
	for s.next = first; err == nil && len(members) > 0; s.next++ {
		typ, id, seq, members, err = nextMember(members)
	}
	if err != nil {
		return fmt.Errorf("%w: %w at commit %d", stores.ErrCorrupt, err, first)
	}
	s.durable.Store(s.next - 1)
	c := &scanner{s: s}
	if c.records, err = s.iter([]byte{spaceRecord}, []byte{spaceRecord + 1}); err != nil {
		return err
	}
	defer c.records.Close()
	if err := c.record(s.next-1, typ, id, seq); err != nil {
		return err
	}
	s.end.Store(&c.rec.Place)
	return nil
}

// iter returns an iterator over the keys from low to below high.
func (s *Store) iter(low, high []byte) (*pebble.Iterator, error) {
	return s.db.NewIter(&pebble.IterOptions{LowerBound: low, UpperBound: high, UseL6Filters: true})
}

// each calls f for every key that begins with the prefix.
func (s *Store) each(prefix []byte, f func(key, value []byte) error) error {
	it, err := s.iter(prefix, behind(prefix))
	if err != nil {
		return err
	}
	defer it.Close()
	for it.First(); it.Valid(); it.Next() {
		if err := f(it.Key(), it.Value()); err != nil {
			return err
		}
	}
	return s.readError(it.Error())
}

// readError classifies what reading from Pebble gave.
func (s *Store) readError(err error) error {
	switch {
	case err == nil:
		return nil
	case pebble.IsCorruptionError(err):
		if i := pebble.ExtractDataCorruptionInfo(err); i != nil {
			return fmt.Errorf("%w: %s: %w", stores.ErrCorrupt, i.Path, i.Details)
		}
		return fmt.Errorf("%w: %w", stores.ErrCorrupt, err)
	case errors.Is(err, pebble.ErrClosed):
		return stores.ErrClosed
	default:
		return fmt.Errorf("%w: %w", stores.ErrUnavailable, err)
	}
}

// Info implements stores.Log.
func (s *Store) Info() stores.Info { return s.info }

// Close waits for the write and the reads that are under way, and releases
// the folder. All that was appended is durable without it.
func (s *Store) Close() error {
	if s.closing.Swap(true) {
		return nil
	}
	s.change.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers.Lock()
	defer s.readers.Unlock()
	return s.release()
}

// release gives back what open took. After a failed write Pebble's own locks
// are held for good, and only the end of the process gives them back.
func (s *Store) release() error {
	if s.failed != nil {
		return nil
	}
	var errs []error
	if s.db != nil {
		if s.write.batch != nil {
			errs = append(errs, s.write.batch.Close())
		}
		errs = append(errs, s.db.Close())
	}
	if s.cache != nil {
		s.cache.Unref()
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// logger passes Pebble's words on. What Pebble calls fatal becomes a panic,
// which guard turns into an error where it concerns a write.
type logger struct{ *slog.Logger }

func (l logger) Infof(format string, args ...any) {
	l.Debug(fmt.Sprintf(format, args...), "source", "pebble")
}

func (l logger) Errorf(format string, args ...any) {
	l.Error(fmt.Sprintf(format, args...), "source", "pebble")
}

func (l logger) Fatalf(format string, args ...any) {
	l.Errorf(format, args...)
	panic(fatal{fmt.Sprintf(format, args...)})
}
