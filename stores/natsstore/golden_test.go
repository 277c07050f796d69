package natsstore_test

import (
	"encoding/hex"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/tools/txtar"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/storetest"
)

var update = flag.Bool("update", false, "write the golden files of the format in use")

// goldenCommits are what the golden stream holds.
func goldenCommits() []stores.Commit {
	id := stores.EntityID{Type: "order.x", ID: "a.b *>💥"}
	at := time.UnixMilli(1763892000123).UTC()
	return []stores.Commit{
		{Entity: id, ID: stores.CommitID{1}, Time: at, Plugin: stores.Digest{1, 2}, Flags: 0x81,
			Events:   []stores.Event{{Name: "placed", Version: 1, Payload: []byte{0xc0}}, {Name: "paid", Version: 300}},
			Commands: []stores.CommandRecord{{ID: "c1", Print: 7, Name: "place", Payload: []byte{1}, Meta: map[string]string{"principal": "ann"}, Events: 2, Seq: 2, Reply: []byte{2}}}},
		{Entity: stores.EntityID{Type: "_deployments", ID: "now"}, ID: stores.CommitID{2}, Time: at, Plugin: stores.Digest{3}, Events: []stores.Event{{Name: "deployed", Version: 1}}},
		{Entity: id, Expected: 2, ID: stores.CommitID{3}, Time: at, Plugin: stores.Digest{3}, Events: []stores.Event{{Name: "placed", Version: 1}}},
	}
}

// TestAStreamOfFormat1IsReadForEver fills a stream with messages that an earlier version
// wrote. Those files are never written again.
func TestAStreamOfFormat1IsReadForEver(t *testing.T) {
	const file = "testdata/format1.txtar"
	s := connect(t, natstest.Start(t, nil).URL())
	if *update {
		o := s.options(t, "")
		log := open(t, o)
		token := make(map[stores.EntityID]stores.HeadToken)
		for _, c := range goldenCommits() {
			c.Head = token[c.Entity]
			r := append1(t.Context(), log, c)
			if r.Outcome != stores.Applied {
				t.Fatalf("%+v", r)
			}
			token[c.Entity] = r.Head
		}
		a := txtar.Archive{Comment: []byte("The messages of a stream of format 1: subjects behind the stream's name, and bytes in hexadecimal.\n")}
		stream := s.stream(t, o.Stream)
		for seq := uint64(1); seq <= stream.CachedInfo().State.LastSeq+100; seq++ {
			m, err := stream.GetMsg(t.Context(), seq)
			if err != nil {
				break
			}
			a.Files = append(a.Files, txtar.File{Name: strings.TrimPrefix(m.Subject, o.Stream+"."), Data: []byte(hex.EncodeToString(m.Data) + "\n")})
		}
		if err := os.WriteFile(file, txtar.Format(&a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	o := s.options(t, "")
	s.unprotected(t, o)
	for _, f := range a.Files {
		data, err := hex.DecodeString(strings.TrimSpace(string(f.Data)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.js.Publish(t.Context(), o.Stream+"."+f.Name, data, jetstream.WithExpectLastSequencePerSubject(lastOf(t, s, o.Stream, f.Name))); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
	log := open(t, o)
	want := goldenCommits()
	n := 0
	for rec, err := range log.Scan(t.Context(), stores.Query{System: true}) {
		if err != nil {
			t.Fatal(err)
		}
		got := rec.Clone().Commit
		got.Head = ""
		if len(got.Commands) == 0 {
			got.Commands = nil
		}
		if n < len(want) && !reflect.DeepEqual(got, want[n]) {
			t.Errorf("commit %d is %+v\nwant %+v", n, got, want[n])
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%d commits, want %d", n, len(want))
	}
	storetest.Verify(t, log)
	if id := log.Info().ID; id == (stores.LogID{}) {
		t.Error("the log has no id")
	}
	next := commitOf(want[2].Entity, 3, "", "more")
	if r := append1(t.Context(), log, next); r.Outcome != stores.Applied {
		t.Errorf("it cannot be written to: %+v", r)
	}
}

// lastOf is the sequence of the subject's last message; 0: none.
func lastOf(t *testing.T, s *servers, stream, subject string) uint64 {
	t.Helper()
	m, err := s.stream(t, stream).GetLastMsgForSubject(t.Context(), stream+"."+subject)
	if err != nil {
		return 0
	}
	return m.Sequence
}
