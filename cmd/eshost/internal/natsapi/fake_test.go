package natsapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/natsapi"
	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// fake answers every request as it is told.
type fake struct {
	begin error // of Begin
	err   error // of Answer, and of State
	reply []byte
	panic string // in Begin, in Answer or in State
	last  chan host.Command
	log   stores.LogID
}

func (f *fake) Begin(_ context.Context, _ stores.EntityID, c host.Command) (natsapi.Pending, error) {
	if f.last != nil {
		f.last <- c
	}
	if f.panic == "begin" {
		panic("told to")
	}
	return f, f.begin
}

func (f *fake) Answer(context.Context) (host.Reply, error) {
	if f.panic == "answer" {
		panic("told to")
	}
	return host.Reply{Seq: 7, Payload: f.reply}, f.err
}

func (f *fake) State(context.Context, stores.EntityID) (host.State, error) {
	if f.panic == "state" {
		panic("told to")
	}
	return host.State{Seq: 7, Payload: f.reply}, f.err
}

func (f *fake) LogID() stores.LogID { return f.log }

func TestEveryErrorOfTheHostIsTheProblemItIsOverHTTP(t *testing.T) {
	id := stores.EntityID{Type: "counter", ID: "a"}
	f := &fake{}
	h := serveFake(t, f, broker(t, nil).ClientURL(), nil)
	for _, err := range []error{
		&host.Rejection{Code: "underflow", Payload: abi.AppendUint(nil, 1<<63+1)},
		&host.Fault{Kind: host.Panicked, Plugin: stores.Digest{1}, Message: "at \"line\" 3\n"},
		&host.CommandError{Entity: id, Command: "x", Commands: []string{"y"}, Fault: &host.Fault{Kind: host.UnknownCommand}},
		&host.ExpectedError{Entity: id, Expected: 3, Seq: 18446744073709551615},
		&host.QuarantineError{Entity: id, Err: errors.New("no")},
		host.ErrConflict, host.ErrCommandIDReused, host.ErrMailboxFull, host.ErrUnknownType, host.ErrInvalidID, host.ErrInvalidPayload, host.ErrClosed, host.ErrUnavailable,
		fmt.Errorf("%w: %w", host.ErrNotStarted, context.DeadlineExceeded),
		fmt.Errorf("%w: %w", host.ErrOutcomeUnknown, context.DeadlineExceeded),
		stores.ErrTooLarge, stores.ErrCorrupt, host.ErrNoEvents, context.Canceled, errors.New("secret"),
	} {
		p := wire.ProblemOf(err)
		e := wire.NewEncoder(false)
		wire.AppendProblem(e, p)
		for _, f.begin = range []error{err, nil} {
			f.err = err
			for _, subject := range []string{"command.counter.a.x", "state.counter.a"} {
				m := h.ask(subject, "")
				h.want(m, p.Name)
				if !bytes.Equal(m.Data, e.Bytes) || m.Header.Get("Nats-Service-Error-Code") != fmt.Sprint(p.Status) || m.Header.Get("Nats-Service-Error") != p.Title {
					t.Errorf("%v: answered %v\n%s\nwant\n%s", err, m.Header, m.Data, e.Bytes)
				}
				if got := m.Header.Get("Retry-After"); p.Retry > 0 && got != fmt.Sprint(p.Retry.Seconds()) {
					t.Errorf("%v: Retry-After is %q, want that of %s", err, got, p.Retry)
				}
			}
		}
		e.Free()
	}
}

func TestAPanicIsAnsweredAndTheServiceGoesOn(t *testing.T) {
	url := broker(t, nil).ClientURL()
	f := &fake{}
	h := serveFake(t, f, url, nil)
	for _, where := range []string{"begin", "answer", "state", ""} {
		f.panic = where
		subject := "command.counter.a.x"
		if where == "state" {
			subject = "state.counter.a"
		}
		want := "internal"
		if where == "" {
			want = "accepted 7"
		}
		h.want(h.ask(subject, ""), want)
	}
}

func TestAnAnswerThatTheServerDoesNotTakeIsNoRefusalOfTheCommand(t *testing.T) {
	b := broker(t, func(o *server.Options) { o.MaxPayload = 4096 })
	h := serveFake(t, &fake{reply: abi.AppendString(nil, strings.Repeat("x", 5000))}, b.ClientURL(), nil)
	m := h.ask("command.counter.a.x", "")
	h.want(m, "internal")
	if m.Header.Get("ETag") != `"7"` || !strings.Contains(string(m.Data), "the command was accepted") || !strings.Contains(string(m.Data), "4096") {
		t.Errorf("answered %v\n%s", m.Header, m.Data)
	}
	m = h.ask("state.counter.a", "")
	h.want(m, "too-large")
	if !strings.Contains(string(m.Data), "max_payload") {
		t.Errorf("answered %s", m.Data)
	}
}

func TestHeadersArriveWithTheCommand(t *testing.T) {
	f := &fake{last: make(chan host.Command, 1)}
	h := serveFake(t, f, broker(t, nil).ClientURL(), nil)
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	h.want(h.ask("command.counter.a.x", `{"by":1}`, "traceparent", parent, "idempotency-key", "k", "If-Match", `"3"`), "accepted 7")
	c := <-f.last
	if c.Meta["traceparent"] != parent || c.ID != "k" || c.Expected == nil || *c.Expected != 3 || c.Name != "x" || !bytes.Equal(c.Payload, abi.AppendUint([]byte{0x81, 0xa2, 'b', 'y'}, 1)) {
		t.Errorf("arrived as %+v", c)
	}
}

func TestAProblemThatTheServerDoesNotTakeStaysWhatItIs(t *testing.T) {
	b := broker(t, func(o *server.Options) { o.MaxPayload = 4096 })
	f := &fake{err: &host.Rejection{Code: "underflow", Payload: abi.AppendString(nil, strings.Repeat("x", 5000))}}
	h := serveFake(t, f, b.ClientURL(), nil)
	m := h.ask("command.counter.a.x", "")
	h.want(m, "rejected")
	if s := string(m.Data); m.Header.Get("Nats-Service-Error-Code") != "422" || !strings.Contains(s, `"code":"underflow"`) || strings.Contains(s, `"payload":`) || !strings.Contains(s, "4096") {
		t.Errorf("answered %v\n%s", m.Header, m.Data)
	}
	f.err = fmt.Errorf("%w: %s", host.ErrConflict, strings.Repeat("é", 5000))
	m = h.ask("command.counter.a.x", "")
	h.want(m, "conflict")
	if s := string(m.Data); m.Header.Get("Nats-Service-Error-Code") != "409" || !strings.Contains(s, "é") || !strings.Contains(s, "cut") {
		t.Errorf("answered %v\n%s", m.Header, m.Data)
	}
}
