package stores_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 123e6, time.UTC)

// counterCommit is what one `increase {by: 5}` without an id makes.
func counterCommit() *stores.Commit {
	return &stores.Commit{
		Entity: stores.EntityID{Type: "counter", ID: "counter-00042"}, Expected: 7,
		ID: stores.CommitID{0: 0xaa, 15: 0xbb}, Time: noon,
		Events:   []stores.Event{{Name: "increased", Version: 1, Payload: []byte("\x81\xa2by\x05")}},
		Commands: []stores.CommandRecord{{Name: "increase", Payload: []byte("\x81\xa2by\x05"), Events: 1, Seq: 8, Reply: []byte{0x2a}}},
	}
}

// fullCommit uses every field, more names than are counted, and numbers that do not follow.
func fullCommit() *stores.Commit {
	c := &stores.Commit{
		Entity: stores.EntityID{Type: "order.x-1", ID: "a/b *>. 💥"}, Expected: 1<<63 + 5,
		ID: stores.CommitID{1, 2, 3}, Time: noon, Flags: 0x81,
	}
	for i := range 40 {
		c.Events = append(c.Events, stores.Event{Name: fmt.Sprint("e", i%20), Version: uint32(i % 3), Payload: bytes.Repeat([]byte{byte(i)}, i)})
		c.Events[i].Payload = none(c.Events[i].Payload)
		c.Commands = append(c.Commands, stores.CommandRecord{Name: fmt.Sprint("c", i%18), Events: uint32(i % 3), Seq: uint64(i) * math.MaxUint32, Print: uint64(i) << 60})
	}
	c.Events[3].Version = math.MaxUint32
	c.Events[4].Name = ""
	c.Commands[1] = stores.CommandRecord{
		ID: strings.Repeat("i", 128), Print: math.MaxUint64, Name: strings.Repeat("n", 200), Payload: []byte("p"),
		Meta: map[string]string{"principal": "ann", "traceparent": strings.Repeat("0", 55), "": "empty key", "empty value": ""}, Events: math.MaxUint32, Seq: 0, Reply: make([]byte, 300),
	}
	return c
}

func none(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

func TestARecordComesBackAsItWent(t *testing.T) {
	zero := &stores.Commit{Time: time.Time{}}
	var d stores.Decoder
	var rec stores.Record
	for name, c := range map[string]*stores.Commit{"counter": counterCommit(), "full": fullCommit(), "zero": zero} {
		for range 2 { // once into what another record left behind, once into its own
			b := stores.AppendRecord([]byte("before"), c, 1<<20)
			plugin, err := d.Record(b[6:], c.Entity, c.Expected, &rec)
			if err != nil || plugin != 1<<20 {
				t.Fatalf("%s: plugin %d, error %v", name, plugin, err)
			}
			got, want := rec.Commit.Clone(), c.Clone()
			if len(want.Events) == 0 {
				got.Events, got.Commands = nil, nil
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
			}
			if again := stores.AppendRecord(nil, c, 1<<20); !bytes.Equal(again, b[6:]) || !bytes.HasPrefix(b, []byte("before")) {
				t.Errorf("%s: two encodings differ", name)
			}
		}
	}
}

func TestEmptyBytesComeBackAsNone(t *testing.T) {
	c := counterCommit()
	c.Events[0].Payload, c.Commands[0].Payload, c.Commands[0].Reply, c.Commands[0].Meta = []byte{}, []byte{}, []byte{}, map[string]string{}
	var rec stores.Record
	if _, err := stores.DecodeRecord(stores.AppendRecord(nil, c, 0), c.Entity, c.Expected, &rec); err != nil {
		t.Fatal(err)
	}
	if r := rec.Commands[0]; rec.Events[0].Payload != nil || r.Payload != nil || r.Reply != nil || r.Meta != nil {
		t.Errorf("got %+v", rec)
	}
}

func TestARecordOfACounterIsSmall(t *testing.T) {
	n := len(stores.AppendRecord(nil, counterCommit(), 1))
	t.Logf("%d bytes", n)
	if n > 75 {
		t.Errorf("one increase takes %d bytes", n)
	}
	c := counterCommit() // the default benchmark alternates the two
	for i := 1; i < 100; i++ {
		e, r := c.Events[i-1], c.Commands[i-1]
		e.Name = []string{"increased", "decreased"}[i%2]
		r.Name = []string{"increase", "decrease"}[i%2]
		r.Seq++
		c.Events, c.Commands = append(c.Events, e), append(c.Commands, r)
	}
	n = len(stores.AppendRecord(nil, c, 1))
	t.Logf("%d bytes for 100", n)
	if n > 2100 {
		t.Errorf("100 commands take %d bytes", n)
	}
}

func TestEveryDamagedBitIsFound(t *testing.T) {
	c := counterCommit()
	b := stores.AppendRecord(nil, c, 3)
	var rec stores.Record
	for i := range len(b) * 8 {
		bad := bytes.Clone(b)
		bad[i/8] ^= 1 << (i % 8)
		if _, err := stores.DecodeRecord(bad, c.Entity, c.Expected, &rec); !errors.Is(err, stores.ErrCorrupt) {
			t.Errorf("bit %d turned: %v", i, err)
		}
	}
	for n := range len(b) {
		if _, err := stores.DecodeRecord(b[:n], c.Entity, c.Expected, &rec); !errors.Is(err, stores.ErrCorrupt) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
}

func TestARecordUnderAnotherKeyIsFound(t *testing.T) {
	c := counterCommit()
	b := stores.AppendRecord(nil, c, 3)
	var rec stores.Record
	for _, key := range []struct {
		id       stores.EntityID
		expected uint64
	}{
		{stores.EntityID{Type: "counter", ID: "counter-00043"}, 7},
		{stores.EntityID{Type: "countex", ID: "counter-00042"}, 7},
		{stores.EntityID{Type: "counterc", ID: "ounter-00042"}, 7},
		{c.Entity, 8},
		{c.Entity, 0},
	} {
		_, err := stores.DecodeRecord(b, key.id, key.expected, &rec)
		if !errors.Is(err, stores.ErrCorrupt) || !strings.Contains(err.Error(), fmt.Sprintf("%s at %d", key.id, key.expected+1)) {
			t.Errorf("under %v at %d: %v", key.id, key.expected, err)
		}
	}
	if _, err := stores.DecodeSnapshot(b, c.Entity); !errors.Is(err, stores.ErrCorrupt) {
		t.Errorf("as a snapshot: %v", err)
	}
}

// seal gives damaged bytes a good checksum, which is what a fault in a program, not in a disk, would do.
func seal(body []byte, kind byte, id stores.EntityID, seq uint64) []byte {
	context := fmt.Appendf([]byte{kind}, "%s\x00%s\x00", id.Type, id.ID)
	context = binary.LittleEndian.AppendUint64(context, seq)
	table := crc32.MakeTable(crc32.Castagnoli)
	return binary.LittleEndian.AppendUint32(bytes.Clone(body), crc32.Update(crc32.Checksum(context, table), table, body))
}

func TestSealedNonsenseIsRefusedByName(t *testing.T) {
	c := counterCommit()
	good := stores.AppendRecord(nil, c, 3)
	good = good[:len(good)-4]
	const events = 27 // format, codec, flags, id, time, plugin
	change := func(at int, to ...byte) []byte {
		return append(append(bytes.Clone(good[:at]), to...), good[min(len(good), at+len(to)):]...)
	}
	for _, test := range []struct {
		name string
		body []byte
		want error
		text string
	}{
		{"a later format", change(0, 2), stores.ErrFormat, "format 2"},
		{"format 0", change(0, 0), stores.ErrCorrupt, "format 0"},
		{"another codec", change(1, 9), stores.ErrFormat, "codec 9"},
		{"more events than bytes", change(events-1, 200), stores.ErrCorrupt, "number of events"},
		{"an endless number", change(events-1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), stores.ErrCorrupt, "number of events"},
		{"a name of more than is there", change(events, 254), stores.ErrCorrupt, "event name"},
		{"a name that was not met", change(events, 1), stores.ErrCorrupt, "not met"},
		{"an event version above 32 bits", change(events+10, 0xff, 0xff, 0xff, 0xff, 0x7f), stores.ErrCorrupt, "event version"},
		{"unknown bits of a command", change(events+18, 0x80), stores.ErrCorrupt, "bits"},
		{"bytes behind the end", append(bytes.Clone(good), 0), stores.ErrCorrupt, "left over"},
		{"an end too early", good[:len(good)-1], stores.ErrCorrupt, "reply"},
	} {
		var rec stores.Record
		_, err := stores.DecodeRecord(seal(test.body, 'r', c.Entity, c.Expected), c.Entity, c.Expected, &rec)
		if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	var rec stores.Record
	if _, err := stores.DecodeRecord(seal(good, 'r', c.Entity, c.Expected), c.Entity, c.Expected, &rec); err != nil {
		t.Errorf("the test seals wrongly: %v", err)
	}
}

func TestACloneSharesNothing(t *testing.T) {
	c := fullCommit()
	b := stores.AppendRecord(nil, c, 1)
	var d stores.Decoder
	var rec stores.Record
	if _, err := d.Record(b, c.Entity, c.Expected, &rec); err != nil {
		t.Fatal(err)
	}
	rec.Head, rec.Place = "token", stores.NewPosition("5", 39)
	kept := rec.Clone()
	if !reflect.DeepEqual(kept, &rec) {
		t.Fatal("the clone differs")
	}
	for i := range b {
		b[i] = 0xee
	}
	other := stores.AppendRecord(nil, counterCommit(), 1)
	if _, err := d.Record(other, counterCommit().Entity, 7, &rec); err != nil {
		t.Fatal(err)
	}
	for i := range rec.Events[:cap(rec.Events)] {
		rec.Events[:cap(rec.Events)][i].Name = "overwritten"
	}
	c.Head = "token"
	if !reflect.DeepEqual(&kept.Commit, c) || kept.Place != stores.NewPosition("5", 39) {
		t.Error("the clone changed with the record it was made of")
	}
}

func TestNamesAreKeptBounded(t *testing.T) {
	var d stores.Decoder
	var rec stores.Record
	c := counterCommit()
	for i := range 20_000 {
		c.Events[0].Name = fmt.Sprint("name", i)
		if _, err := d.Record(stores.AppendRecord(nil, c, 1), c.Entity, c.Expected, &rec); err != nil || rec.Events[0].Name != c.Events[0].Name {
			t.Fatalf("%v, name %s", err, rec.Events[0].Name)
		}
	}
	if n := d.NamesKept(); n > 4096 {
		t.Errorf("%d names are kept", n)
	}
}

func TestCodingARecordDoesNotAllocate(t *testing.T) {
	one, many := counterCommit(), fullCommit()
	many.Commands[1].Meta, many.Commands[1].ID = nil, ""
	many.Commands[1].Name = "short"
	buf := make([]byte, 0, 64<<10)
	var d stores.Decoder
	var rec stores.Record
	round := func() {
		for _, c := range []*stores.Commit{one, many} {
			buf = stores.AppendRecord(buf[:0], c, 1)
			if _, err := d.Record(buf, c.Entity, c.Expected, &rec); err != nil {
				t.Fatal(err)
			}
		}
	}
	round()
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func randomCommit(r *rand.Rand) *stores.Commit {
	text := func(max int) string {
		b := make([]byte, r.IntN(max))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return string(b)
	}
	c := &stores.Commit{Entity: stores.EntityID{Type: "t", ID: "i" + text(30)}, Expected: r.Uint64N(1000), Time: time.UnixMilli(r.Int64N(1 << 42)).UTC(), Flags: stores.Flags(r.Uint32())}
	for range 1 + r.IntN(30) {
		c.Events = append(c.Events, stores.Event{Name: text(3), Version: r.Uint32N(2), Payload: none([]byte(text(20)))})
	}
	for range r.IntN(30) {
		cmd := stores.CommandRecord{ID: text(9), Print: r.Uint64N(2), Name: text(3), Payload: none([]byte(text(9))), Events: r.Uint32N(3), Seq: r.Uint64N(1000), Reply: none([]byte(text(9)))}
		for range r.IntN(4) {
			if cmd.Meta == nil {
				cmd.Meta = map[string]string{}
			}
			cmd.Meta[text(4)] = text(9)
		}
		c.Commands = append(c.Commands, cmd)
	}
	return c
}

func TestRandomCommitsComeBackAsTheyWent(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	var d stores.Decoder
	var rec stores.Record
	for range 2000 {
		c := randomCommit(r)
		if _, err := d.Record(stores.AppendRecord(nil, c, 9), c.Entity, c.Expected, &rec); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got := rec.Commit.Clone()
		if len(got.Commands) == 0 {
			got.Commands = nil
		}
		if !reflect.DeepEqual(got, c) {
			t.Fatalf("seed %d:\n got %+v\nwant %+v", seed, got, c)
		}
	}
}

// FuzzDecodeRecord seals the input, so that the fuzzer gets past the checksum.
func FuzzDecodeRecord(f *testing.F) {
	for _, c := range []*stores.Commit{counterCommit(), fullCommit()} {
		b := stores.AppendRecord(nil, c, 7)
		f.Add(b[:len(b)-4])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		id := stores.EntityID{Type: "t", ID: "i"}
		var rec, again stores.Record
		plugin, err := stores.DecodeRecord(seal(body, 'r', id, 3), id, 3, &rec)
		if err != nil {
			if !errors.Is(err, stores.ErrCorrupt) && !errors.Is(err, stores.ErrFormat) {
				t.Errorf("an untyped error: %v", err)
			}
			return
		}
		if p, err := stores.DecodeRecord(stores.AppendRecord(nil, &rec.Commit, plugin), id, 3, &again); err != nil || p != plugin || !reflect.DeepEqual(rec, again) {
			t.Errorf("decoded twice: %v\n got %+v\nwant %+v", err, again, rec)
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	many := counterCommit()
	for range 99 {
		many.Events, many.Commands = append(many.Events, many.Events[0]), append(many.Commands, many.Commands[0])
	}
	for i := range many.Commands {
		many.Commands[i].Seq = 8 + uint64(i)
	}
	for name, c := range map[string]*stores.Commit{"1": counterCommit(), "100": many} {
		rec := stores.AppendRecord(nil, c, 1)
		b.Run("append/events="+name, func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, 0, 64<<10)
			for b.Loop() {
				buf = stores.AppendRecord(buf[:0], c, 1)
			}
			b.ReportMetric(float64(len(rec)), "bytes")
		})
		b.Run("decode/events="+name, func(b *testing.B) {
			b.ReportAllocs()
			var d stores.Decoder
			var r stores.Record
			for b.Loop() {
				if _, err := d.Record(rec, c.Entity, c.Expected, &r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
