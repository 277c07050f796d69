package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
)

// command serves one command.
func (s *Server) command(w http.ResponseWriter, r *request) *wire.Problem {
	a, p := s.asked(w, r)
	if p != nil {
		return p
	}
	ctx, cancel := context.WithTimeout(r.Context(), a.Timeout)
	defer cancel()
	reply, err := s.host.Handle(ctx, a.Entity, a.Command)
	if err != nil {
		return wire.ProblemOf(err)
	}
	w.Header().Set("ETag", wire.ETag(reply.Seq))
	e := a.Answer(&reply)
	defer e.Free()
	send(w, e)
	return nil
}

// asked reads a command.
func (s *Server) asked(w http.ResponseWriter, r *request) (*wire.Asked, *wire.Problem) {
	a, p := wire.ReadHeaders(r.entity, r.command, r.Header, r.ContentLength == 0)
	if p != nil {
		return nil, p
	}
	body, p := s.body(w, r.Request)
	if p != nil {
		return nil, p
	}
	return a, a.ReadPayload(body)
}

// body reads the whole body of a command.
func (s *Server) body(w http.ResponseWriter, r *http.Request) ([]byte, *wire.Problem) {
	return s.upTo(w, r, s.o.MaxBodyBytes)
}

// upTo reads the whole body, up to the limit.
func (s *Server) upTo(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, *wire.Problem) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	var buf bytes.Buffer
	if r.ContentLength > 0 {
		buf.Grow(int(min(r.ContentLength, limit)) + bytes.MinRead)
	}
	_, err := buf.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &wire.Problem{Kind: wire.TooLarge, Detail: fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit)}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, wire.Invalid("the body ends before its Content-Length")
	case err != nil:
		return nil, wire.Invalid("read the body: " + strings.TrimSpace(err.Error()))
	}
	return buf.Bytes(), nil
}
