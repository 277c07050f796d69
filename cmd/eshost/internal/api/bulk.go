package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/host"
)

// stream serves a stream of commands: one JSON object a line, answered by one a
// line, as each is decided. It reads on only as long as what it has read and not
// answered keeps within bounds, and answers while it reads.
func (s *Server) stream(w http.ResponseWriter, r *request) *wire.Problem {
	if _, p := wire.BodyType(r.Header, r.ContentLength == 0, wire.NamesOfNDJSON); p != nil {
		return p
	}
	if _, p := wire.Acceptable(r.Header, wire.NamesOfNDJSON); p != nil {
		return p
	}
	for _, name := range []string{"Idempotency-Key", "If-Match", "If-None-Match", "Request-Timeout"} {
		if r.Header.Get(name) != "" {
			return wire.Invalid(name + " is for single commands: the lines of a stream have command_id and expected_seq")
		}
	}
	rc := http.NewResponseController(w)
	if err := rc.EnableFullDuplex(); err != nil {
		return wire.ProblemOf(fmt.Errorf("answer a stream while it is read: %w", err))
	}
	_ = rc.SetReadDeadline(time.Time{}) // where the server sets none there is none to lift
	_ = rc.SetWriteDeadline(time.Time{})
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	// An end of reading that Drain asked for ends the request's context too, but
	// what was read then is still to be answered.
	defer onEnd(r.Context(), func() {
		if s.draining.Err() == nil {
			cancel()
		}
	})()
	past := time.Unix(1, 0)
	defer onEnd(s.draining, func() { _ = rc.SetReadDeadline(past) })()
	defer onEnd(ctx, func() {
		_ = rc.SetReadDeadline(past)
		_ = rc.SetWriteDeadline(past)
	})()

	h := w.Header()
	h.Set("Content-Type", wire.MediaNDJSON)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if err := rc.Flush(); err != nil {
		return nil // the client is gone
	}

	b := &bulk{s: s, ctx: ctx, out: newOutflow(), pipe: s.host.Pipe(s.o.StreamWindow), meta: wire.Meta(r.Header),
		bytes: semaphore.NewWeighted(int64(s.o.StreamBytes)), names: make(map[string]string)}
	written := s.start(r, cancel, func() error { return b.out.run(writeThrough(w, rc.Flush), 0, "") })
	answered := s.start(r, cancel, b.answer)
	b.read(r.Body)
	b.pipe.CloseSend()
	<-answered
	b.out.close()
	<-written
	return nil
}

// start runs f in a goroutine and closes what it returns when f has returned.
// When f fails, or panics, the stream is canceled.
func (s *Server) start(r *request, cancel func(), f func() error) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				s.o.Logger.Error("stream panicked", "path", rawPath(r.URL), "panic", v, "stack", string(debug.Stack()))
				cancel()
			}
		}()
		if f() != nil {
			cancel()
		}
	}()
	return done
}

// bulk is one stream of commands.
type bulk struct {
	s     *Server
	ctx   context.Context
	out   *outflow
	pipe  pipe
	meta  map[string]string
	bytes *semaphore.Weighted
	names map[string]string // of types and commands, so that they are allocated once
}

var lines = sync.Pool{New: func() any { return new(line) }}

// read takes up the body's commands until it ends, or the stream does.
func (b *bulk) read(body io.Reader) {
	in := bufio.NewReaderSize(body, 64<<10)
	var long []byte
	for n := 1; ; n++ {
		text, tooLong, err := readLine(in, &long, b.s.o.MaxBodyBytes)
		switch {
		case err != nil && err != io.EOF:
			b.refuse(nil, b.interrupted(err, n))
			return
		case tooLong:
			b.refuse(nil, &wire.Problem{Kind: wire.TooLarge, Detail: fmt.Sprintf("the line is longer than %d bytes", b.s.o.MaxBodyBytes), Line: n})
		case len(bytes.TrimSpace(text)) > 0:
			if !b.send(text, n) {
				return
			}
		}
		if err == io.EOF {
			return
		}
	}
}

// interrupted says why the body was not read to its end.
func (b *bulk) interrupted(err error, n int) *wire.Problem {
	if b.s.draining.Err() != nil {
		return &wire.Problem{Kind: wire.ShuttingDown, Detail: "the host is shutting down: this line and those behind it were not read", Line: n}
	}
	return &wire.Problem{Kind: wire.InvalidRequest, Detail: "read the body: " + strings.TrimSpace(err.Error()), Line: n}
}

// readLine returns the next line, which is valid until the next call. One that is longer than limit is
// passed over. The last line comes with io.EOF.
func readLine(in *bufio.Reader, long *[]byte, limit int64) (text []byte, tooLong bool, err error) {
	text, err = in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return text, int64(len(text)) > limit, err
	}
	*long = append((*long)[:0], text...)
	for errors.Is(err, bufio.ErrBufferFull) {
		text, err = in.ReadSlice('\n')
		if int64(len(*long)) <= limit {
			*long = append(*long, text...)
		}
	}
	return *long, int64(len(*long)) > limit, err
}

// send takes up one line. It returns false when the stream has ended.
func (b *bulk) send(text []byte, n int) bool {
	l := lines.Get().(*line)
	if p := l.parse(text, b.names); p != nil {
		p.Line = n
		ok := b.refuse(l.ref, p)
		lines.Put(l)
		return ok
	}
	l.size = min(int64(len(text)), int64(b.s.o.StreamBytes))
	if b.bytes.Acquire(b.ctx, l.size) != nil {
		return false
	}
	c := host.Command{Name: l.command, Payload: l.payload, ID: l.commandID, Meta: b.meta, Wait: true}
	if l.expects {
		c.Expected = &l.expected
	}
	return b.pipe.Send(b.ctx, l.entity, c, l) == nil
}

// refuse answers a line that was not taken up. It returns false when the
// stream has ended.
func (b *bulk) refuse(ref []byte, p *wire.Problem) bool {
	e := wire.NewEncoder(false)
	defer e.Free()
	e.Object(0)
	appendRef(e, ref)
	p.Members(e)
	e.EndObject()
	e.Bytes = append(e.Bytes, '\n')
	return b.out.add(e.Bytes) == nil
}

// answer answers commands as they are decided, until all are.
func (b *bulk) answer() error {
	e := wire.NewEncoder(false)
	defer e.Free()
	for {
		a, err := b.pipe.Receive(b.ctx)
		if err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		l := a.Ref.(*line)
		e.Bytes = e.Bytes[:0]
		e.Object(0)
		appendRef(e, l.ref)
		if a.Err == nil {
			e.Key("status")
			e.Uint(http.StatusOK)
			wire.AppendReply(e, l.commandID, &a.Reply)
		} else {
			p := wire.ProblemOf(b.s.host.Explain(l.entity, l.command, a.Err))
			if p.Cause != nil {
				b.s.o.Logger.Error("command of a stream failed", "type", l.entity.Type, "problem", p.Name, "error", p.Cause)
			}
			p.Members(e)
		}
		e.EndObject()
		e.Bytes = append(e.Bytes, '\n')
		// It is answered: nobody uses its bytes any more.
		b.bytes.Release(l.size)
		lines.Put(l)
		if err := b.out.add(e.Bytes); err != nil {
			return err
		}
		if cap(e.Bytes) > wire.KeepBytes {
			e.Bytes = nil
		}
	}
}

// appendRef appends the member that tells which line is answered.
func appendRef(e *wire.Encoder, ref []byte) {
	e.Key("ref")
	if len(ref) == 0 {
		e.Payload(nil)
		return
	}
	e.Bytes = append(e.Bytes, ref...)
}
