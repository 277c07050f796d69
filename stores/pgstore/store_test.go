package pgstore_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pgstore"
	"github.com/eshost/eshost/stores/pgstore/pgtest"
	"github.com/eshost/eshost/stores/storetest"
)

var (
	_ stores.Log             = (*pgstore.Store)(nil)
	_ stores.SnapshotStore   = (*pgstore.Store)(nil)
	_ stores.CheckpointStore = (*pgstore.Store)(nil)
	_ stores.BlobStore       = (*pgstore.Store)(nil)
)

// server is the one that tests share unless they do something to it.
var server *pgtest.Server

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, &server, nil)) }

func all(s *pgstore.Store) storetest.Stores {
	return storetest.Stores{Log: s, Snapshots: s, Checkpoints: s, Blobs: s}
}

// mustOpen opens a store that somebody else closes.
func mustOpen(t testing.TB, o *pgstore.Options) *pgstore.Store {
	t.Helper()
	s, err := pgstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open opens a store that is closed when the test ends.
func open(t testing.TB, o *pgstore.Options) *pgstore.Store {
	t.Helper()
	s := mustOpen(t, o)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// table is the name of a store's table as it stands in a statement.
func table(o *pgstore.Options, name string) string {
	prefix := o.TablePrefix
	if prefix == "" {
		prefix = pgstore.DefaultTablePrefix
	}
	return pgx.Identifier{o.Schema, prefix + name}.Sanitize()
}

// change runs a statement that must change one row.
func change(t testing.TB, sql string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	tag, err := conn.Exec(context.Background(), sql, args...)
	if err != nil || tag.RowsAffected() != 1 {
		t.Fatalf("%s: %v, %v", sql, tag, err)
	}
}

func TestAStoreOpensTwiceAndBothSeeTheSame(t *testing.T) {
	o := server.Options(t)
	a, b := open(t, o), open(t, o)
	if a.Info() != b.Info() {
		t.Errorf("one says %+v, the other %+v", a.Info(), b.Info())
	}
	c := stores.Commit{Entity: stores.EntityID{Type: "counter", ID: "a"}, ID: stores.CommitID{1}, Events: []stores.Event{{Name: "increased"}}}
	if r := a.Append(t.Context(), stores.Fence{}, []stores.Commit{c})[0]; r.Outcome != stores.Applied {
		t.Fatal(r)
	}
	if r := b.Append(t.Context(), stores.Fence{}, []stores.Commit{c})[0]; r.Outcome != stores.Duplicate {
		t.Errorf("the other one says %s (%v)", r.Outcome, r.Err)
	}
	storetest.Verify(t, b)
}

func TestStore(t *testing.T) {
	for name, with := range map[string]func(*pgstore.Options){
		"in a schema of its own":         func(*pgstore.Options) {},
		"with names that must be quoted": func(o *pgstore.Options) { o.Schema += ` O'Brien "x".y`; o.TablePrefix = `Sel"ect $1 ` },
		"with one connection":            func(o *pgstore.Options) { o.MaxConns = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			damages := func(name, column, where string) func(testing.TB, *pgstore.Options, ...any) {
				return func(t testing.TB, o *pgstore.Options, args ...any) {
					sql := fmt.Sprintf("UPDATE %s SET %s = set_byte(%[2]s, length(%[2]s) / 2, get_byte(%[2]s, length(%[2]s) / 2) # 64) WHERE %s", table(o, name), column, where)
					change(t, sql, args...)
				}
			}
			options := make(map[stores.Log]*pgstore.Options)
			record := damages("commits", "record", "entity_type = $1 AND entity_id = $2 AND first_seq = $3")
			snapshot := damages("snapshots", "snapshot", "entity_type = $1 AND entity_id = $2")
			blob := damages("blobs", "blob", "digest = $1")
			storetest.Run(t, storetest.Factory{
				Open: func(t testing.TB) storetest.Stores {
					o := server.Options(t)
					with(o)
					s := mustOpen(t, o)
					options[s] = o
					return all(s)
				},
				Reopen: func(t testing.TB, was storetest.Stores) storetest.Stores {
					if err := was.Log.Close(); err != nil {
						t.Fatal(err)
					}
					s := mustOpen(t, options[was.Log])
					options[s] = options[was.Log]
					return all(s)
				},
				DamageRecord: func(t testing.TB, s storetest.Stores, id stores.EntityID, expected uint64) {
					record(t, options[s.Log], id.Type, id.ID, int64(expected+1))
				},
				DamageSnapshot: func(t testing.TB, s storetest.Stores, id stores.EntityID) {
					snapshot(t, options[s.Log], id.Type, id.ID)
				},
				DamageBlob: func(t testing.TB, s storetest.Stores, d stores.Digest) {
					blob(t, options[s.Log], d[:])
				},
			})
		})
	}
}
