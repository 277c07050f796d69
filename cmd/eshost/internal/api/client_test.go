package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/cmd/eshost/internal/api"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/client"
)

// client returns a client of the server.
func (h *harness) client(token string) *client.Client {
	h.t.Helper()
	c, err := client.New(h.srv.URL, &client.Options{Token: token, HTTPClient: h.srv.Client()})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func TestTheClientSendsCommands(t *testing.T) {
	h := serve(t, newFake(), &api.Options{Token: "s3cret"})
	c := h.client("s3cret")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	zero, one := uint64(0), uint64(1)
	cmd := client.Command{Type: "counter", ID: "a", Name: "increase", Payload: []byte(`{"by":18446744073709551615}`), CommandID: ` "k" `, Expected: &zero,
		Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
	r, err := c.Handle(ctx, cmd)
	if err != nil || r.Seq != 1 || r.Events != 1 || string(r.Payload) != "18446744073709551615" || r.CommandID != ` "k" ` || r.Repeated {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := h.fake.lastCommand(); got.ID != ` "k" ` || got.Meta["traceparent"] != cmd.Traceparent {
		t.Errorf("arrived as %+v", got)
	}
	if r, err = c.Handle(ctx, cmd); err != nil || !r.Repeated {
		t.Errorf("repeated: %+v, %v", r, err)
	}
	cmd = client.Command{Type: "counter", ID: "a", Name: "echo", Msgpack: []byte("\x81\xa1x\xc4\x01\xff"), Expected: &one}
	if r, err = c.Handle(ctx, cmd); err != nil || string(r.Msgpack) != string(cmd.Msgpack) || r.Payload != nil {
		t.Errorf("msgpack: %+v, %v", r, err)
	}
	if r, err = c.Handle(ctx, client.Command{Type: "counter", ID: "a", Name: "echo"}); err != nil || string(r.Payload) != "{}" {
		t.Errorf("without a payload: %+v, %v", r, err)
	}
	if _, err := c.Handle(ctx, client.Command{Type: "counter", ID: "a", Name: "echo", Payload: []byte("1"), Msgpack: []byte{1}}); err == nil || client.MayHaveHappened(err) {
		t.Errorf("two payloads: %v", err)
	}
	var p *client.Problem
	if _, err := h.client("wrong").Handle(ctx, cmd); !errors.As(err, &p) || p.Type != client.TypeUnauthorized || p.Status != 401 {
		t.Errorf("a wrong token: %v", err)
	}
}

func TestTheClientTellsWhatHappened(t *testing.T) {
	f := newFake()
	h := serve(t, f, nil)
	c := h.client("")
	ctx := context.Background()
	for _, test := range []struct {
		err              error
		retryable, maybe bool
	}{
		{&host.Rejection{Code: "underflow", Payload: []byte{7}}, false, false},
		{host.ErrMailboxFull, true, false},
		{host.ErrConflict, true, false},
		{host.ErrUnavailable, true, false},
		{host.ErrNotStarted, true, false},
		{host.ErrOutcomeUnknown, false, true},
		{&host.Fault{Kind: host.Trapped}, false, false},
		{&host.QuarantineError{Entity: entityA, Err: &host.Fault{Kind: host.BadEvent}}, false, false},
		{errors.New("secret"), false, true},
	} {
		f.failing("increase", test.err)
		_, err := c.Handle(ctx, client.Command{Type: "counter", ID: "a", Name: "increase"})
		if client.Retryable(err) != test.retryable || client.MayHaveHappened(err) != test.maybe {
			t.Errorf("%v: retryable %v, may have happened %v", err, client.Retryable(err), client.MayHaveHappened(err))
		}
		var q *host.QuarantineError
		if client.AwaitsDeployment(err) != errors.As(test.err, &q) {
			t.Errorf("%v: awaits a deployment: %v", err, client.AwaitsDeployment(err))
		}
		if p := client.Rejected(err); (p != nil) != (test.err == f.fails["increase"] && !test.retryable && !test.maybe && strings.Contains(err.Error(), "underflow")) {
			t.Errorf("%v: rejected %v", err, p)
		} else if p != nil && (p.Code != "underflow" || string(p.Payload) != "7") {
			t.Errorf("rejection is %+v", p)
		}
		var p *client.Problem
		if errors.As(err, &p) && (p.Status == 429) != (p.RetryAfter == time.Second) && p.Status == 429 {
			t.Errorf("Retry-After is %s", p.RetryAfter)
		}
	}
	f.failing("increase", &host.ExpectedError{Entity: entityA, Expected: 1, Seq: 1<<63 + 1})
	var p *client.Problem
	if _, err := c.Handle(ctx, client.Command{Type: "counter", ID: "a", Name: "increase"}); !errors.As(err, &p) || p.Seq == nil || *p.Seq != 1<<63+1 {
		t.Errorf("the number is %v", err)
	}
	// The context's deadline is the host's: it answers before the client gives up.
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if _, err := c.Handle(short, client.Command{Type: "counter", ID: "a", Name: "wait"}); !client.Retryable(err) {
		t.Errorf("a deadline: %v", err)
	}
	h.srv.Close()
	if _, err := c.Handle(ctx, client.Command{Type: "counter", ID: "a", Name: "increase"}); !errors.Is(err, client.ErrUnreachable) || !client.Retryable(err) || client.MayHaveHappened(err) {
		t.Errorf("a host that is gone: %v", err)
	}
}

func TestTheClientReads(t *testing.T) {
	f := newFake().with("counter", "a", 2500)
	for i := range 2100 {
		f.with("other", fmt.Sprintf("%04d", i), 1)
	}
	h := serve(t, f, &api.Options{Version: "1.2.3"})
	c := h.client("")
	ctx := context.Background()
	s, err := c.State(ctx, "counter", "a")
	if err != nil || s.Seq != 2500 || string(s.Payload) != "0" || s.Plugin != plugin || !s.Time.Equal(moment) || s.ID != "a" || s.StateSchema == "" {
		t.Errorf("state %+v, %v", s, err)
	}
	var p *client.Problem
	if _, err := c.State(ctx, "counter", "b"); !errors.As(err, &p) || p.Type != client.TypeNoEvents {
		t.Errorf("no state: %v", err)
	}
	n := uint64(100)
	for e, err := range c.Events(ctx, "counter", "a", n) {
		if n++; err != nil || e.Seq != n || e.Name != "increased" || string(e.Payload) != `{"by":1}` || e.Position == "" {
			t.Fatalf("event %+v, %v; want %d", e, err, n)
		}
	}
	if n != 2500 {
		t.Errorf("events end at %d", n)
	}
	ids := 0
	for id, err := range c.Entities(ctx, "other", "0009") {
		if err != nil || id != fmt.Sprintf("%04d", ids+10) {
			t.Fatalf("entity %q, %v", id, err)
		}
		ids++
	}
	if ids != 2090 {
		t.Errorf("%d entities", ids)
	}
	for _, err := range c.Entities(ctx, "nothing", "") {
		if !errors.As(err, &p) || p.Type != client.TypeUnknownType {
			t.Errorf("entities of nothing: %v", err)
		}
	}
	for range c.Events(ctx, "counter", "a", 0) {
		break
	}
	types, err := c.Types(ctx)
	if err != nil || len(types) != 1 || types[0].Commands[0].Rejections[0] != "overflow" || string(types[0].Events[0].Schema) != "true" || types[0].Resident != 3 {
		t.Errorf("types %+v, %v", types, err)
	}
	plugins, err := c.Plugins(ctx)
	if err != nil || len(plugins) != 1 || plugins[0].Bytes != 1234 || plugins[0].ABI != "1.0" {
		t.Errorf("plugins %+v, %v", plugins, err)
	}
	f.quarantined = []*host.QuarantineError{{Entity: entityA, Err: &host.Fault{Kind: host.BadEvent, Seq: 7}}}
	quarantined, err := c.Quarantine(ctx)
	if err != nil || len(quarantined) != 1 || quarantined[0].Seq != 7 || quarantined[0].ID != "a" {
		t.Errorf("quarantine %+v, %v", quarantined, err)
	}
	f.audits = []host.Audit{{Plugin: digest, Audited: 7, Differences: 1, Examples: []host.Difference{{Time: moment, Func: "handle_event", Entity: entityA, Seq: 4, First: []byte{2}}}}}
	audits, err := c.Audits(ctx)
	if err != nil || len(audits) != 1 || audits[0].Differences != 1 || len(audits[0].Examples) != 1 || string(audits[0].Examples[0].First) != "2" || audits[0].Examples[0].Seq != 4 {
		t.Errorf("audits %+v, %v", audits, err)
	}
	if version, err := c.Ready(ctx); err != nil || version != "1.2.3" {
		t.Errorf("ready: %q, %v", version, err)
	}
	h.api.Drain()
	if _, err := c.Ready(ctx); !errors.As(err, &p) || p.Status != 503 {
		t.Errorf("not ready: %v", err)
	}
}

func TestTheClientReachesAnyID(t *testing.T) {
	h := serve(t, newFake(), nil)
	c := h.client("")
	ctx := context.Background()
	for _, id := range []string{".", "..", "...", "/", "a/b", "../..", "%", "%2F", "?", "#", " ", "a b", "+", "😀", "é", ";=&@:$,!", `"\`, strings.Repeat("é", 256)} {
		cmd := client.Command{Type: "counter", ID: id, Name: "increase", Payload: []byte(`{"by":1}`)}
		if r, err := c.Handle(ctx, cmd); err != nil || r.Seq != 1 {
			t.Errorf("%q: %+v, %v", id, r, err)
			continue
		}
		if s, err := c.State(ctx, "counter", id); err != nil || s.ID != id {
			t.Errorf("%q: state of %q, %v", id, s.ID, err)
		}
		n := 0
		for _, err := range c.Events(ctx, "counter", id, 0) {
			if n++; err != nil {
				t.Errorf("%q: %v", id, err)
			}
		}
		if n != 1 {
			t.Errorf("%q: %d events", id, n)
		}
	}
	var p *client.Problem
	for _, id := range []string{"", "\x00", "\xff", strings.Repeat("x", 513)} {
		if _, err := c.State(ctx, "counter", id); !errors.As(err, &p) || p.Status != 400 {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestTheClientFollowsAcrossConnections(t *testing.T) {
	h := serve(t, newFake().with("counter", "a", 3), nil)
	c := h.client("")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	seq := uint64(1)
	for e, err := range c.Follow(ctx, "counter", "a", 1) {
		if seq == 6 {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
			seq++
			continue
		}
		if seq++; err != nil || e.Seq != seq {
			t.Fatalf("event %+v, %v; want %d", e, err, seq)
		}
		switch seq {
		case 3:
			h.srv.CloseClientConnections()
			h.fake.more(1)
		case 4:
			h.fake.more(1)
		case 5:
			h.fake.more(1)
		case 6:
			cancel()
		}
	}
	if seq != 7 {
		t.Errorf("the last event was %d", seq)
	}
	for _, err := range c.Follow(context.Background(), "nothing", "a", 0) {
		var p *client.Problem
		if !errors.As(err, &p) || p.Type != client.TypeUnknownType {
			t.Errorf("following nothing: %v", err)
		}
	}
	h.srv.Close()
	for _, err := range c.Follow(context.Background(), "counter", "a", 0) {
		if !errors.Is(err, client.ErrUnreachable) {
			t.Errorf("following a host that is gone: %v", err)
		}
	}
}

func TestTheClientStreams(t *testing.T) {
	for _, version := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(version, func(t *testing.T) {
			h := serve(t, newFake(), nil)
			web := h.srv.Client()
			if version == "HTTP/2.0" {
				web = h.restartWithHTTP2()
			}
			c, err := client.New(h.srv.URL, &client.Options{HTTPClient: web})
			if err != nil {
				t.Fatal(err)
			}
			const commands = 5000
			s := c.Stream(context.Background())
			sent := make(chan error, 1)
			go func() {
				defer s.CloseSend()
				for i := range commands {
					cmd := client.Command{Type: "counter", ID: fmt.Sprint(i % 7), Name: "increase", Payload: []byte("{\n\"by\": 1}"), CommandID: fmt.Sprint("k", i)}
					if i%10 == 9 {
						cmd.Name = "decrease"
						cmd.Payload = []byte(`{"by":18446744073709551615}`)
					}
					if err := s.Send(cmd, fmt.Sprint(i)); err != nil {
						sent <- err
						return
					}
				}
				sent <- nil
			}()
			seen := make(map[string]bool)
			last := make(map[int]uint64)
			for {
				a, err := s.Receive()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				var i int
				if _, err := fmt.Sscan(a.Ref, &i); err != nil || seen[a.Ref] {
					t.Fatalf("answer to %q, %v", a.Ref, err)
				}
				seen[a.Ref] = true
				if i%10 == 9 {
					if p := client.Rejected(a.Err); p == nil || p.Code != "underflow" {
						t.Fatalf("answer %+v", a)
					}
					continue
				}
				if a.Err != nil || a.Reply.Seq != last[i%7]+1 || a.Reply.CommandID != fmt.Sprint("k", i) || string(a.Reply.Payload) != fmt.Sprint(a.Reply.Seq) {
					t.Fatalf("answer %+v; the one before was %d", a, last[i%7])
				}
				last[i%7] = a.Reply.Seq
			}
			if err := <-sent; err != nil || len(seen) != commands {
				t.Errorf("%d answers, %v", len(seen), err)
			}
		})
	}
}

func TestTheClientSaysHowAStreamEnded(t *testing.T) {
	h := serve(t, newFake(), &api.Options{Token: "t"})
	var p *client.Problem
	s := h.client("").Stream(context.Background())
	if _, err := s.Receive(); !errors.As(err, &p) || p.Status != 401 {
		t.Errorf("without a token: %v", err)
	}
	for s.Send(client.Command{Type: "counter", ID: "a", Name: "echo"}, "1") == nil {
		time.Sleep(time.Millisecond) // until the refusal has arrived there, too
	}

	s = h.client("t").Stream(context.Background())
	if err := s.Send(client.Command{Type: "counter", ID: "\xff", Name: "echo"}, "1"); err == nil {
		t.Error("an id that is not UTF-8 was sent")
	}
	if err := s.Send(client.Command{Type: "counter", ID: "a", Name: "echo", Payload: []byte("{")}, "1"); err == nil {
		t.Error("a payload that is not JSON was sent")
	}
	if err := s.Send(client.Command{Type: "counter", ID: "a", Name: "echo"}, "1"); err != nil {
		t.Fatal(err)
	}
	if a, err := s.Receive(); err != nil || a.Ref != "1" || a.Err != nil {
		t.Errorf("%+v, %v", a, err)
	}
	h.api.Drain()
	if a, err := s.Receive(); err != nil || !errors.As(a.Err, &p) || p.Status != http.StatusServiceUnavailable || p.Line != 2 {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := s.Receive(); !errors.Is(err, client.ErrInterrupted) {
		t.Errorf("the end: %v", err)
	}

	h = serve(t, newFake(), nil)
	s = h.client("").Stream(context.Background())
	s.Close()
	s.Close()
	if _, err := s.Receive(); err == nil || err == io.EOF {
		t.Errorf("after Close: %v", err)
	}
}
