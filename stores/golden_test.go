package stores_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/eshost/eshost/stores"
)

var update = flag.Bool("update", false, "write the golden files of the format in use")

// Every later version opens what an earlier one wrote: the files of old formats
// are never written again, and must go on being decoded to these values.
func TestFormat1IsReadForEver(t *testing.T) {
	const file = "testdata/format1.txtar"
	counter, full, snapshot := counterCommit(), fullCommit(), fullSnapshot()
	golden := []struct {
		name   string
		bytes  []byte
		decode func(b []byte) (any, error)
		want   any
	}{
		{"counter.record", stores.AppendRecord(nil, counter, 1), decodeCommit(counter, 1), counter},
		{"full.record", stores.AppendRecord(nil, full, 300), decodeCommit(full, 300), full},
		{"full.snapshot", stores.AppendSnapshot(nil, snapshot), func(b []byte) (any, error) { return stores.DecodeSnapshot(b, snapshot.Entity) }, snapshot},
	}
	if *update {
		a := txtar.Archive{Comment: []byte("Stored bytes of format 1, in hexadecimal. The values they stand for are in the tests of package stores.\n")}
		for _, g := range golden {
			a.Files = append(a.Files, txtar.File{Name: g.name, Data: lines(g.bytes)})
		}
		if err := os.WriteFile(file, txtar.Format(&a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Files) != len(golden) {
		t.Fatalf("%s holds %d files, want %d", file, len(a.Files), len(golden))
	}
	for i, g := range golden {
		stored, err := hex.DecodeString(strings.Join(strings.Fields(string(a.Files[i].Data)), ""))
		if err != nil || a.Files[i].Name != g.name {
			t.Fatalf("%s: %v", a.Files[i].Name, err)
		}
		if got, err := g.decode(stored); err != nil || !reflect.DeepEqual(got, g.want) {
			t.Errorf("%s decodes to %+v, %v\nwant %+v", g.name, got, err, g.want)
		}
		if !bytes.Equal(stored, g.bytes) {
			t.Errorf("%s is now written as %x\nwant %x", g.name, g.bytes, stored)
		}
	}
}

func decodeCommit(c *stores.Commit, plugin uint32) func(b []byte) (any, error) {
	return func(b []byte) (any, error) {
		var rec stores.Record
		got, err := stores.DecodeRecord(b, c.Entity, c.Expected, &rec)
		if got != plugin {
			return got, err
		}
		return &rec.Commit, err
	}
}

func lines(b []byte) []byte {
	var out []byte
	for i := 0; i < len(b); i += 64 {
		out = append(hex.AppendEncode(out, b[i:min(len(b), i+64)]), '\n')
	}
	return out
}
