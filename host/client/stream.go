package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"unicode/utf8"
)

// Stream is many commands on one connection, for throughput. Commands of one
// entity are decided in the order they are sent; answers come as commands are
// decided. One goroutine sends while another receives: who only sends will
// come to a halt when the host waits for its answers to be taken.
type Stream struct {
	c      *Client
	cancel context.CancelFunc
	body   *io.PipeWriter

	mu      sync.Mutex
	room    sync.Cond // out is short, or ended is set
	work    sync.Cond // out has something, or closed or ended is set
	out     []byte
	closed  bool  // no more will be sent
	ended   error // why nothing can be sent any more
	sent    uint64
	scratch []byte // of the one who sends

	opened   chan struct{} // closed when resp or openErr is there
	resp     *http.Response
	openErr  error
	in       *bufio.Reader
	received uint64
}

// Answer is the answer to one command of a stream.
type Answer struct {
	Ref   string // as it was given to Send; empty when the host could not tell
	Reply Reply
	Err   error // nil: accepted; else a *Problem
}

var errStreamEnded = errors.New("the stream has ended")

// Stream opens a stream. It lasts until its answers were received to the end,
// or Close, or the end of ctx.
func (c *Client) Stream(ctx context.Context) *Stream {
	ctx, cancel := context.WithCancel(ctx)
	body, w := io.Pipe()
	s := &Stream{c: c, cancel: cancel, body: w, opened: make(chan struct{})}
	s.room.L, s.work.L = &s.mu, &s.mu
	go func() {
		defer close(s.opened)
		s.resp, s.openErr = c.do(ctx, http.MethodPost, "/v1/commands", body,
			header{"Content-Type", "application/x-ndjson"}, header{"Accept", "application/x-ndjson"})
		if s.openErr != nil {
			s.end(s.openErr)
			_ = body.CloseWithError(s.openErr)
			cancel()
			return
		}
		s.in = bufio.NewReaderSize(s.resp.Body, 64<<10)
	}()
	go s.write()
	context.AfterFunc(ctx, func() { s.end(fmt.Errorf("%w: %w", errStreamEnded, context.Cause(ctx))) })
	return s
}

// streamBytes is how much of what is to be sent waits before Send does.
const streamBytes = 64 << 10

// write writes what was sent, all that there is at once.
func (s *Stream) write() {
	var spare []byte
	for {
		s.mu.Lock()
		for len(s.out) == 0 && !s.closed && s.ended == nil {
			s.work.Wait()
		}
		b, ended := s.out, s.ended
		s.out = spare[:0]
		s.room.Signal()
		s.mu.Unlock()
		if ended != nil {
			_ = s.body.CloseWithError(ended)
			return
		}
		if len(b) == 0 {
			_ = s.body.Close()
			return
		}
		if _, err := s.body.Write(b); err != nil {
			s.end(s.c.unanswered(err))
			return
		}
		spare = b
	}
}

func (s *Stream) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended = err
	}
	s.room.Broadcast()
	s.work.Broadcast()
}

// Send sends a command, under a mark by which its answer is known. It waits
// while the host does not take more. Commands of a stream are JSON, and have no
// trace context of their own. An error means that the stream has ended; Receive says why.
func (s *Stream) Send(cmd Command, ref string) error {
	if cmd.Msgpack != nil || cmd.Traceparent != "" {
		return errors.New("send a command: a stream takes JSON payloads alone, and no traceparent")
	}
	b, err := appendLine(s.scratch[:0], &cmd, ref)
	if err != nil {
		return err
	}
	s.scratch = b
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.out) >= streamBytes && s.ended == nil {
		s.room.Wait()
	}
	if s.ended != nil {
		return s.ended
	}
	if s.closed {
		return errors.New("send a command: after CloseSend")
	}
	s.out = append(s.out, b...)
	s.sent++
	s.work.Signal()
	return nil
}

// appendLine appends a command as the line of a stream.
func appendLine(dst []byte, cmd *Command, ref string) ([]byte, error) {
	var err error
	member := func(name, value string) {
		if !utf8.ValidString(value) && err == nil {
			err = fmt.Errorf("send a command: %s %q is not UTF-8", name, value)
		}
		quoted, _ := json.Marshal(value) // a string always can be
		dst = append(append(append(append(dst, '"'), name...), '"', ':'), quoted...)
		dst = append(dst, ',')
	}
	dst = append(dst, '{')
	member("ref", ref)
	member("type", cmd.Type)
	member("id", cmd.ID)
	if cmd.CommandID != "" {
		member("command_id", cmd.CommandID)
	}
	if cmd.Expected != nil {
		dst = strconv.AppendUint(append(dst, `"expected_seq":`...), *cmd.Expected, 10)
		dst = append(dst, ',')
	}
	if len(cmd.Payload) > 0 {
		// On a line of its own: what the payload has of line ends goes.
		compact, e := json.Marshal(cmd.Payload)
		if e != nil && err == nil {
			err = fmt.Errorf("payload of %s: %w", cmd.Name, e)
		}
		dst = append(append(dst, `"payload":`...), compact...)
		dst = append(dst, ',')
	}
	member("command", cmd.Name)
	dst[len(dst)-1] = '}'
	return append(dst, '\n'), err
}

// CloseSend says that no more commands will be sent. It is idempotent.
func (s *Stream) CloseSend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.work.Signal()
}

// Receive returns the next answer; io.EOF after CloseSend and the last one. Any
// other error ends the stream: what was sent and not answered may have happened if
// MayHaveHappened says so.
func (s *Stream) Receive() (Answer, error) {
	<-s.opened
	if s.openErr != nil {
		return Answer{}, s.openErr
	}
	text, err := s.in.ReadBytes('\n')
	if err != nil {
		return Answer{}, s.finish(err)
	}
	var l struct {
		Ref *string `json:"ref"`
		answered
		refused
	}
	if err := json.Unmarshal(text, &l); err != nil {
		s.Close()
		return Answer{}, fmt.Errorf("answer of %s is not what an eshost gives: %w", s.c.base, err)
	}
	a := Answer{}
	if l.Ref != nil {
		a.Ref = *l.Ref
		s.received++
	}
	if l.Status == http.StatusOK {
		a.Reply = Reply{Events: l.Events, Payload: l.Reply, CommandID: l.CommandID, Repeated: l.Repeated}
		if l.Seq != nil {
			a.Reply.Seq = *l.Seq
		}
		if string(l.Reply) == "null" {
			a.Reply.Payload = nil
		}
		return a, nil
	}
	a.Err = &Problem{Type: l.Type, Title: l.Title, Status: l.Status, Detail: l.Detail, Code: l.Code,
		Payload: l.Payload, Seq: l.Seq, Fault: l.Fault, Plugin: l.Plugin, Line: l.Line}
	return a, nil
}

// answered and refused are the members of an answer besides ref: those of a
// reply, and those of a problem.
type answered struct {
	Seq       *uint64         `json:"seq"`
	Events    int             `json:"events"`
	Reply     json.RawMessage `json:"reply"`
	CommandID string          `json:"command_id"`
	Repeated  bool            `json:"repeated"`
}

type refused struct {
	Type    string          `json:"type"`
	Title   string          `json:"title"`
	Status  int             `json:"status"`
	Detail  string          `json:"detail"`
	Code    string          `json:"code"`
	Payload json.RawMessage `json:"payload"`
	Fault   string          `json:"fault"`
	Plugin  string          `json:"plugin"`
	Line    int             `json:"line"`
}

// finish says how the stream ended, and ends what is left of it.
func (s *Stream) finish(err error) error {
	s.mu.Lock()
	open, closed := s.sent-s.received, s.closed
	s.mu.Unlock()
	_ = s.resp.Body.Close()
	s.cancel()
	if err == io.EOF && closed && open == 0 {
		return io.EOF
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w: %d commands of the stream were not answered: %w", ErrInterrupted, open, err)
}

// Close ends the stream at once. It is idempotent, and not needed after Receive
// has returned an error.
func (s *Stream) Close() { s.cancel() }
