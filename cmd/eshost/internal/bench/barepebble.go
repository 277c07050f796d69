package bench

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
)

// The list of the records of a durable write has a key of a letter and a
// number, and ends with a checksum.
const (
	groupKeyBytes = 1 + 8
	groupSumBytes = 4
)

// barePebble is Pebble with the options that the host's store gives it.
type barePebble struct {
	shape  *shape
	dir    string
	db     *pebble.DB
	cache  *pebble.Cache
	random *rand.PCG
	failed bool

	batch  *pebble.Batch
	key    []byte
	value  []byte
	group  []byte
	number uint64 // of the next record
}

// openPebble opens a new database in the folder, with the options of the host's store.
func openPebble(dir string, s *shape) (*barePebble, error) {
	b := &barePebble{shape: s, dir: dir, cache: pebble.NewCache(128 << 20), random: rand.NewPCG(1, 2)}
	o := &pebble.Options{
		Comparer: bareComparer(), Cache: b.cache, FormatMajorVersion: pebble.FormatNewest, Logger: panics{},
		MemTableSize: 64 << 20, MemTableStopWritesThreshold: 4, L0CompactionThreshold: 4, L0StopWritesThreshold: 1000, BytesPerSync: 1 << 20,
	}
	o.Experimental.SpanPolicyFunc = func([]byte) (pebble.SpanPolicy, []byte, error) {
		return pebble.SpanPolicy{DisableValueSeparationBySuffix: true}, nil, nil
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy, o.Levels[i].FilterType = bloom.FilterPolicy(10), pebble.TableFilter
	}
	var err error
	if b.db, err = pebble.Open(dir, o); err != nil {
		b.cache.Unref()
		return nil, fmt.Errorf("open bare Pebble: %w", err)
	}
	b.batch = b.db.NewBatchWithSize(64 << 10)
	return b, nil
}

// bareComparer orders keys by their bytes, and takes the number off a record's key, as the store's does.
func bareComparer() *pebble.Comparer {
	c := *pebble.DefaultComparer
	c.Name = "bench.records"
	c.Split = func(key []byte) int {
		if len(key) > 8 && key[0] == 'r' {
			return len(key) - 8
		}
		return len(key)
	}
	c.Separator = func(dst, a, _ []byte) []byte { return append(dst, a...) }
	c.Successor = func(dst, a []byte) []byte { return append(dst, a...) }
	return &c
}

// panics is a logger that drops what Pebble says, and panics where Pebble would end the process.
type panics struct{}

func (panics) Infof(string, ...any)              {}
func (panics) Errorf(string, ...any)             {}
func (panics) Fatalf(format string, args ...any) { panic(fmt.Errorf(format, args...)) }

// remove closes the database and deletes it.
func (b *barePebble) remove() error {
	var errs []error
	if !b.failed { // else Pebble holds its locks for good
		errs = append(errs, b.batch.Close(), b.db.Close())
		b.cache.Unref()
	}
	return errors.Join(append(errs, os.RemoveAll(b.dir))...)
}

// add puts a write into the batch.
func (b *barePebble) add(entity int, n uint64) {
	b.key = b.shape.appendKey(b.key[:0], entity, n)
	b.value = b.shape.appendValue(b.value[:0], b.random.Uint64(), b.random.Uint64())
	_ = b.batch.Set(b.key, b.value, nil) // an open batch takes everything
	b.group = b.shape.appendMember(b.group, entity, n)
}

// commit makes the batch durable, with the list of its records.
func (b *barePebble) commit(records int) (err error) {
	defer func() { // of what Pebble panics with when it cannot go on
		switch p := recover().(type) {
		case nil:
		case runtime.Error:
			panic(p)
		case error:
			err = p
		default:
			panic(p)
		}
	}()
	b.group = append(b.group, make([]byte, groupSumBytes)...)
	b.key = binary.BigEndian.AppendUint64(append(b.key[:0], 'g'), b.number)
	_ = b.batch.Set(b.key, b.group, nil)
	b.number += uint64(records)
	b.failed = true // unless it returns
	if err := b.batch.Commit(pebble.Sync); err != nil {
		return err
	}
	b.failed = false
	b.batch.Reset()
	b.group = b.group[:0]
	return nil
}
