package storetest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"

	"github.com/eshost/eshost/stores"
)

func checkpointCases(f Factory) []testCase {
	names := []string{"p", "p.x", "p-", "a b", "💥", "..", "*", ">", strings.Repeat("n", 200)}
	all := []testCase{
		{"a checkpoint is what was saved last, zero when nothing was", func(h *harness) {
			places := []stores.Position{stores.NewPosition("x.1", 0), stores.NewPosition("x.2", 7), {}, stores.NewPosition("9", 1<<32-1)}
			for _, name := range names {
				h.checkpoint(name, stores.Position{})
			}
			for n, p := range places {
				for i, name := range names {
					h.saveCheckpoint(name, places[(n+i)%len(places)])
				}
				h.checkpoint(names[0], p)
				h.checkpoint(names[3], places[(n+3)%len(places)])
			}
		}},
		{"a deleted checkpoint is gone, and only that one", func(h *harness) {
			p := stores.NewPosition("x.1", 3)
			h.saveCheckpoint("p", p)
			h.saveCheckpoint("p.x", p)
			for range 2 {
				if err := h.s.Checkpoints.DeleteCheckpoint(h.ctx, "p"); err != nil {
					h.Fatalf("delete: %v", err)
				}
			}
			h.checkpoint("p", stores.Position{})
			h.checkpoint("p.x", p)
		}},
		{"a closed checkpoint store says so", func(h *harness) {
			h.closed = true
			for range 2 {
				if err := h.s.Checkpoints.Close(); err != nil {
					h.Fatalf("close: %v", err)
				}
			}
			_, err := h.s.Checkpoints.Checkpoint(h.ctx, "p")
			for what, err := range map[string]error{"read": err, "save": h.s.Checkpoints.SaveCheckpoint(h.ctx, "p", stores.Position{}), "delete": h.s.Checkpoints.DeleteCheckpoint(h.ctx, "p")} {
				if !errors.Is(err, stores.ErrClosed) {
					h.Errorf("%s: %v, want %v", what, err, stores.ErrClosed)
				}
			}
		}},
	}
	if f.Reopen != nil {
		all = append(all, testCase{"a checkpoint outlives the process", func(h *harness) {
			p := stores.NewPosition("x.1", 3)
			h.saveCheckpoint("p", stores.NewPosition("x.9", 0))
			h.saveCheckpoint("p", p)
			h.reopen()
			h.checkpoint("p", p)
			h.checkpoint("q", stores.Position{})
		}})
	}
	return all
}

func (h *harness) saveCheckpoint(name string, p stores.Position) {
	h.Helper()
	if err := h.s.Checkpoints.SaveCheckpoint(h.ctx, name, p); err != nil {
		h.Fatalf("save checkpoint %q: %v", name, err)
	}
}

func (h *harness) checkpoint(name string, want stores.Position) {
	h.Helper()
	if p, err := h.s.Checkpoints.Checkpoint(h.ctx, name); err != nil || p != want {
		h.Errorf("checkpoint %q is %q (%v), want %q", name, p, err, want)
	}
}

func blobCases(f Factory) []testCase {
	all := []testCase{
		{"a blob comes back by its digest", func(h *harness) {
			var want []stores.Digest
			for _, b := range [][]byte{[]byte("\x00asm"), {}, bytes.Repeat([]byte("wasm"), 1<<20), []byte("other")} {
				for range 2 { // the second time it is there already
					d, err := h.s.Blobs.PutBlob(h.ctx, b)
					if err != nil || d != stores.Digest(sha256.Sum256(b)) {
						h.Fatalf("put: %s, %v", d, err)
					}
					h.blob(d, b)
				}
				want = append(want, stores.Digest(sha256.Sum256(b)))
			}
			slices.SortFunc(want, func(a, b stores.Digest) int { return bytes.Compare(a[:], b[:]) })
			if got := h.blobs(); !slices.Equal(got, want) {
				h.Errorf("the blobs are %v, want %v", got, want)
			}
		}},
		{"a blob that is not there is not found", func(h *harness) {
			if b, err := h.s.Blobs.Blob(h.ctx, stores.Digest{1}); !errors.Is(err, stores.ErrNotFound) {
				h.Errorf("got %d bytes, %v, want %v", len(b), err, stores.ErrNotFound)
			}
			if got := h.blobs(); len(got) != 0 {
				h.Errorf("the blobs are %v", got)
			}
		}},
		{"neither the blob store nor its callers keep each other's bytes", func(h *harness) {
			b := []byte("a plugin")
			d, err := h.s.Blobs.PutBlob(h.ctx, b)
			if err != nil {
				h.Fatal(err)
			}
			spoil(b)
			got, err := h.s.Blobs.Blob(h.ctx, d)
			if err != nil {
				h.Fatal(err)
			}
			spoil(got)
			h.blob(d, []byte("a plugin"))
		}},
		{"a closed blob store says so", func(h *harness) {
			h.closed = true
			for range 2 {
				if err := h.s.Blobs.Close(); err != nil {
					h.Fatalf("close: %v", err)
				}
			}
			_, put := h.s.Blobs.PutBlob(h.ctx, nil)
			_, get := h.s.Blobs.Blob(h.ctx, stores.Digest{})
			var list error
			for _, err := range h.s.Blobs.Blobs(h.ctx) {
				list = err
			}
			for what, err := range map[string]error{"put": put, "get": get, "list": list} {
				if !errors.Is(err, stores.ErrClosed) {
					h.Errorf("%s: %v, want %v", what, err, stores.ErrClosed)
				}
			}
		}},
	}
	if f.Reopen != nil {
		all = append(all, testCase{"a blob outlives the process", func(h *harness) {
			b := bytes.Repeat([]byte("wasm"), 1<<18)
			d, err := h.s.Blobs.PutBlob(h.ctx, b)
			if err != nil {
				h.Fatal(err)
			}
			h.reopen()
			h.blob(d, b)
			if got := h.blobs(); len(got) != 1 || got[0] != d {
				h.Errorf("the blobs are %v", got)
			}
		}})
	}
	if f.DamageBlob != nil {
		all = append(all, testCase{"a damaged blob is an error, never other bytes", func(h *harness) {
			d, err := h.s.Blobs.PutBlob(h.ctx, []byte("a plugin"))
			if err != nil {
				h.Fatal(err)
			}
			h.f.DamageBlob(h, h.s, d)
			if b, err := h.s.Blobs.Blob(h.ctx, d); !errors.Is(err, stores.ErrCorrupt) {
				h.Errorf("got %q, %v, want %v", b, err, stores.ErrCorrupt)
			}
		}})
	}
	return all
}

func (h *harness) blob(d stores.Digest, want []byte) {
	h.Helper()
	if b, err := h.s.Blobs.Blob(h.ctx, d); err != nil || !bytes.Equal(b, want) {
		h.Fatalf("blob %s: %d bytes and %v, want %d", d, len(b), err, len(want))
	}
}

func (h *harness) blobs() []stores.Digest {
	h.Helper()
	var all []stores.Digest
	for d, err := range h.s.Blobs.Blobs(h.ctx) {
		if err != nil {
			h.Fatalf("list blobs: %v", err)
		}
		all = append(all, d)
	}
	return all
}
