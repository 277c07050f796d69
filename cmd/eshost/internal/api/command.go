package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host"
)

// command serves one command.
func (s *Server) command(w http.ResponseWriter, r *request) *problem {
	kind, p := bodyType(r.Request, namesOfJSON, namesOfMsgpack)
	if p != nil {
		return p
	}
	// Who does not say what to answer in is answered in what was sent.
	offers := [][]string{namesOfJSON, namesOfMsgpack}
	if kind == 1 {
		offers[0], offers[1] = offers[1], offers[0]
	}
	chosen, p := acceptable(r.Request, offers...)
	if p != nil {
		return p
	}
	c := host.Command{Name: r.command, Meta: meta(r.Header)}
	if c.ID, p = commandID(r.Header); p != nil {
		return p
	}
	if c.Expected, p = expected(r.Header); p != nil {
		return p
	}
	d, p := timeout(r.Header)
	if p != nil {
		return p
	}
	if err := r.entity.Validate(); err != nil {
		return problemOf(err)
	}
	if c.Payload, p = s.payload(w, r.Request, kind == 1); p != nil {
		return p
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	defer cancel()
	reply, err := s.host.Handle(ctx, r.entity, c)
	if err != nil {
		return problemOf(err)
	}
	w.Header().Set("ETag", etag(reply.Seq))
	e := newEncoder((kind == 1) != (chosen == 1))
	defer e.free()
	n := 3
	if c.ID != "" {
		n++
	}
	if reply.Repeated {
		n++
	}
	e.object(n)
	appendReply(e, c.ID, &reply)
	e.endObject()
	e.send(w)
	return nil
}

// appendReply appends the members of an accepted command's answer.
func appendReply(e *encoder, commandID string, reply *host.Reply) {
	e.key("seq")
	e.uint(reply.Seq)
	e.key("events")
	e.uint(uint64(reply.Events))
	e.key("reply")
	e.payload(reply.Payload)
	if commandID != "" {
		e.key("command_id")
		e.str(commandID)
	}
	if reply.Repeated {
		e.key("repeated")
		e.bool(true)
	}
}

// payload reads a command's body as one msgpack value. An empty body is an empty map in JSON and
// no payload in msgpack.
func (s *Server) payload(w http.ResponseWriter, r *http.Request, msgpack bool) ([]byte, *problem) {
	body, p := s.body(w, r)
	if p != nil {
		return nil, p
	}
	if !msgpack {
		payload, err := abi.AppendFromJSON(make([]byte, 0, len(body)+16), body)
		if err != nil {
			return nil, &problem{kind: kindInvalidPayload, detail: "body: " + err.Error()}
		}
		return payload, nil
	}
	if len(body) == 0 {
		return nil, nil
	}
	if err := abi.CheckPayload(body); err != nil {
		return nil, &problem{kind: kindInvalidPayload, detail: "body: " + err.Error()}
	}
	return body, nil
}

// body reads the whole body of a command.
func (s *Server) body(w http.ResponseWriter, r *http.Request) ([]byte, *problem) {
	return s.upTo(w, r, s.o.MaxBodyBytes)
}

// upTo reads the whole body, up to the limit.
func (s *Server) upTo(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, *problem) {
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
		return nil, &problem{kind: kindTooLarge, detail: fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit)}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, invalid("the body ends before its Content-Length")
	case err != nil:
		return nil, invalid("read the body: " + strings.TrimSpace(err.Error()))
	}
	return buf.Bytes(), nil
}
