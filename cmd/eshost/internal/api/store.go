package api

import (
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"time"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/stores"
)

// Store is the store that the host runs on, as its operator sees it.
type Store struct {
	URL    string // without secrets
	Folder string // of an embedded store; empty: it is another one
	Info   stores.Info
	Backup func(context.Context) (Archive, error) // makes a backup; nil: the store has tools of its own for that
}

// Archive is a backup to be sent as a tar file, and what it takes until it is closed.
type Archive interface {
	io.WriterTo
	io.Closer
}

// store serves what the store promises and can hold.
func (s *Server) store(w http.ResponseWriter, r *request) *wire.Problem {
	msgpack, p := format(r)
	if p != nil {
		return p
	}
	i := &s.o.Store.Info
	e := wire.NewEncoder(msgpack)
	defer e.Free()
	e.Object(9 + count(s.o.Store.Folder != ""))
	for _, pair := range [][2]string{{"url", s.o.Store.URL}, {"folder", s.o.Store.Folder}, {"engine", i.Name}, {"log_id", hex.EncodeToString(i.ID[:])},
		{"durability", i.Durability.String()}, {"durability_is", i.DurabilityIs}} {
		if pair[1] != "" || pair[0] != "folder" {
			e.Key(pair[0])
			e.Str(pair[1])
		}
	}
	e.Key("exclusive")
	e.Bool(i.Exclusive)
	e.Key("fencing")
	e.Bool(i.Fencing)
	e.Key("max_commit_bytes")
	e.Uint(uint64(i.MaxCommit))
	e.Key("append_commits")
	e.Uint(uint64(i.AppendCommits))
	e.EndObject()
	send(w, e)
	return nil
}

const mediaTar = "application/x-tar"

// backup sends a backup of the store. What ends early is cut off, so that nobody takes it for whole.
func (s *Server) backup(w http.ResponseWriter, r *request) *wire.Problem {
	if s.o.Store.Backup == nil {
		return &wire.Problem{Kind: wire.NotFound, Detail: "the host's store is not an embedded one: back it up with its own tools, or copy it with `eshost store backup`"}
	}
	h := w.Header()
	if r.Method == http.MethodHead {
		h.Set("Content-Type", mediaTar)
		h.Set("Cache-Control", "no-store")
		return nil
	}
	if !s.backingUp.TryLock() {
		return &wire.Problem{Kind: wire.Unavailable, Detail: "another backup is under way"}
	}
	defer s.backingUp.Unlock()
	a, err := s.o.Store.Backup(r.Context())
	if err != nil {
		return wire.ProblemOf(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			s.o.Logger.Error("a backup's folder was not removed", "error", err)
		}
	}()
	h.Set("Content-Type", mediaTar)
	h.Set("Cache-Control", "no-store")
	rc := http.NewResponseController(w)
	defer func() { _ = rc.SetWriteDeadline(time.Time{}) }()
	if _, err := a.WriteTo(&patientWriter{w, rc}); err != nil {
		s.o.Logger.Error("a backup broke off", "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// patientWriter gives the client time for each piece, however long all of it takes; one that reads no more does not keep the backup.
type patientWriter struct {
	w  io.Writer
	rc *http.ResponseController
}

func (p *patientWriter) Write(b []byte) (int, error) {
	_ = p.rc.SetWriteDeadline(time.Now().Add(streamWriteTimeout)) // where none can be set there is none
	return p.w.Write(b)
}
