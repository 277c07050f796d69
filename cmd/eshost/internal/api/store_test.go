package api_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

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

// recorder is a response that notes whether there was a deadline for each piece.
type recorder struct {
	*httptest.ResponseRecorder
	deadlines []time.Time
	without   int
	until     time.Time
}

func (r *recorder) SetWriteDeadline(at time.Time) error {
	r.deadlines, r.until = append(r.deadlines, at), at
	return nil
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.until.IsZero() {
		r.without++
	}
	r.until = time.Time{}
	return r.ResponseRecorder.Write(b)
}

// pieces is a backup in many pieces.
type pieces struct{ sent }

func (a pieces) WriteTo(w io.Writer) (n int64, err error) {
	for range 10 {
		m, err := a.sent.WriteTo(w)
		if n += m; err != nil {
			return n, err
		}
	}
	return n, nil
}

func TestEachPieceOfABackupHasItsTime(t *testing.T) {
	closed, made := 0, 0
	o := &api.Options{Store: &api.Store{Backup: func(context.Context) (api.Archive, error) {
		made++
		return pieces{sent{text: "piece", closed: &closed}}, nil
	}}}
	h := serve(t, newFake(), o)
	if a := h.send("HEAD", "/v1/store/backup", ""); a.status != 200 || made != 0 {
		t.Errorf("asked for its head: %d, and %d backups were made", a.status, made)
	}
	r := &recorder{ResponseRecorder: httptest.NewRecorder()}
	h.api.ServeHTTP(r, httptest.NewRequest(http.MethodGet, "http://localhost/v1/store/backup", nil))
	if r.Body.Len() != 50 || r.without > 0 || len(r.deadlines) != 11 || !r.deadlines[10].IsZero() || made != 1 || closed != 1 {
		t.Errorf("%d bytes, %d pieces without a deadline, %d deadlines; %d made, %d closed", r.Body.Len(), r.without, len(r.deadlines), made, closed)
	}
}
