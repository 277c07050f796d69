package natsapi_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/natsapi"
	"github.com/eshost/eshost/host/client"
	"github.com/eshost/eshost/stores/storetest"
)

// client returns the HTTP client, over NATS.
func (h *harness) client() *client.Client {
	h.Helper()
	c, err := client.New(h.nc.ConnectedUrl(), &client.Options{HTTPClient: &http.Client{Transport: &natsapi.Transport{Conn: h.nc}}})
	if err != nil {
		h.Fatal(err)
	}
	return c
}

func TestTheClientOfHTTPIsOneOverNATS(t *testing.T) {
	log, faults := holding(t, 1024)
	h := serve(t, log, nil)
	c := h.client()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	zero := uint64(0)
	cmd := client.Command{Type: "mischief", ID: "a/../b *.>", Name: "add", Payload: []byte(`{"by":3}`), CommandID: ` "k" `, Expected: &zero}
	r, err := c.Handle(ctx, cmd)
	if err != nil || r.Seq != 1 || r.Events != 1 || string(r.Payload) != "3" || r.CommandID != ` "k" ` || r.Repeated {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err = c.Handle(ctx, cmd); err != nil || !r.Repeated {
		t.Errorf("repeated: %+v, %v", r, err)
	}
	r, err = c.Handle(ctx, client.Command{Type: "mischief", ID: "..", Name: "add", Msgpack: abi.AppendUint([]byte{0x81, 0xa2, 'b', 'y'}, 9)})
	if err != nil || string(r.Msgpack) != "\x09" {
		t.Errorf("msgpack: %+v, %v", r, err)
	}
	if s, err := c.State(ctx, "mischief", ".."); err != nil || s.ID != ".." || s.Seq != 1 || string(s.Payload) != "9" {
		t.Errorf("state: %+v, %v", s, err)
	}
	var p *client.Problem
	if _, err := c.Handle(ctx, client.Command{Type: "mischief", ID: "a", Name: "refuse"}); client.Rejected(err) == nil || client.Rejected(err).Code != "refused" {
		t.Errorf("rejected: %v", err)
	}
	if _, err := c.Handle(ctx, client.Command{Type: "mischief", ID: "", Name: "add"}); !errors.As(err, &p) || p.Status != 400 {
		t.Errorf("no id: %v", err)
	}
	if _, err := c.Types(ctx); err == nil || !strings.Contains(err.Error(), "over NATS there are commands and states only") {
		t.Errorf("types: %v", err)
	}

	// The host gives up before its caller does, and says what became of the command.
	held := h.holdOne(faults, "c")
	short, cancel := context.WithTimeout(ctx, time.Second/2)
	defer cancel()
	_, err = c.Handle(short, client.Command{Type: "mischief", ID: "c", Name: "add", Payload: []byte(`{"by":3}`)})
	if !errors.As(err, &p) || !strings.HasSuffix(p.Type, ":not-started") || !client.Retryable(err) || p.RetryAfter == 0 {
		t.Errorf("in the mailbox when its time ended: %v", err)
	}
	faults.Release()
	h.want(h.next(held), "accepted 2")
	faults.Next(storetest.FaultHold)
	canceled, stop := context.WithCancel(ctx)
	go func() {
		_ = faults.AwaitHeld(ctx, 1)
		stop()
	}()
	if _, err = c.Handle(canceled, client.Command{Type: "mischief", ID: "c", Name: "add", Payload: []byte(`{"by":3}`)}); !errors.Is(err, client.ErrInterrupted) || !client.MayHaveHappened(err) {
		t.Errorf("given up: %v", err)
	}
	faults.Release()
}

func TestWhatDidNotHappenOverNATSIsToldFromWhatMayHave(t *testing.T) {
	b := broker(t, func(o *server.Options) { o.MaxPayload = 4096 })
	h := &harness{TB: t, nc: connect(t, b.ClientURL())}
	c := h.client()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := client.Command{Type: "mischief", ID: "a", Name: "add"}
	if _, err := c.Handle(ctx, cmd); !errors.Is(err, client.ErrUnreachable) || client.MayHaveHappened(err) || !client.Retryable(err) || !strings.Contains(err.Error(), "api.eshost.command.mischief.a.add") {
		t.Errorf("nobody serves: %v", err)
	}
	if _, err := h.nc.Subscribe("api.eshost.command.>", func(m *nats.Msg) { _ = m.Respond([]byte(`{"stream":"taker","seq":1}`)) }); err != nil {
		t.Fatal(err)
	}
	var p *client.Problem
	if _, err := c.Handle(ctx, cmd); !errors.As(err, &p) || !strings.Contains(p.Title, "not the answer of an eshost") || !strings.Contains(p.Title, "taker") || !client.MayHaveHappened(err) {
		t.Errorf("somebody else answers: %v", err)
	}
	cmd.Payload = []byte(`"` + strings.Repeat("x", 5000) + `"`)
	if _, err := c.Handle(ctx, cmd); !errors.As(err, &p) || p.Status != 413 || client.MayHaveHappened(err) || !strings.Contains(p.Detail, "4096") {
		t.Errorf("a message that the server does not take: %v", err)
	}
	h.nc.Close()
	if _, err := c.Handle(ctx, cmd); err == nil || client.MayHaveHappened(err) {
		t.Errorf("a closed connection: %v", err)
	}
}

func TestConnectingTellsWhatIsWrongWithoutSecrets(t *testing.T) {
	b := broker(t, func(o *server.Options) { o.Username, o.Password = "me", "geheim" })
	for _, test := range []struct {
		name   string
		server natsapi.Server
		want   string
	}{
		{"the right password", natsapi.Server{URL: b.ClientURL(), User: "me", Password: "geheim"}, ""},
		{"a wrong password", natsapi.Server{URL: b.ClientURL(), User: "me", Password: "geheimer"}, "look at nats.user and nats.password"},
		{"no password", natsapi.Server{URL: b.ClientURL()}, "look at nats.user and nats.password"},
		{"a password in the URL", natsapi.Server{URL: "nats://me:geheim@127.0.0.1"}, "which others can see"},
		{"a token in the second URL", natsapi.Server{URL: "nats://127.0.0.1,nats://geheim@127.0.0.1"}, "which others can see"},
		{"no URL", natsapi.Server{URL: "127.0.0.1:4222"}, "want a URL such as nats://127.0.0.1:4222"},
		{"nobody there", natsapi.Server{URL: "nats://127.0.0.1:1"}, "is a server running there?"},
		{"a file that is not there", natsapi.Server{URL: b.ClientURL(), Credentials: filepath.Join(t.TempDir(), "my.creds")}, "my.creds"},
		{"authorities that are not there", natsapi.Server{URL: b.ClientURL(), CA: filepath.Join(t.TempDir(), "ca.pem")}, "ca.pem"},
	} {
		t.Run(test.name, func(t *testing.T) {
			nc, err := natsapi.Connect(&test.server, logger(t))
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				nc.Close()
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("%v, want %s", err, test.want)
			}
			var failed *natsapi.ConnectError
			if unreachable := errors.As(err, &failed) && failed.Unreachable(); unreachable != (test.name == "nobody there") {
				t.Errorf("%v: unreachable %t", err, unreachable)
			}
		})
	}
}

func TestAPrefixIsFitForSubjects(t *testing.T) {
	for prefix, good := range map[string]bool{"eshost": true, "api.eshost": true, "a-b_c.d": true, "": false, "a..b": false, ".a": false, "a.": false, "a.*": false, ">": false, "a b": false, "$JS.API": false, "_INBOX.a": false} {
		if why := natsapi.CheckPrefix(prefix); (why == "") != good {
			t.Errorf("prefix %q: %q", prefix, why)
		}
	}
}

// hasty gives requests little time, though their contexts give them all there is.
type hasty struct{ natsapi.Transport }

func (h *hasty) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Request-Timeout", "0.01")
	return h.Transport.RoundTrip(r)
}

func TestACallerWithoutADeadlineDoesNotWaitForEver(t *testing.T) {
	h := &harness{TB: t, nc: connect(t, broker(t, nil).ClientURL())}
	if _, err := h.nc.SubscribeSync("api.eshost.command.>"); err != nil { // and does not answer
		t.Fatal(err)
	}
	c, err := client.New(h.nc.ConnectedUrl(), &client.Options{HTTPClient: &http.Client{Transport: &hasty{natsapi.Transport{Conn: h.nc}}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Handle(context.Background(), client.Command{Type: "mischief", ID: "a", Name: "add"})
	if !errors.Is(err, client.ErrInterrupted) || !client.MayHaveHappened(err) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no answer to api.eshost.command.mischief.a.add") {
		t.Errorf("%v", err)
	}
}
