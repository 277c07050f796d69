package storage_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/config"
	"github.com/eshost/eshost/cmd/eshost/internal/storage"
	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/pgstore/pgtest"
	"github.com/eshost/eshost/stores/storetest"
	"github.com/eshost/eshost/stores/transfer"
)

func whole(s *storage.Stores) transfer.Store {
	return transfer.Store{Log: s.Log, Blobs: s.Blobs, Checkpoints: s.Checkpoints}
}

// fill appends commits of entities, some of eshost's own.
func fill(t *testing.T, log stores.Log, entities, commits int) {
	t.Helper()
	for n := range commits {
		var all []stores.Commit
		for e := range entities {
			id := stores.EntityID{Type: []string{"counter", "_deployments"}[e%2], ID: fmt.Sprintf("e%d *.>/é", e)}
			all = append(all, stores.Commit{Entity: id, Expected: uint64(2 * n), ID: stores.CommitID{byte(n), byte(n >> 8), byte(e), 1}, Plugin: stores.Digest{byte(e % 3)},
				Events:   []stores.Event{{Name: "increased", Version: 1, Payload: []byte{byte(e)}}, {Name: "decreased", Version: uint32(n % 3)}},
				Commands: []stores.CommandRecord{{ID: fmt.Sprint(n), Name: "increase", Events: 2, Seq: uint64(2*n + 2), Reply: []byte{1}}}})
		}
		for _, r := range log.Append(t.Context(), stores.Fence{}, all) {
			if r.Outcome != stores.Applied {
				t.Fatalf("append: %s %v", r.Outcome, r.Err)
			}
		}
	}
}

func TestAnyStoreIsCopiedToAnyOther(t *testing.T) {
	server, postgres := natstest.Start(t, nil), pgtest.Start(t, nil)
	dir := t.TempDir()
	n := 0
	target := func(kind string) *storage.Stores {
		n++
		switch kind {
		case "nats":
			return open(t, fmt.Sprintf("%s/copy%d", server.URL(), n), "")
		case "postgres":
			return open(t, postgres.URL(fmt.Sprintf("schema=copy%d", n)), "")
		default:
			return open(t, fmt.Sprintf("pebble:%s/copy%d", dir, n), "")
		}
	}
	source := open(t, "pebble:"+filepath.Join(dir, "source"), "")
	fill(t, source.Log, 40, 5)
	if _, err := source.Blobs.PutBlob(t.Context(), []byte("a plugin")); err != nil {
		t.Fatal(err)
	}
	want, err := transfer.Count(t.Context(), source.Log, nil)
	if err != nil {
		t.Fatal(err)
	}
	from := source
	for _, kind := range []string{"postgres", "nats", "nats", "postgres", "postgres", "pebble"} { // each after each other, and back
		to := target(kind)
		out, err := transfer.Copy(t.Context(), whole(from), whole(to), nil)
		if err != nil || out.Checksum != want.Checksum || out.Commits != 200 || out.Events != 400 || out.Entities != 40 || out.Blobs != 1 {
			t.Fatalf("%s to %s: %+v, %v", from, to, out, err)
		}
		storetest.Verify(t, to.Log)
		if r, err := transfer.Verify(t.Context(), whole(to), nil); err != nil || !r.OK() || r.Counts.Checksum != want.Checksum {
			t.Errorf("%s: %+v, %v", to, r, err)
		}
		if again, err := transfer.Copy(t.Context(), whole(from), whole(to), nil); err != nil || again.Moved != 0 {
			t.Errorf("%s to %s again: %+v, %v", from, to, again, err)
		}
		from = to
	}
}

func TestLogAndSnapshotsAreOnDifferentServers(t *testing.T) {
	server, postgres := natstest.Start(t, nil), pgtest.Start(t, nil)
	for _, urls := range [][2]string{{server.URL() + "/mixed", postgres.URL("schema=mixed")}, {postgres.URL("schema=other"), server.URL() + "/other"}} {
		s := open(t, urls[0], urls[1])
		fill(t, s.Log, 3, 2)
		id := stores.EntityID{Type: "counter", ID: "e0 *.>/é"}
		snapshot := &stores.Snapshot{Entity: id, Log: s.Log.Info().ID, Seq: 4, State: []byte("state")}
		if err := s.Snapshots.Save(t.Context(), snapshot); err != nil {
			t.Fatal(err)
		}
		if got, _, err := s.Snapshots.Load(t.Context(), []stores.EntityID{id}); err != nil || got[0] == nil || string(got[0].State) != "state" {
			t.Errorf("%s: %v, %v", s, got, err)
		}
		if _, err := s.Blobs.PutBlob(t.Context(), []byte("plugin")); err != nil {
			t.Errorf("%s: %v", s, err)
		}
		if err := s.Ready(t.Context()); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestAServerThatIsAwayIsNotReady(t *testing.T) {
	server, postgres := natstest.Start(t, nil), pgtest.Start(t, nil)
	for _, s := range []*storage.Stores{open(t, server.URL(), ""), open(t, postgres.URL(), "")} {
		if err := s.Ready(t.Context()); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	away := []*storage.Stores{open(t, server.URL(), ""), open(t, postgres.URL(), "")}
	server.Kill()
	if err := postgres.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, s := range away {
		if err := s.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "ask the store") {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestAURLLeavesOutWhatTheConfigurationSays(t *testing.T) {
	postgres := pgtest.Start(t, &pgtest.Options{CheckPassword: true})
	given, err := storage.Postgres(parsed(t, postgres.URL()), &config.Postgres{})
	if err != nil {
		t.Fatal(err)
	}
	c := config.Default().Store
	c.URL = "postgres:"
	c.Postgres = config.Postgres{Host: given.Host, Port: given.Port, User: given.User, Password: given.Password, DBName: given.DBName, SSLMode: "disable"}
	s, err := storage.Open(t.Context(), &c, nil)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, s.Log, 1, 1)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	c.Postgres.Password = "hunter2"
	if _, err := storage.Open(t.Context(), &c, nil); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a wrong password: %v", err)
	}
	o, err := storage.Postgres(parsed(t, "postgres://me@other:1/db?sslmode=require"), &c.Postgres)
	if err != nil || o.Host != "other" || o.Port != "1" || o.User != "me" || o.Password != "hunter2" || o.DBName != "db" || o.SSLMode != "require" {
		t.Errorf("%+v, %v", o, err)
	}
	n, err := storage.NATS(parsed(t, "nats:"), &config.NATS{Token: "hunter2"})
	if err != nil || n.Token != "hunter2" || len(n.Servers) != 1 {
		t.Errorf("%+v, %v", n, err)
	}
	if n, err = storage.NATS(parsed(t, "nats://me:secret@h"), &config.NATS{Token: "hunter2"}); err != nil || n.Token != "" || n.User != "me" {
		t.Errorf("%+v, %v", n, err)
	}
}

func TestNoStoreIsMadeOnAServerWhereOneMustBe(t *testing.T) {
	server, postgres := natstest.Start(t, nil), pgtest.Start(t, nil)
	for _, url := range []string{server.URL() + "/none", postgres.URL("schema=none")} {
		c := config.Default().Store
		c.URL = url
		for range 2 { // the first has not made it
			if s, err := storage.Open(t.Context(), &c, &storage.Options{Existing: true}); err == nil {
				t.Errorf("%s was made", url)
				_ = s.Close()
			}
		}
		open(t, url, "")
		s, err := storage.Open(t.Context(), &c, &storage.Options{Existing: true})
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
