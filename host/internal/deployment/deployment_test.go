package deployment

import (
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/eshost/eshost/stores"
)

var update = flag.Bool("update", false, "write the golden file")

var (
	one, two, three = stores.Digest{1}, stores.Digest{2}, stores.Digest{3}
	moment          = time.Date(2026, 11, 25, 12, 0, 0, 5e6, time.UTC)
)

// entries are what is in the golden file, in the order of the file.
var entries = []struct {
	name  string
	entry Entry
}{
	{"first.deployed.v1", Entry{Plugin: one, Types: []Type{{"counter", Refold}}}},
	{"whole.deployed.v1", Entry{Plugin: two, Manifest: three, Bytes: 1 << 20, Types: []Type{{"counter", Keep}, {"order", Refold}}, By: "ada@example.com", From: "192.0.2.7", Forced: true}},
	{"back.rolled_back.v1", Entry{Rollback: true, Plugin: one, Types: []Type{{"counter", Refold}}, By: "ada@example.com"}},
}

// Every later version reads what an earlier one wrote: the events of a version
// are never written otherwise, and must go on being read as these.
func TestTheEventsOfVersion1AreReadForEver(t *testing.T) {
	const file = "testdata/events.txtar"
	if *update {
		a := txtar.Archive{Comment: []byte("Payloads of the events of the registry, in hexadecimal. The entries they stand for are in the test.\n")}
		for _, g := range entries {
			ev, err := g.entry.Event()
			if err != nil {
				t.Fatal(err)
			}
			a.Files = append(a.Files, txtar.File{Name: g.name, Data: []byte(hex.EncodeToString(ev.Payload) + "\n")})
		}
		if err := os.WriteFile(file, txtar.Format(&a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Files) != len(entries) {
		t.Fatalf("%s has %d files, want %d", file, len(a.Files), len(entries))
	}
	for i, g := range entries {
		b, err := hex.DecodeString(strings.TrimSpace(string(a.Files[i].Data)))
		if err != nil {
			t.Fatal(err)
		}
		ev, err := g.entry.Event()
		if err != nil || ev.Version != 1 || string(ev.Payload) != string(b) || !strings.Contains(g.name, "."+ev.Name+".") {
			t.Errorf("%s: written as %s v%d %x, %v", g.name, ev.Name, ev.Version, ev.Payload, err)
		}
		if got, err := parse(&stores.Event{Name: ev.Name, Version: 1, Payload: b}); err != nil || !reflect.DeepEqual(got, g.entry) {
			t.Errorf("%s: read as %+v, %v", g.name, got, err)
		}
	}
}

func record(seq uint64, all ...Entry) *stores.Record {
	rec := &stores.Record{Commit: stores.Commit{Entity: Stream, Expected: seq, Head: "token", Time: moment}, Place: stores.NewPosition("p", uint32(seq))}
	for i := range all {
		ev, err := all[i].Event()
		if err != nil {
			panic(err)
		}
		rec.Events = append(rec.Events, ev)
	}
	return rec
}

func TestTheFoldSaysWhatServesAndWhatServedBefore(t *testing.T) {
	deploy := func(plugin stores.Digest, states States, types ...string) Entry {
		e := Entry{Plugin: plugin}
		for _, name := range types {
			e.Types = append(e.Types, Type{name, states})
		}
		return e
	}
	back := func(plugin stores.Digest) Entry {
		e := deploy(plugin, Refold, "counter")
		e.Rollback = true
		return e
	}
	none := stores.Digest{}
	for _, test := range []struct {
		name    string
		entries []Entry
		counter Serving
	}{
		{"the first one has nobody before it", []Entry{deploy(one, Refold, "counter", "order")}, Serving{one, none, nil, Refold, 1}},
		{"another type changes nothing", []Entry{deploy(one, Refold, "counter"), deploy(two, Refold, "order")}, Serving{one, none, nil, Refold, 1}},
		{"the second one remembers the first", []Entry{deploy(one, Refold, "counter"), deploy(two, Refold, "counter")}, Serving{two, one, nil, Refold, 2}},
		{"states are kept of all before, since the last that had them folded", []Entry{deploy(three, Refold, "counter"), deploy(one, Refold, "counter"), deploy(two, Keep, "counter"), deploy(three, Keep, "counter")},
			Serving{three, two, []stores.Digest{one, two}, Keep, 4}},
		{"nothing is kept of nothing", []Entry{deploy(one, Keep, "counter")}, Serving{one, none, nil, Keep, 1}},
		{"one that comes again is not its own former one", []Entry{deploy(one, Refold, "counter"), deploy(two, Refold, "counter"), deploy(two, Keep, "counter")}, Serving{two, one, nil, Keep, 3}},
		{"a rollback can be undone", []Entry{deploy(one, Refold, "counter"), deploy(two, Keep, "counter"), back(one)}, Serving{one, two, nil, Refold, 3}},
	} {
		r := &Registry{}
		for i := range test.entries {
			next, err := r.Apply(record(uint64(i), test.entries[i]))
			if err != nil {
				t.Fatal(err)
			}
			if r.Seq != uint64(i) || len(r.Entries) != i {
				t.Errorf("%s: what there was has changed: %+v", test.name, r)
			}
			r = next
		}
		if got := r.Serving["counter"]; !reflect.DeepEqual(got, test.counter) {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.counter)
		}
		if r.Head != "token" || r.Place != stores.NewPosition("p", uint32(len(test.entries)-1)) || !r.Entry(r.Seq).Time.Equal(moment) || r.Entry(r.Seq+1) != nil || r.Entry(0) != nil {
			t.Errorf("%s: the end is %+v", test.name, r)
		}
	}
}

func TestARecordIsFoldedOnceAndWhatIsNotUnderstoodIsAnError(t *testing.T) {
	first := record(0, entries[0].entry, entries[1].entry)
	r, err := (&Registry{}).Apply(first)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := r.Apply(first); again != r || err != nil {
		t.Errorf("the same record again: %+v, %v", again, err)
	}
	if r.Deployed(two).Seq != 2 || r.Deployed(three) != nil {
		t.Errorf("deployed: %+v, %+v", r.Deployed(two), r.Deployed(three))
	}
	later := record(2, entries[0].entry)
	later.Events[0].Name = "canary"
	newer := record(2, entries[0].entry)
	newer.Events[0].Version = 2
	damaged := record(2, entries[0].entry)
	damaged.Events[0].Payload = damaged.Events[0].Payload[:20]
	empty := record(2, Entry{Plugin: one})
	states := record(2, Entry{Plugin: one, Types: []Type{{"counter", "halve"}}})
	for _, test := range []struct {
		name string
		rec  *stores.Record
		want error
	}{
		{"an event of a later eshost", later, stores.ErrFormat}, {"a later version", newer, stores.ErrFormat}, {"a gap", record(3, entries[0].entry), stores.ErrCorrupt},
		{"a payload that is cut off", damaged, stores.ErrCorrupt}, {"no types", empty, stores.ErrCorrupt}, {"unknown states", states, stores.ErrFormat},
	} {
		if next, err := r.Apply(test.rec); !errors.Is(err, test.want) || next != nil || !strings.Contains(err.Error(), "_deployments/registry at ") {
			t.Errorf("%s: %+v, %v, want %v with the place", test.name, next, err, test.want)
		}
	}
}

func TestTimeDoesNotGoBack(t *testing.T) {
	r, err := (&Registry{}).Apply(record(0, entries[0].entry))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Moment(moment.Add(-time.Hour)); !got.Equal(moment) {
		t.Errorf("%v, want the last entry's %v", got, moment)
	}
	if got := r.Moment(moment.Add(1500 * time.Microsecond)); !got.Equal(moment.Add(time.Millisecond)) {
		t.Errorf("%v, want whole milliseconds", got)
	}
}
