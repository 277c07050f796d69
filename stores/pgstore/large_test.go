package pgstore_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pgstore"
	"github.com/eshost/eshost/stores/storetest"
)

// large is a commit of about so many bytes.
func large(id stores.EntityID, expected uint64, size int) stores.Commit {
	c := commitOf(id, expected, 1)
	c.Events[0].Payload = bytes.Repeat([]byte("0123456789abcdef"), size/16)
	return c
}

// meter stands between a store and the server, and counts what the server sends.
func meter(t *testing.T, o *pgstore.Options) (through *pgstore.Options, sent *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	sent = &atomic.Int64{}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			srv, err := net.Dial("tcp", server.Addr)
			if err != nil {
				_ = client.Close()
				return
			}
			go func() { _, _ = io.Copy(srv, client); _ = srv.Close() }()
			go func() { _, _ = io.Copy(client, io.TeeReader(srv, counts{sent})); _ = client.Close() }()
		}
	}()
	with := *o
	if with.Host, with.Port, err = net.SplitHostPort(l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	return &with, sent
}

type counts struct{ n *atomic.Int64 }

func (c counts) Write(b []byte) (int, error) { c.n.Add(int64(len(b))); return len(b), nil }

func TestLargeEntitiesAndGroupsAreReadWholeAndSentOnce(t *testing.T) {
	t.Parallel()
	o, sent := meter(t, server.Options(t))
	s := open(t, o)
	const commits, size, types = 60, 300 << 10, 2
	big := counter("big")
	for n := range uint64(commits) {
		mustApply(t, s, large(big, n, size))
	}
	var group []stores.Commit // of two types, and one group
	for n := range commits {
		group = append(group, large(stores.EntityID{Type: fmt.Sprint("type", n%types), ID: fmt.Sprint(n)}, 0, size))
	}
	for _, r := range s.Append(t.Context(), stores.Fence{}, group) {
		if r.Outcome != stores.Applied {
			t.Fatal(r)
		}
	}
	slices := stores.SliceRange{From: 0, To: stores.Slices / 2}
	low := 0
	for _, c := range append(group, commitOf(big, 0, 1)) {
		if slices.Contains(c.Entity.Slice()) {
			if low++; c.Entity == big {
				low += commits - 1
			}
		}
	}
	for name, test := range map[string]struct {
		q    stores.Query
		want int
	}{
		"all": {want: 2 * commits}, "a type": {stores.Query{Type: "type1"}, commits / types}, "slices": {stores.Query{Slices: slices}, low}, "the entity's type": {stores.Query{Type: "counter"}, commits},
	} {
		sent.Store(0)
		n := 0
		for rec, err := range s.Scan(t.Context(), test.q) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; len(rec.Events[0].Payload) != size {
				t.Errorf("scan of %s: a payload of %d bytes", name, len(rec.Events[0].Payload))
			}
		}
		if n != test.want {
			t.Errorf("scan of %s shows %d records, want %d", name, n, test.want)
		}
		if limit := int64(test.want*size*5/4 + 1<<20); sent.Load() > limit {
			t.Errorf("scan of %s: the server sent %d bytes for %d records of %d", name, sent.Load(), n, size)
		}
	}
	sent.Store(0)
	n := 0
	for _, err := range s.Read(t.Context(), big, 0) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != commits || sent.Load() > commits*size*5/4 {
		t.Errorf("read shows %d records of %d, and the server sent %d bytes", n, commits, sent.Load())
	}
	sent.Store(0)
	for range s.Read(t.Context(), big, 0) {
		break
	}
	if sent.Load() > 6<<20 {
		t.Errorf("for the first record the server sent %d bytes", sent.Load())
	}
	storetest.Verify(t, s)
}

func TestAReadOfAnEntityThatGrowsMeanwhileEnds(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options(t))
	const commits = 1500 // more than a page
	fill(t, s, commits, 1)
	id := stores.EntityID{Type: "counter", ID: "entity-000000000"}
	n := 0
	for rec, err := range s.Read(t.Context(), id, 0) {
		if err != nil {
			t.Fatal(err)
		}
		for more := uint64(0); n == 0 && more < 50; more++ {
			mustApply(t, s, commitOf(id, commits+more, int(more)))
		}
		if n++; rec.Seq() > commits {
			t.Fatalf("a record is shown that came after the read began: it would never end")
		}
	}
	if n != commits {
		t.Errorf("%d records are shown, want %d", n, commits)
	}
}
