package stores_test

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
)

func fullSnapshot() *stores.Snapshot {
	return &stores.Snapshot{
		Entity: stores.EntityID{Type: "counter", ID: "c-1"}, Log: stores.LogID{9, 8, 7}, Seq: 1 << 40, Head: "4711",
		Plugin: stores.Digest{0: 1, 31: 2}, StateSchema: "counter/1", Time: noon, State: []byte("\xcd\x12\x34"),
		Window: []stores.WindowEntry{
			{ID: "first", Print: math.MaxUint64, Events: 2, Seq: 1<<40 - 9, Time: noon.Add(-time.Hour), Reply: []byte("r")},
			{ID: "second", Print: 1, Events: math.MaxUint32, Seq: 1<<40 - 3, Time: noon},
			{ID: "back in time and number", Seq: 0, Time: noon.Add(-24 * time.Hour)},
			{ID: "last", Seq: math.MaxUint64, Time: time.UnixMilli(-1).UTC()},
		},
	}
}

func TestASnapshotComesBackAsItWent(t *testing.T) {
	for name, s := range map[string]*stores.Snapshot{
		"full": fullSnapshot(),
		"zero": {Time: time.UnixMilli(0).UTC()},
	} {
		b := stores.AppendSnapshot([]byte("before"), s)
		got, err := stores.DecodeSnapshot(b[6:], s.Entity)
		if err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", name, err, got, s)
		}
	}
}

func TestADamagedSnapshotIsFound(t *testing.T) {
	s := fullSnapshot()
	b := stores.AppendSnapshot(nil, s)
	for i := range len(b) * 8 {
		bad := bytes.Clone(b)
		bad[i/8] ^= 1 << (i % 8)
		if _, err := stores.DecodeSnapshot(bad, s.Entity); !errors.Is(err, stores.ErrCorrupt) {
			t.Errorf("bit %d turned: %v", i, err)
		}
	}
	for n := range len(b) {
		if _, err := stores.DecodeSnapshot(b[:n], s.Entity); !errors.Is(err, stores.ErrCorrupt) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	other := s.Entity
	other.Type = "order"
	if _, err := stores.DecodeSnapshot(b, other); !errors.Is(err, stores.ErrCorrupt) || !strings.Contains(err.Error(), "order/c-1") {
		t.Errorf("under another key: %v", err)
	}
	b[0] = 2
	if _, err := stores.DecodeSnapshot(seal(b[:len(b)-4], 's', s.Entity, 0), s.Entity); !errors.Is(err, stores.ErrFormat) {
		t.Errorf("of a later format: %v", err)
	}
}

func FuzzDecodeSnapshot(f *testing.F) {
	b := stores.AppendSnapshot(nil, fullSnapshot())
	f.Add(b[:len(b)-4])
	f.Fuzz(func(t *testing.T, body []byte) {
		id := stores.EntityID{Type: "t", ID: "i"}
		s, err := stores.DecodeSnapshot(seal(body, 's', id, 0), id)
		if err != nil {
			if !errors.Is(err, stores.ErrCorrupt) && !errors.Is(err, stores.ErrFormat) {
				t.Errorf("an untyped error: %v", err)
			}
			return
		}
		if again, err := stores.DecodeSnapshot(stores.AppendSnapshot(nil, s), id); err != nil || !reflect.DeepEqual(s, again) {
			t.Errorf("decoded twice: %v\n got %+v\nwant %+v", err, again, s)
		}
	})
}
