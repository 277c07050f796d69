package pebblestore_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pebblestore"
	"github.com/eshost/eshost/stores/storetest"
)

// one appends a single commit.
func one(t testing.TB, s stores.Log, c stores.Commit) stores.Result {
	t.Helper()
	return s.Append(t.Context(), stores.Fence{}, []stores.Commit{c})[0]
}

func newRand() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func TestAFailedWriteIsUnknownAndTheStoreRefusesFromThenOn(t *testing.T) {
	for name, fails := range map[string]func(errorfs.Op) bool{
		"writing": func(op errorfs.Op) bool { return op.Kind == errorfs.OpFileWrite && strings.HasSuffix(op.Path, ".log") },
		"syncing": func(op errorfs.Op) bool {
			return (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo) && strings.HasSuffix(op.Path, ".log")
		},
	} {
		t.Run(name, func(t *testing.T) {
			var broken atomic.Bool
			mem := vfs.NewCrashableMem()
			fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if broken.Load() && fails(op) {
					return syscall.ENOSPC
				}
				return nil
			}))
			s := mustOpen(t, "data", &pebblestore.Options{FS: fs})
			rnd := newRand()
			if r := one(t, s, randomCommit(rnd, "a", 0)); r.Outcome != stores.Applied {
				t.Fatal(r)
			}
			broken.Store(true)
			lost := randomCommit(rnd, "b", 0)
			if r := one(t, s, lost); r.Outcome != stores.Unknown || !errors.Is(r.Err, stores.ErrUnavailable) {
				t.Fatalf("a write that failed: %v %v", r.Outcome, r.Err)
			}
			broken.Store(false)
			if r := one(t, s, randomCommit(rnd, "c", 0)); r.Outcome != stores.Refused || !errors.Is(r.Err, stores.ErrUnavailable) || !strings.Contains(r.Err.Error(), "restart") {
				t.Errorf("after it: %v %v", r.Outcome, r.Err)
			}
			for rec, err := range s.Scan(t.Context(), stores.Query{}) {
				if err != nil || rec.ID == lost.ID {
					t.Errorf("a reader sees what is not durable: %v %v", rec, err)
				}
			}
			if h, err := s.Heads(t.Context(), []stores.EntityID{lost.Entity}); err != nil || h[0].Seq != 0 {
				t.Errorf("head of what is not durable: %v %v", h, err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			again := open(t, "data", &pebblestore.Options{FS: mem.CrashClone(vfs.CrashCloneCfg{})})
			if h, err := again.Heads(t.Context(), []stores.EntityID{{Type: "counter", ID: "a"}}); err != nil || h[0].Seq == 0 {
				t.Errorf("after a restart: %v %v", h, err)
			}
			storetest.Verify(t, again)
		})
	}
}

// smallDisk is a file system that says how much of it is free.
type smallDisk struct {
	vfs.FS
	free atomic.Uint64
}

func (d *smallDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: d.free.Load()}, nil
}

func TestADiskThatIsNearlyFullIsReadOnlyAndLosesNothing(t *testing.T) {
	disk := &smallDisk{FS: vfs.NewMem()}
	disk.free.Store(1 << 30)
	s := open(t, "data", &pebblestore.Options{FS: disk, ReserveBytes: 100 << 20})
	rnd := newRand()
	if r := one(t, s, randomCommit(rnd, "a", 0)); r.Outcome != stores.Applied {
		t.Fatal(r)
	}
	disk.free.Store(99 << 20)
	s.ForgetDisk()
	r := one(t, s, randomCommit(rnd, "b", 0))
	if r.Outcome != stores.Refused || !errors.Is(r.Err, stores.ErrUnavailable) || !strings.Contains(r.Err.Error(), "99 MiB are free") {
		t.Errorf("below the reserve: %v %v", r.Outcome, r.Err)
	}
	if err := s.SaveCheckpoint(t.Context(), "p", stores.Position{}); !errors.Is(err, stores.ErrUnavailable) {
		t.Errorf("a checkpoint below the reserve: %v", err)
	}
	storetest.Verify(t, s)
	disk.free.Store(101 << 20)
	s.ForgetDisk()
	if r := one(t, s, randomCommit(rnd, "b", 0)); r.Outcome != stores.Applied {
		t.Errorf("with room again: %v %v", r.Outcome, r.Err)
	}
}

func TestWhatCannotBeOpenedSaysWhy(t *testing.T) {
	t.Run("in use", func(t *testing.T) {
		dir := t.TempDir()
		open(t, dir, nil)
		if _, err := pebblestore.Open(dir, nil); !errors.Is(err, stores.ErrInUse) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%v", err)
		}
	})
	t.Run("of a newer format", func(t *testing.T) {
		mem := vfs.NewMem()
		s := mustOpen(t, "data", &pebblestore.Options{FS: mem})
		s.SetFormat(t, 9)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := pebblestore.Open("data", &pebblestore.Options{FS: mem}); !errors.Is(err, stores.ErrFormat) {
			t.Errorf("%v", err)
		}
	})
	t.Run("another program's", func(t *testing.T) {
		mem := vfs.NewMem()
		db, err := pebble.Open("data", &pebble.Options{FS: mem})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Set([]byte("a"), []byte("b"), pebble.Sync), db.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := pebblestore.Open("data", &pebblestore.Options{FS: mem}); !errors.Is(err, stores.ErrCorrupt) {
			t.Errorf("%v", err)
		}
	})
	t.Run("damaged", func(t *testing.T) {
		mem := vfs.NewMem()
		s := mustOpen(t, "data", &pebblestore.Options{FS: mem})
		one(t, s, randomCommit(newRand(), "a", 0))
		s.DamageGroup(t, 1)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := pebblestore.Open("data", &pebblestore.Options{FS: mem}); !errors.Is(err, stores.ErrCorrupt) || !strings.Contains(err.Error(), "commit 1") {
			t.Errorf("%v", err)
		}
	})
}

func TestAMissingRecordIsAnErrorThatNamesThePlace(t *testing.T) {
	s := open(t, "data", &pebblestore.Options{FS: vfs.NewMem()})
	rnd := newRand()
	id := stores.EntityID{Type: "counter", ID: "a"}
	first := randomCommit(rnd, "a", 0)
	second := randomCommit(rnd, "a", first.Seq())
	third := randomCommit(rnd, "a", second.Seq())
	for _, c := range []stores.Commit{first, second, third} {
		if r := one(t, s, c); r.Outcome != stores.Applied {
			t.Fatal(r)
		}
	}
	s.DropRecord(t, id, second.Expected)
	want := fmt.Sprintf("at %d", second.Expected+1)
	for name, seq := range map[string]func(func(*stores.Record, error) bool){
		"read": s.Read(t.Context(), id, 0), "scan": s.Scan(t.Context(), stores.Query{}), "read after": s.Read(t.Context(), id, first.Seq()),
	} {
		var last error
		for _, err := range seq {
			last = err
		}
		if !errors.Is(last, stores.ErrCorrupt) || !strings.Contains(last.Error(), want) {
			t.Errorf("%s: %v, want %s", name, last, want)
		}
	}
}

func TestTheKeysAndValuesOfFormat1(t *testing.T) {
	s := open(t, "data", &pebblestore.Options{FS: vfs.NewMem()})
	c := stores.Commit{Entity: stores.EntityID{Type: "counter", ID: "a"}, ID: stores.CommitID{1, 2}, Time: randomCommit(newRand(), "a", 0).Time,
		Plugin: stores.Digest{7}, Events: []stores.Event{{Name: "increased", Version: 1, Payload: []byte{5}}},
		Commands: []stores.CommandRecord{{Name: "increase", Events: 1, Seq: 1}}}
	if r := one(t, s, c); r.Outcome != stores.Applied {
		t.Fatal(r)
	}
	want := []string{
		"g\x00\x00\x00\x00\x00\x00\x00\x01",
		"kcounter\x00increased\x00\x00\x00\x00\x01",
		"mstore",
		"p\x00\x00\x00\x00",
		"rcounter\x00a\x00\x00\x00\x00\x00\x00\x00\x00\x01",
	}
	pairs := s.Dump(t)
	for i, w := range want {
		if i >= len(pairs) || string(pairs[i][0]) != w {
			t.Fatalf("key %d is %q, want %q", i, pairs[i][0], w)
		}
	}
	values := map[int][]byte{
		0: append([]byte("\x07counter\x01a\x01"), pairs[0][1][len(pairs[0][1])-4:]...),
		1: {},
		3: append([]byte{7}, make([]byte, 31)...),
		4: stores.AppendRecord([]byte{1}, &c, 0),
	}
	for i, v := range values {
		if !bytes.Equal(pairs[i][1], v) {
			t.Errorf("value of %q is %x, want %x", pairs[i][0], pairs[i][1], v)
		}
	}
}
