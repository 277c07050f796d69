package api_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/api"
	"github.com/eshost/eshost/stores"
)

// sent is a backup, or the beginning of one.
type sent struct {
	text   string
	err    error
	closed *int
}

func (a sent) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, a.text)
	return int64(n), errors.Join(err, a.err)
}

func (a sent) Close() error { *a.closed++; return nil }

func TestTheStoreIsShown(t *testing.T) {
	o := &api.Options{Store: &api.Store{URL: "pebble:data", Folder: "/data", Info: stores.Info{Name: "pebble", ID: stores.LogID{0xab}, Durability: stores.Synced, DurabilityIs: "synced", Exclusive: true, MaxCommit: 7, AppendCommits: 9}}}
	h := serve(t, newFake(), o)
	h.get("/v1/store").want(200, `{"url":"pebble:data","folder":"/data","engine":"pebble","log_id":"ab000000000000000000000000000000","durability":"synced","durability_is":"synced","exclusive":true,"fencing":false,"max_commit_bytes":7,"append_commits":9}`)
	got, err := h.client("").Store(context.Background())
	if err != nil || got.Folder != "/data" || got.MaxCommitBytes != 7 || !got.Exclusive || got.Durability != "synced" {
		t.Errorf("%+v, %v", got, err)
	}
	h.get("/v1/store/backup").wantProblem(404, "not-found")
}

func TestABackupIsWholeOrFails(t *testing.T) {
	closed, long := 0, strings.Repeat("backup", 100_000)
	var failure error
	a := sent{text: long, closed: &closed}
	o := &api.Options{Token: "t", Store: &api.Store{Backup: func(context.Context) (api.Archive, error) { return a, failure }}}
	h := serve(t, newFake(), o)
	h.get("/v1/store/backup").wantProblem(401, "unauthorized")
	read := func() (n int, err error) {
		err = h.client("t").Backup(context.Background(), func(r io.Reader) error {
			b, err := io.ReadAll(r)
			n = len(b)
			return err
		})
		return n, err
	}
	if n, err := read(); err != nil || n != len(long) || closed != 1 {
		t.Errorf("%d bytes, %v, closed %d times", n, err, closed)
	}
	a.err = errors.New("the disk broke")
	if _, err := read(); err == nil || closed != 2 {
		t.Errorf("one that breaks off: %v, closed %d times", err, closed)
	}
	failure = stores.ErrUnavailable
	if _, err := read(); err == nil || closed != 2 {
		t.Errorf("one that cannot be made: %v", err)
	}
}
